#pragma once

#include <string>

#include "lib/error.hpp"

/// What a call that must throw an E says; another text if it throws none.
template <class E, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another exception: ") + error.what();
  }
  return "no exception";
}

/// `text` as an error at `line` of `file` says it.
inline std::string at_line(const std::string& text, const char* file, unsigned line) {
  return xg::concat(text, "\n  at ", file, ':', line);
}
