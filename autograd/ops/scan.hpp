#pragma once

#include "autograd/operand.hpp"

namespace xg {

// Along one axis: running results, and order.

/// The sum of the elements up to each one, as exact for the last as for the first; integers and booleans give int64.
/// Gradient: the running sum of dy from the end.
XG_API Tensor cumsum(const Operand& x, int axis);
/// The product of the elements up to each one; integers and booleans give int64. Gradient, in linear time and where
/// elements are 0 too: dx_k = y_{k-1} s_k with s_k = dy_k + x_{k+1} s_{k+1}.
XG_API Tensor cumprod(const Operand& x, int axis);
/// The largest element up to each one, the first of equal ones; NaN from the first NaN on. Gradient: dy to the element
/// that was taken.
XG_API Tensor cummax(const Operand& x, int axis);
/// The smallest element up to each one; as cummax.
XG_API Tensor cummin(const Operand& x, int axis);

/// The elements in order; NaN counts as the largest, as in PyTorch. Gradient: dy back to where each came from.
XG_API Tensor sort(const Operand& x, int axis = -1, bool descending = false);
/// The indices (int64) that put the elements in order; equal ones keep theirs, NaN counts as the largest.
XG_API Tensor argsort(const Operand& x, int axis = -1, bool descending = false);
/// What topk() returns.
struct TopK {
  Tensor values;   ///< in order
  Tensor indices;  ///< int64, where they stood
};
/// The k largest elements, or the smallest, in order, and their indices (int64); NaN counts as the largest. More than
/// there are is a ValueError.
XG_API TopK topk(const Operand& x, std::int64_t k, int axis = -1, bool largest = true);

}  // namespace xg
