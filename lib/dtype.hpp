#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <ostream>
#include <string_view>
#include <type_traits>

#include "lib/error.hpp"

namespace xg {

/// The element types, in the order of promotion.
enum class DType : std::uint8_t { boolean, uint8, int32, int64, float32, float64 };

/// True or false, in a byte.
inline constexpr DType boolean = DType::boolean;
/// Whole numbers from 0 to 255.
inline constexpr DType uint8 = DType::uint8;
/// Whole numbers of 32 bits.
inline constexpr DType int32 = DType::int32;
/// Whole numbers of 64 bits.
inline constexpr DType int64 = DType::int64;
/// Numbers of about 7 digits.
inline constexpr DType float32 = DType::float32;
/// Numbers of about 16 digits.
inline constexpr DType float64 = DType::float64;

/// Bytes an element takes.
constexpr std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::boolean:
    case DType::uint8:
      return 1;
    case DType::int32:
    case DType::float32:
      return 4;
    case DType::int64:
    case DType::float64:
      return 8;
  }
  return 0;
}

/// True for float32 and float64.
constexpr bool is_floating(DType dtype) { return dtype >= DType::float32; }

/// "float32", "int64", ...
constexpr std::string_view name(DType dtype) {
  constexpr std::string_view names[] = {"boolean", "uint8", "int32", "int64", "float32", "float64"};
  return names[static_cast<std::size_t>(dtype)];
}

/// Prints the name.
inline std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name(dtype); }

/// The dtype of a result of two tensors, as in PyTorch: the larger kind (boolean < integer < floating) wins, within a
/// kind the wider type. uint8 meets no signed type of its own size here, so the order of the enumeration is enough.
constexpr DType promote(DType a, DType b) { return a < b ? b : a; }

/// The DType of a C++ element type.
template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, bool>)
    return DType::boolean;
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return DType::uint8;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return DType::int32;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return DType::int64;
  else if constexpr (std::is_same_v<T, float>)
    return DType::float32;
  else {
    static_assert(std::is_same_v<T, double>,
                  "not an element type: use bool, uint8_t, int32_t, int64_t, float or double");
    return DType::float64;
  }
}

/// A value as another element type: towards zero and to the nearest bound from floating to integer, NaN to 0; the low
/// bits from integer to integer; != 0 to bool.
template <class To, class From>
constexpr To convert(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From{0};
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (value != value) return To{0};
    if (value <= static_cast<From>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    if (value >= static_cast<From>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

/// Calls `f.template operator()<T>()` with the C++ type of `dtype`.
template <class F>
decltype(auto) dispatch(DType dtype, F&& f) {
  switch (dtype) {
    case DType::boolean:
      return f.template operator()<bool>();
    case DType::uint8:
      return f.template operator()<std::uint8_t>();
    case DType::int32:
      return f.template operator()<std::int32_t>();
    case DType::int64:
      return f.template operator()<std::int64_t>();
    case DType::float32:
      return f.template operator()<float>();
    default:
      return f.template operator()<double>();
  }
}

/// dispatch for what is defined on numbers but not on booleans.
template <class F>
decltype(auto) dispatch_numeric(DType dtype, F&& f) {
  switch (dtype) {
    case DType::uint8:
      return f.template operator()<std::uint8_t>();
    case DType::int32:
      return f.template operator()<std::int32_t>();
    case DType::int64:
      return f.template operator()<std::int64_t>();
    case DType::float32:
      return f.template operator()<float>();
    case DType::float64:
      return f.template operator()<double>();
    default:
      throw DTypeError(concat("no arithmetic on ", dtype, " arrays: convert with astype"));
  }
}

/// dispatch for what is defined on float32 and float64 alone.
template <class F>
decltype(auto) dispatch_floating(DType dtype, F&& f) {
  if (dtype == DType::float32) return f.template operator()<float>();
  if (dtype == DType::float64) return f.template operator()<double>();
  throw DTypeError(concat("float32 or float64 expected, got ", dtype));
}

}  // namespace xg
