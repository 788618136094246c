#include "autograd/ops/activation.hpp"

#include <utility>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/arithmetic.hpp"
#include "lib/kernels/elementwise.hpp"
#include "lib/kernels/softmax.hpp"

namespace xg {
namespace {

/// y (dy - sum(dy y)) over the last axis, for y = softmax(x).
Tensor softmax_gradient(const Operand& dy, const Operand& y) {
  if (!grad_enabled()) return kernels::softmax_gradient(dy.array(), y.array());
  return y * (dy - sum(dy * y, {.axis = -1, .keepdims = true}));
}

/// Lets logits_of find what probabilities were made from.
Tensor with_logits(Tensor probabilities, const Operand& logits) {
  if (probabilities.node()) probabilities.node()->attach().logits.emplace(logits.tensor());
  return probabilities;
}

Tensor last_softmax(const Operand& x) {
  return with_logits(record("softmax", kernels::softmax(x.array()),
                            edge(x, [](const Tensor& dy, const Tensor& y) { return softmax_gradient(dy, y); })),
                     x);
}

Tensor last_log_softmax(const Operand& x) {
  return record("log_softmax", kernels::log_softmax(x.array()), edge(x, [](const Tensor& dy, const Tensor& y) {
                  return dy - exp(y) * sum(dy, {.axis = -1, .keepdims = true});
                }));
}

/// Applies a function of the last axis along another one.
Tensor along(const char* op, const Operand& x, int axis, Tensor (*function)(const Operand&)) {
  check_floating(op, x);
  const std::size_t position = normalize_axis(op, axis, x.shape().rank(), x.where());
  if (x.shape()[position] == 0)
    throw ShapeError(concat(op, ": axis ", axis, " of shape ", x.shape(), " is empty"), x.where());
  const auto last = x.shape().rank() - 1;
  if (position == last) return function(x);
  std::vector<int> swap;
  for (std::size_t i = 0; i <= last; ++i) swap.push_back(static_cast<int>(i));
  std::swap(swap[position], swap[last]);
  return permute(Operand(function(Operand(permute(x, swap), x.where())), x.where()), swap);
}

}  // namespace

Tensor tanh(const Operand& x) {
  return record("tanh", kernels::tanh(x.array()),
                edge(x, [](const Tensor& dy, const Tensor& y) { return tanh_gradient(dy, y); }));
}

Tensor tanh_gradient(const Operand& dy, const Operand& y) {
  check_floating("tanh_gradient", y);
  if (dy.shape() != y.shape() || dy.dtype() != y.dtype())
    throw ShapeError(concat("tanh_gradient: the gradient is ", dy.dtype(), ' ', dy.shape(), ", the output ", y.dtype(),
                            ' ', y.shape()),
                     dy.where());
  return record("tanh_gradient", kernels::tanh_gradient(dy.array(), y.array()),
                edge(dy, [y = Saved(y)](const Tensor& g) { return tanh_gradient(g, y); }),
                edge(y, [dy = Saved(dy), y = Saved(y)](const Tensor& g) { return g * dy * y * -2.0; }));
}

Tensor sigmoid(const Operand& x) {
  return with_logits(record("sigmoid", kernels::sigmoid(x.array()),
                            edge(x, [](const Tensor& dy, const Tensor& y) { return dy * y * (1.0 - y); })),
                     x);
}

Tensor relu(const Operand& x) {
  check_floating("relu", x);
  return record("relu", kernels::relu(x.array()), edge(x, [](const Tensor& dy, const Tensor& y) {
                  if (!grad_enabled()) return Tensor(kernels::relu_gradient(dy.array(), y.array()));
                  return where(y > 0.0, dy, y.detach() * 0.0);  // NaN stays NaN
                }));
}

Tensor softplus(const Operand& x) {
  return record("softplus", kernels::softplus(x.array()),
                edge(x, [x = Saved(x)](const Tensor& dy) { return dy * sigmoid(x); }));
}

Tensor softmax(const Operand& x, int axis) { return along("softmax", x, axis, last_softmax); }

Tensor log_softmax(const Operand& x, int axis) { return along("log_softmax", x, axis, last_log_softmax); }

Tensor dropout(const Operand& x, double rate, Generator& generator) {
  check_floating("dropout", x);
  if (!(rate >= 0 && rate <= 1))
    throw ValueError(concat("dropout: the rate must lie in [0, 1], got ", rate), x.where());
  if (rate == 0) return x.tensor();
  const Tensor mask = generator.dropout_mask(x.shape(), rate, x.dtype());
  return record("dropout", kernels::multiply(x.array(), mask.array()),
                edge(x, [mask = Saved(mask)](const Tensor& dy) { return dy * mask; }));
}

Tensor logits_of(const Tensor& probabilities) {
  const Node::Attachments* extra = probabilities.node() ? probabilities.node()->attachments() : nullptr;
  return extra && extra->logits && extra->logits->intact() ? extra->logits->get() : Tensor();
}

}  // namespace xg
