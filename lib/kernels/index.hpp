#pragma once

#include <vector>

#include "lib/array.hpp"

namespace xg::kernels {

/// The parts x[..., index, ...] along `axis`, in the order of the int64 `indices` (any shape, which replaces the axis).
/// Every index is in [0, extent): the caller's check.
Array take(const Array& x, const Array& indices, std::size_t axis);

/// Adds each part of `values` (as take returns them) to total[..., index, ...]: the transpose of take. Repeated indices
/// add up, in order.
void add_at(Array& total, const Array& indices, std::size_t axis, const Array& values);

/// Arrays of one dtype, one behind the other along `axis`.
Array concatenate(const std::vector<Array>& arrays, std::size_t axis);

/// 1 where the int64 index is the position on a new last axis of extent `depth`, else 0.
Array one_hot(const Array& indices, std::int64_t depth, DType dtype);

}  // namespace xg::kernels
