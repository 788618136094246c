#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace xg {

/// A JSON value (RFC 8259): null, true or false, a number, a text, a list, or names with values in the order in which
/// they were written. Whole numbers that int64 holds are kept as such, all others as double.
class Json {
 public:
  /// Values in a row.
  using List = std::vector<Json>;
  /// Names, each once, and what they stand for.
  using Object = std::vector<std::pair<std::string, Json>>;
  /// What it is.
  using Value = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, List, Object>;

  /// null.
  Json() = default;
  /// Any of them.
  Json(Value value) : value_(std::move(value)) {}

  /// What it is.
  const Value& get() const { return value_; }
  /// The text, the list and so on; null if it is something else.
  template <class T>
  const T* as() const {
    return std::get_if<T>(&value_);
  }
  /// What a name of an object stands for; null if there is none, or it is no object.
  const Json* find(std::string_view name) const;
  /// Same kind, same value; the names of objects in the same order.
  bool operator==(const Json&) const = default;

 private:
  Value value_ = nullptr;
};

/// Reads a text that is one JSON value. Anything else, a name that is written twice in an object, text that is no
/// UTF-8, values nested more than 64 deep, or more than 250,000 of them are an IOError that begins with `source` and
/// names the byte.
Json parse_json(std::string_view text, const std::string& source,
                std::source_location where = std::source_location::current());
/// Writes it without spaces; numbers with all the digits it takes to read them back. NaN and infinities, which JSON
/// does not know, are a ValueError.
std::string to_string(const Json& value, std::source_location where = std::source_location::current());

}  // namespace xg
