#pragma once

#include "autograd/operand.hpp"

namespace xg {

/// The cross-entropy of each row, from logits: -sum_k targets_k ln softmax(logits)_k over the last axis, which goes
/// away. Both (..., classes), floating, of one shape and dtype; targets need not add up to 1. Nothing is clipped,
/// nothing overflows. Gradient with respect to the logits: (softmax(logits) sum(targets) - targets) dy.
XG_API Tensor cross_entropy(const Operand& logits, const Operand& targets);

}  // namespace xg
