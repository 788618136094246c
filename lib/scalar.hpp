#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <ostream>
#include <type_traits>

#include "lib/dtype.hpp"
#include "lib/export.hpp"

namespace xg {

/// A number that is no element yet, kept as it was written: a boolean, an integer of up to 64 bits with or without
/// sign, or a double. Scalars compare as numbers, whatever they are kept as: 2^53 + 1 is larger than 2^53 as a double.
class XG_API Scalar {
 public:
  /// Any number of C++; a long double becomes a double.
  template <class T>
  requires std::is_arithmetic_v<T>
  constexpr Scalar(T value) {
    if constexpr (std::is_floating_point_v<T>) {
      kind_ = Kind::real;
      real_ = static_cast<double>(value);
    } else {
      kind_ = std::is_same_v<T, bool> ? Kind::truth : Kind::integer;
      if constexpr (std::is_unsigned_v<T> && sizeof(T) == sizeof(bits_))
        if (value > static_cast<T>(std::numeric_limits<std::int64_t>::max())) kind_ = Kind::natural;
      bits_ = static_cast<std::uint64_t>(value);
    }
  }

  /// What a tensor made of it alone has, as in PyTorch: boolean, int64, or float32 for a double.
  constexpr DType dtype() const {
    return kind_ == Kind::truth ? DType::boolean : kind_ == Kind::real ? DType::float32 : DType::int64;
  }
  /// The value as a T, as convert() does.
  template <class T>
  constexpr T to() const {
    if (kind_ == Kind::real) return convert<T>(real_);
    if (kind_ == Kind::natural) return convert<T>(bits_);
    return convert<T>(static_cast<std::int64_t>(bits_));
  }

  /// True if it lies in the range of a dtype, towards zero if that is an integer one. Every number fits boolean and
  /// the floating dtypes, which round it.
  bool fits(DType dtype) const;
  /// True if the dtype holds it: as fits(), but nothing is cut off for an integer dtype or boolean.
  bool held_by(DType dtype) const;

  /// Which is larger; unordered if either is NaN.
  friend XG_API std::partial_ordering operator<=>(const Scalar& a, const Scalar& b);
  /// Whether both are the same number.
  friend bool operator==(const Scalar& a, const Scalar& b) { return (a <=> b) == 0; }
  /// Prints integers with all digits.
  friend XG_API std::ostream& operator<<(std::ostream& out, const Scalar& number);

 private:
  enum class Kind : std::uint8_t { truth, integer, natural, real };  // natural: beyond int64

  std::uint64_t bits_ = 0;  ///< of a whole number, in two's complement
  double real_ = 0;
  Kind kind_ = Kind::integer;
};

/// Throws a ValueError that names `op` and the dtype's range unless the number fits the dtype.
XG_API void check_fits(const char* op, const Scalar& number, DType dtype, std::source_location where);
/// Throws one unless the dtype holds the number.
XG_API void check_held(const char* op, const Scalar& number, DType dtype, std::source_location where);

}  // namespace xg
