#pragma once

#include "lib/shape.hpp"

namespace xg {

/// The strides of an array that is broadcast from one shape to another: 0 along the axes that are stretched. That it
/// broadcasts is the caller's check.
inline Strides stretched(const Shape& from, const Strides& strides, const Shape& to) {
  if (from == to) return strides;
  const std::size_t lead = to.rank() - from.rank();
  Strides result = Strides::filled(to.rank(), 0);
  for (std::size_t axis = 0; axis < from.rank(); ++axis)
    if (from[axis] != 1) result[lead + axis] = strides[axis];
  return result;
}

}  // namespace xg
