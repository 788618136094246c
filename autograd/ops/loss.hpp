#pragma once

#include "autograd/operand.hpp"

namespace xg {

/// The cross-entropy of each row, from logits: -sum_k targets_k ln softmax(logits)_k over the last axis, which goes
/// away. Both (..., classes), floating, of one shape and dtype; targets need not add up to 1. Nothing is clipped,
/// nothing overflows. Gradient with respect to the logits: (softmax(logits) sum(targets) - targets) dy.
XG_API Tensor cross_entropy(const Operand& logits, const Operand& targets);

/// What is done to the targets of a cross-entropy.
struct CrossEntropyOptions {
  double label_smoothing = 0;  ///< targets become (1 - s) targets + s / classes
  Tensor class_weights = {};   ///< (classes): each target is multiplied by its class's
};
/// The same of targets that are smoothed and weighted first. A smoothing outside [0, 1] is a ValueError.
XG_API Tensor cross_entropy(const Operand& logits, const Operand& targets, const CrossEntropyOptions& options);
/// -log_probabilities at the integer label of each row: (..., classes) and (...) -> (...). The cross-entropy of
/// log_softmax with class numbers. A label outside [0, classes) is a ValueError.
XG_API Tensor nll_loss(const Operand& log_probabilities, const Operand& labels);
/// -(t ln p + (1 - t) ln(1 - p)) for p = sigmoid(logits), element by element, without overflow: softplus(logits) -
/// logits t.
XG_API Tensor binary_cross_entropy_with_logits(const Operand& logits, const Operand& targets);

}  // namespace xg
