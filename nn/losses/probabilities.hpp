#pragma once

#include "autograd/tensor.hpp"

namespace xg::nn {

/// max(p, the smallest normal number), without a bend in the gradient: a probability that has become 0 still learns.
Tensor floored(const Tensor& p);

/// -(y ln p + (1 - y) ln(1 - p)) of each element, from logits or probabilities; those of a sigmoid lead to its logits.
Tensor binary_crossentropies(const Tensor& y, const Tensor& y_pred, bool from_logits);

}  // namespace xg::nn
