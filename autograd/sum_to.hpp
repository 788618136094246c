#pragma once

#include "autograd/tensor.hpp"

namespace xg {

/// The gradient of what was broadcast (and converted) from `shape` and `dtype`: summed over the axes that were
/// stretched. The only place that undoes a broadcast. Either shape must broadcast to the other.
Tensor sum_to(Tensor gradient, const Shape& shape, DType dtype);

}  // namespace xg
