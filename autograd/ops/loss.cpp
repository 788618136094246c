#include "autograd/ops/loss.hpp"

#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
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
  const auto from_logits = [z = Saved(logits), y = Saved(targets)](const Tensor& dy) {
    if (!grad_enabled()) return Tensor(kernels::cross_entropy_gradient(dy.array(), z.get().array(), y.get().array()));
    const Tensor weight = sum(y.get(), {.axis = -1, .keepdims = true});
    return (softmax(z) * weight - y) * expand_dims(dy, -1);
  };
  return record("cross_entropy", kernels::cross_entropy(logits.array(), targets.array()), edge(logits, from_logits),
                edge(targets, [z = Saved(logits)](const Tensor& dy) { return -log_softmax(z) * expand_dims(dy, -1); }));
}

}  // namespace xg
