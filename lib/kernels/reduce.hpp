#pragma once

#include <array>

#include "lib/array.hpp"

namespace xg::kernels {

/// Which axes a reduction folds.
using AxisMask = std::array<bool, Shape::max_rank>;

// Reductions over the masked axes, which stay with extent 1. The order of the additions depends on the shape alone:
// float sums add in blocks of fixed size, and the blocks in double. NaN wins in max and min.

/// Integers and booleans give int64; an empty sum is 0.
Array sum(const Array& x, const AxisMask& axes);
/// The sum of the squares of all elements of a floating array: 0-d.
Array sum_squares(const Array& x);
/// sqrt(sum of x^2) of floating arrays; neither large nor small squares leave the range.
Array norm(const Array& x, const AxisMask& axes);
/// Over at least one element.
Array max(const Array& x, const AxisMask& axes);
Array min(const Array& x, const AxisMask& axes);
/// int64 index of the first maximum (the first NaN, if there is one) along one axis, which stays with extent 1.
Array argmax(const Array& x, std::size_t axis);
Array argmin(const Array& x, std::size_t axis);

}  // namespace xg::kernels
