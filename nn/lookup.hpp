#pragma once

#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/error.hpp"

namespace xg::nn {

/// What a name stands for, in a table of the known ones. An unknown name is a ValueError that lists them.
template <class Value>
const Value& find_by_name(const char* kind, std::string_view name, const std::vector<std::pair<std::string_view, Value>>& table,
                          std::source_location where) {
  std::string known;
  for (const auto& [key, value] : table) {
    if (key == name) return value;
    known += (known.empty() ? "" : ", ") + std::string(key);
  }
  throw ValueError(concat("unknown ", kind, " '", name, "': known are ", known), where);
}

}  // namespace xg::nn
