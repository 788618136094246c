#pragma once

#include <initializer_list>
#include <ostream>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "lib/export.hpp"

namespace xg {

/// The base of every exception the library throws. The message names the operation, the offending values, the likely
/// cause and, on its last line, the user's `file:line`.
class XG_API Error : public std::runtime_error {
 public:
  /// An error below the level at which the user's line is known: at the enclosing CallerScope's, if there is one.
  explicit Error(const std::string& message) : Error(message, std::source_location{}) {}
  /// An error at the user's line; inside a CallerScope, at that scope's line.
  Error(const std::string& message, std::source_location where);
};

/// Shapes that do not fit an operation, or each other.
class XG_API ShapeError : public Error {
 public:
  using Error::Error;
};
/// A dtype that an operation is not defined for.
class XG_API DTypeError : public Error {
 public:
  using Error::Error;
};
/// A misuse of the computation graph: a second backward, a changed saved tensor, a root without gradient.
class XG_API GraphError : public Error {
 public:
  using Error::Error;
};
/// An argument outside its domain, or an unknown name.
class XG_API ValueError : public Error {
 public:
  using Error::Error;
};
/// A NaN, or an infinite value, that a DetectAnomaly found.
class XG_API AnomalyError : public Error {
 public:
  using Error::Error;
};
/// More memory than the system has to give.
class XG_API MemoryError : public Error {
 public:
  using Error::Error;
};
/// A file that is missing, damaged, or not what it should be.
class XG_API IOError : public Error {
 public:
  using Error::Error;
};

/// Throws a ValueError if a name, a function or a pointer is null.
template <class T>
void check_given(const char* op, const char* what, const T& given, std::source_location where);

/// Makes a user's line the place that errors and graph nodes inside the scope report. Code of the library that is
/// composed of operations opens one, so that messages show the user's line instead of the library's; the outermost
/// scope of a thread wins.
class XG_API CallerScope {
 public:
  /// Opens the scope, unless one is open.
  explicit CallerScope(std::source_location where);
  ~CallerScope();
  CallerScope(const CallerScope&) = delete;
  CallerScope& operator=(const CallerScope&) = delete;

 private:
  std::source_location outer_;
};

/// Ends any CallerScope for a while: user code called from the library reports its own lines again.
class XG_API OwnLines {
 public:
  OwnLines();
  ~OwnLines();
  OwnLines(const OwnLines&) = delete;
  OwnLines& operator=(const OwnLines&) = delete;

 private:
  std::source_location outer_;
};

/// The line to report for an operation written at `where`: the enclosing CallerScope's, if there is one.
XG_API std::source_location caller(std::source_location where);

/// "file:line" of a place; "unknown place" of a default-constructed one.
XG_API std::string to_string(const std::source_location& where);

namespace detail {

/// A value and how to print it: texts are put together by one function, whatever they are made of.
struct TextPart {
  const void* value;
  void (*print)(std::ostream& out, const void* value);

  TextPart(const char* text)
      : value(text), print([](std::ostream& out, const void* it) { out << static_cast<const char*>(it); }) {}
  template <class T>
  requires(!std::is_array_v<T>) TextPart(const T& part) : value(&part), print(&print_as<T>) {}

 private:
  template <class T>
  static void print_as(std::ostream& out, const void* value) {
    const T& part = *static_cast<const T*>(value);
    if constexpr (std::is_floating_point_v<T>)
      if (part != part) {
        out << "NaN";
        return;
      }
    out << part;
  }
};

XG_API std::string joined(std::initializer_list<TextPart> parts);

}  // namespace detail

/// One string from parts that can be streamed. A number that is none is called NaN, whatever its sign.
template <class... Parts>
std::string concat(const Parts&... parts) {
  return detail::joined({detail::TextPart(parts)...});
}

template <class T>
void check_given(const char* op, const char* what, const T& given, std::source_location where) {
  if (!given) throw ValueError(concat(op, ": a null ", what, " was given"), where);
}

}  // namespace xg
