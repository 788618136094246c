#pragma once

#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/error.hpp"

namespace xg::nn {

/// A name that something is looked up by, with the user's line.
struct Name {
  /// A name and the user's line. Null is a ValueError.
  Name(const char* name, std::source_location line = std::source_location::current()) : where(line) {
    check_given("lookup", "name", name, line);
    text = name;
  }
  /// A name and the user's line.
  Name(const std::string& name, std::source_location line = std::source_location::current())
      : text(name), where(line) {}

  std::string text;            ///< the name
  std::source_location where;  ///< the user's line
};

/// The name itself. Null is a ValueError.
inline const char* given_name(const char* kind, const char* name, std::source_location where) {
  check_given(kind, "name", name, where);
  return name;
}

/// The function itself. Null is a ValueError.
template <class Function>
Function given_function(const char* kind, Function function, std::source_location where) {
  check_given(kind, "function", function, where);
  return function;
}

/// The end of an error about an unknown name: what is known, in a list of names.
template <class Names>
std::string known_are(const Names& names) {
  std::string known;
  for (const auto& name : names) known += (known.empty() ? "known are " : ", ") + std::string(name);
  return known.empty() ? "there are none" : known;
}

/// What a name stands for, in a table of the known ones. An unknown name is a ValueError that lists them.
template <class Key, class Value>
const Value& find_by_name(const char* kind, std::string_view name, const std::vector<std::pair<Key, Value>>& table,
                          std::source_location where) {
  for (const auto& [key, value] : table)
    if (key == name) return value;
  std::vector<std::string_view> names;
  for (const auto& [key, value] : table) names.emplace_back(key);
  throw ValueError(concat("unknown ", kind, " '", name, "': ", known_are(names)), where);
}

}  // namespace xg::nn
