#pragma once

#include <vector>

#include "autograd/operand.hpp"

namespace xg {

// Operations on shapes. The values do not change; where the strides allow it the result is a view that shares them.

/// The elements in row-major order under another shape; one extent may be -1, to be computed from the others. A count
/// that differs is a ShapeError.
XG_API Tensor reshape(const Operand& x, Shape shape);
/// All axes from `start` on as one.
XG_API Tensor flatten(const Operand& x, int start = 0);
/// The axes in another order: result axis i is x's axis axes[i].
XG_API Tensor permute(const Operand& x, const std::vector<int>& axes);
/// The axes in reverse order: the transpose of a matrix.
XG_API Tensor transpose(const Operand& x);
/// Two axes swapped.
XG_API Tensor transpose(const Operand& x, int a, int b);
/// Without the named axes, which must have extent 1; without all such axes if none is named.
XG_API Tensor squeeze(const Operand& x, const Axes& axes = {});
/// With a new axis of extent 1 at position `axis` of the result.
XG_API Tensor expand_dims(const Operand& x, int axis);
/// Stretched to a larger shape, as broadcasting would.
XG_API Tensor broadcast_to(const Operand& x, const Shape& shape);
/// Tensors one behind the other along an existing axis; all other extents must be equal.
XG_API Tensor concatenate(const std::vector<Tensor>& tensors, int axis = 0,
                          std::source_location where = std::source_location::current());
/// Tensors of one shape along a new axis.
XG_API Tensor stack(const std::vector<Tensor>& tensors, int axis = 0,
                    std::source_location where = std::source_location::current());

}  // namespace xg
