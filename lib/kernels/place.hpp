#pragma once

#include <cmath>
#include <compare>
#include <limits>
#include <type_traits>

#include "lib/scalar.hpp"

namespace xg::kernels {

/// Where a number lies among the elements of type T: at, above or below `element`, with no element between; unordered
/// for NaN.
template <class T>
struct Placed {
  T element = {};
  std::partial_ordering order = std::partial_ordering::equivalent;  ///< of the number to the element
};

/// Places a number. A finite number beside floating elements counts as the element it rounds to, if there is one.
template <class T>
Placed<T> place(const Scalar& number) {
  using Limits = std::numeric_limits<T>;
  const double value = number.to<double>();
  if (std::isnan(value)) return {number.to<T>(), std::partial_ordering::unordered};
  if constexpr (std::is_floating_point_v<T>) {
    const T rounded = number.to<T>();
    if (!std::isinf(rounded) || std::isinf(value)) return {rounded};
    return value < 0 ? Placed<T>{Limits::lowest(), std::partial_ordering::less}
                     : Placed<T>{Limits::max(), std::partial_ordering::greater};
  } else {
    if (number < Limits::min()) return {Limits::min(), std::partial_ordering::less};
    if (number > Limits::max()) return {Limits::max(), std::partial_ordering::greater};
    const T below = is_floating(number.dtype()) ? convert<T>(std::floor(value)) : number.to<T>();
    return {below, number <=> below};
  }
}

}  // namespace xg::kernels
