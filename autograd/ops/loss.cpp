#include "autograd/ops/loss.hpp"

#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/cross_entropy.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/cross_entropy.hpp"

namespace xg {

Tensor cross_entropy(const Operand& logits, const Operand& targets) {
  check_floating("cross_entropy", logits);
  if (logits.shape() != targets.shape() || logits.dtype() != targets.dtype())
    throw ShapeError(concat("cross_entropy: the logits are ", logits.dtype(), ' ', logits.shape(), ", the targets ",
                            targets.dtype(), ' ', targets.shape()),
                     logits.where());
  if (logits.shape().rank() == 0 || logits.shape().back() == 0)
    throw ShapeError(concat("cross_entropy: no classes in shape ", logits.shape()), logits.where());
  return record(
      "cross_entropy", [&] { return kernels::cross_entropy(logits.array(), targets.array()); },
      edge(logits, CrossEntropyRule(logits, targets)), edge(targets, CrossEntropyTargetRule(logits)));
}

Tensor CrossEntropyRule::operator()(const Tensor& dy) const {
  const Tensor &z = logits_.get(), &y = targets_.get();
  if (!grad_enabled()) return kernels::cross_entropy_gradient(dy.array(), z.array(), y.array());
  const Tensor weight = sum(y, {.axis = -1, .keepdims = true});
  return (softmax(z) * weight - y) * expand_dims(dy, -1);
}

Tensor CrossEntropyTargetRule::operator()(const Tensor& dy) const {
  return -log_softmax(logits_) * expand_dims(dy, -1);
}

Tensor cross_entropy(const Operand& logits, const Operand& targets, const CrossEntropyOptions& options) {
  const double smoothing = options.label_smoothing;
  if (!(smoothing >= 0 && smoothing <= 1))
    throw ValueError(concat("cross_entropy: the label smoothing must lie in [0, 1], got ", smoothing), logits.where());
  const CallerScope scope(logits.where());
  Tensor wanted = targets;
  if (smoothing > 0 && wanted.rank() > 0)
    wanted = wanted * (1 - smoothing) + smoothing / static_cast<double>(wanted.shape().back());
  if (options.class_weights.defined()) wanted = wanted * options.class_weights;
  return cross_entropy(logits, wanted);
}

Tensor nll_loss(const Operand& log_probabilities, const Operand& labels) {
  check_floating("nll_loss", log_probabilities);
  Shape expected = log_probabilities.shape();
  if (expected.rank() > 0) expected.erase(expected.rank() - 1);
  if (log_probabilities.shape().rank() == 0 || labels.shape() != expected)
    throw ShapeError(concat("nll_loss: log-probabilities of shape ", log_probabilities.shape(), " and labels of shape ",
                            labels.shape(), " where (..., classes) and (...) are expected"),
                     log_probabilities.where());
  if (!is_floating(labels.dtype()))
    check_class_numbers("nll_loss", labels, log_probabilities.shape().back(), log_probabilities.where());
  const CallerScope scope(log_probabilities.where());
  return -squeeze(gather(log_probabilities, expand_dims(labels, -1), -1), -1);
}

Tensor binary_cross_entropy_with_logits(const Operand& logits, const Operand& targets) {
  check_floating("binary_cross_entropy_with_logits", logits);
  const CallerScope scope(logits.where());
  return softplus(logits) - logits * targets;
}

}  // namespace xg
