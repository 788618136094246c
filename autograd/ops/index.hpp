#pragma once

#include <cstdint>
#include <optional>

#include "autograd/operand.hpp"

namespace xg {

/// The bounds of a slice, as in Python: negative positions count from the end, bounds outside are cut off, a negative
/// step walks backwards.
struct SliceOptions {
  std::optional<std::int64_t> start = {};
  std::optional<std::int64_t> stop = {};
  std::int64_t step = 1;
};

/// x[..., start:stop:step, ...] along one axis: a view. Gradient: dy in its place, zeros elsewhere.
XG_API Tensor slice(const Operand& x, int axis, const SliceOptions& bounds = {});
/// x[index] along the first axis, which goes away: a view.
XG_API Tensor select(const Operand& x, std::int64_t index, int axis = 0);
/// The elements in reverse order along some axes, or all: a view.
XG_API Tensor flip(const Operand& x, const Axes& axes = {});
/// The lower triangles of the matrices in the last two axes, zeros above the diagonal `offset` places right of the main
/// one. Gradient: the same triangle of dy. A tensor with fewer axes is a ShapeError.
XG_API Tensor tril(const Operand& x, std::int64_t offset = 0);
/// The upper triangles, zeros below that diagonal; as tril.
XG_API Tensor triu(const Operand& x, std::int64_t offset = 0);
/// The parts of x at integer `indices` along an axis; the indices' shape replaces the axis. Negative indices count from
/// the end, one out of range is a ValueError. Gradient: dy added up at the indices.
XG_API Tensor take(const Operand& x, const Operand& indices, int axis = 0);
/// For every position of `indices` (integers, x's shape but for the extent of `axis`) the element x[..., index, ...] of
/// that position: out[i][j] = x[indices[i][j]][j] along axis 0. Gradient: dy added up at the indices.
XG_API Tensor gather(const Operand& x, const Operand& indices, int axis);
/// A new last axis of extent `depth` with 1 at the integer index and 0 elsewhere; an index outside [0, depth) is a
/// ValueError. No gradient.
XG_API Tensor one_hot(const Operand& indices, std::int64_t depth, DType dtype = float32);

}  // namespace xg
