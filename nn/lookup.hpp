#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
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

/// A place, counted from 0, or a name, that one of several is looked up by, with the user's line.
struct Key {
  /// A place.
  template <std::integral Index>
  Key(Index index, std::source_location line = std::source_location::current())
      : place(static_cast<std::int64_t>(index)), where(line) {}
  /// A name. Null is a ValueError.
  Key(const char* given, std::source_location line = std::source_location::current()) : name(given), where(line) {
    check_given("lookup", "name", given, line);
  }
  /// A name.
  Key(const std::string& given, std::source_location line = std::source_location::current())
      : name(given.c_str()), where(line) {}

  std::int64_t place = -1;     ///< if it is no name
  const char* name = nullptr;  ///< null if it is a place
  std::source_location where;  ///< the user's line
};

/// The place in a list of entries with names, some of which may be empty. There being none is a ValueError that says
/// what there is.
template <class Entries>
std::size_t find_place(const char* kind, const Key& key, const Entries& entries) {
  if (key.name == nullptr) {
    const auto place = static_cast<std::size_t>(key.place);
    if (key.place >= 0 && place < entries.size()) return place;
    throw ValueError(
        concat(kind, ": there is no tensor ", key.place, ": there are ", entries.size(), ", counted from 0"),
        key.where);
  }
  std::string known;
  std::size_t place = 0;
  for (const auto& entry : entries) {
    if (entry.name == key.name) return place;
    known += concat(known.empty() ? "there are " : ", ", entry.name.empty() ? "one without a name" : entry.name);
    ++place;
  }
  throw ValueError(concat(kind, ": there is no '", key.name, "': ", known.empty() ? "there are none" : known),
                   key.where);
}

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
