#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nn/spec.hpp"

namespace xg::nn {

/// The arguments of something that is being made from a Spec. Naming a variable gives it the value that the Spec has
/// for that name, if there is one, and writes down the value that it then has:
/// ```cpp
/// double gamma = 2;
/// arguments("gamma", gamma);
/// ```
/// A value of another type is a ValueError, as is an argument that is given but never named.
class XG_API Arguments {
 public:
  /// Nothing is given: variables keep their values, which are only written down.
  Arguments() = default;
  /// Those of a Spec. One that is given twice is a ValueError.
  explicit Arguments(const Spec& given);

  /// A number.
  Arguments& operator()(const char* name, double& value);
  /// A whole number.
  Arguments& operator()(const char* name, int& value);
  /// A whole number.
  Arguments& operator()(const char* name, std::int64_t& value);
  /// True or false.
  Arguments& operator()(const char* name, bool& value);
  /// Any number, kept as it was written.
  Arguments& operator()(const char* name, Scalar& value);
  /// A text.
  Arguments& operator()(const char* name, std::string& value);
  /// A list of numbers.
  Arguments& operator()(const char* name, std::vector<double>& value);
  /// A list of whole numbers.
  Arguments& operator()(const char* name, std::vector<int>& value);
  /// A text that is written down only if it is given.
  Arguments& optional(const char* name, std::string& value);

  /// A ValueError that lists the names unless all that was given has been named.
  void check_all_named() const;
  /// What was written down.
  const std::vector<Spec::Argument>& written() const { return written_; }

 private:
  template <class T>
  Arguments& take(const char* name, T& value);

  Spec given_;
  std::vector<std::string> named_;
  std::vector<Spec::Argument> written_;
};

/// The arguments that options stand for, whose visit() names them all.
template <class Options>
std::vector<Spec::Argument> arguments_of(Options options) {
  Arguments arguments;
  options.visit(arguments);
  return arguments.written();
}

/// The options that arguments stand for; what is not given keeps its default.
template <class Options>
Options options_from(Arguments& arguments) {
  Options options;
  options.visit(arguments);
  return options;
}

}  // namespace xg::nn
