#pragma once

#include <cstdint>
#include <source_location>


namespace xg {

/// Arithmetic on extents, counts and distances that users choose, on behalf of an operation: a result that does not fit
/// 64 bits is a ShapeError that names the operation, the numbers and the user's line.
class ExtentArithmetic {
 public:
  /// For `op`, a string literal, called at `where`.
  ExtentArithmetic(const char* op, std::source_location where) : op_(op), where_(where) {}

  /// a + b.
  std::int64_t add(std::int64_t a, std::int64_t b) const {
    std::int64_t result;
    if (__builtin_add_overflow(a, b, &result)) overflow(a, '+', b);
    return result;
  }
  /// a - b.
  std::int64_t subtract(std::int64_t a, std::int64_t b) const {
    std::int64_t result;
    if (__builtin_sub_overflow(a, b, &result)) overflow(a, '-', b);
    return result;
  }
  /// a b.
  std::int64_t multiply(std::int64_t a, std::int64_t b) const {
    std::int64_t result;
    if (__builtin_mul_overflow(a, b, &result)) overflow(a, '*', b);
    return result;
  }

 private:
  [[noreturn, gnu::cold]] void overflow(std::int64_t a, char sign, std::int64_t b) const;

  const char* op_;
  std::source_location where_;
};

/// a / b rounded up, for a >= 0 and b > 0; nothing of it overflows.
constexpr std::int64_t divide_up(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0); }

}  // namespace xg
