#pragma once

#include <iosfwd>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "lib/scalar.hpp"

namespace xg::nn {

/// The value of an argument: a number (or true, or false), a text, or a list of values.
class XG_API SpecValue {
 public:
  /// Values in a row, which may be lists themselves.
  using List = std::vector<SpecValue>;

  /// A number, or a truth value.
  template <class T>
  requires std::is_arithmetic_v<T> SpecValue(T number) : value_(Scalar(number)) {}
  /// A number, or a truth value.
  SpecValue(const Scalar& number) : value_(number) {}
  /// A text.
  SpecValue(std::string text) : value_(std::move(text)) {}
  /// A text. Null is a ValueError.
  SpecValue(const char* text, std::source_location where = std::source_location::current());
  /// A list.
  SpecValue(List list) : value_(std::move(list)) {}

  /// One of the three.
  const std::variant<Scalar, std::string, List>& get() const { return value_; }
  /// Numbers are equal whatever they are kept as, and NaN is NaN; a truth value is no number.
  friend XG_API bool operator==(const SpecValue& a, const SpecValue& b);
  /// Prints texts in quotes, and numbers with all the digits it takes to read them back.
  friend XG_API std::ostream& operator<<(std::ostream& out, const SpecValue& value);

 private:
  std::variant<Scalar, std::string, List> value_;
};

/// A choice written down: the name of what was chosen, and its arguments.
/// ```cpp
/// std::cout << nn::l2(0.0003).spec();  // l2(factor=0.0003)
/// nn::Regularizer same = nn::Spec{"l2", {{"factor", 0.0003}}};
/// ```
struct XG_API Spec {
  /// An argument by its name.
  struct Argument {
    std::string name;                                  ///< as the choice calls it
    SpecValue value;                                   ///< what was given for it
    bool operator==(const Argument&) const = default;  ///< same name, same value
  };

  /// The name of what only its owner can make: functions and objects of users.
  static constexpr const char* custom = "custom";

  std::string name = {};                 ///< empty: nothing was chosen
  std::vector<Argument> arguments = {};  ///< in the order in which the choice lists them

  /// The value of an argument; null if there is none of that name.
  const SpecValue* find(std::string_view argument) const;
  /// Same name, and the same arguments in the same order.
  bool operator==(const Spec&) const = default;
};

/// Prints `l2(factor=0.0003)`, `relu`, or `none` for an empty one.
XG_API std::ostream& operator<<(std::ostream& out, const Spec& spec);
/// What operator<< prints.
XG_API std::string to_string(const Spec& spec);

}  // namespace xg::nn
