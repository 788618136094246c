#include "autograd/ops/activation.hpp"

#include <cmath>
#include <numbers>
#include <utility>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/ops/slope.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/activation.hpp"
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

Tensor last_softmax(const Operand& x) {
  return record(
      "softmax", [&] { return kernels::softmax(x.array()); },
      edge(x, [](const Tensor& dy, const Tensor& y) { return softmax_gradient(dy, y); }));
}

Tensor last_log_softmax(const Operand& x) {
  return record(
      "log_softmax", [&] { return kernels::log_softmax(x.array()); },
      edge(x, [](const Tensor& dy, const Tensor& y) { return dy - exp(y) * sum(dy, {.axis = -1, .keepdims = true}); }));
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

Tensor sigmoid_slope(const Tensor& x) {
  return slope(
      "sigmoid_slope", x, [&] { return kernels::sigmoid_slope(x.array()); },
      [](const Tensor& at, const Tensor& y) { return -y * tanh(at * 0.5); });
}

Tensor elu_slope(const Tensor& x, double alpha, double scale) {
  return slope(
      "elu_slope", x, [&] { return kernels::elu_slope(x.array(), alpha, scale); },
      [](const Tensor& at, const Tensor& y) { return where(at > 0.0, 0.0, y); });
}

Tensor scaled_elu(const char* op, const Operand& x, double alpha, double scale) {
  check_floating(op, x);
  return record(
      op, [&] { return kernels::elu(x.array(), alpha, scale); },
      edge(x, [x = Saved(x), alpha, scale](const Tensor& dy) { return dy * elu_slope(x, alpha, scale); }));
}

/// Phi(x) + x phi(x) for the normal distribution; its derivative is phi(x) (2 - x^2).
Tensor gelu_slope(const Tensor& x) {
  return slope(
      "gelu_slope", x, [&] { return kernels::gelu_slope(x.array()); },
      [](const Tensor& at, const Tensor&) {
        return exp(square(at) * -0.5) * (2.0 - square(at)) * std::sqrt(0.5 * std::numbers::inv_pi);
      });
}

/// The derivative of x (1 + t) / 2 for t = tanh(u), u = c (x + 0.044715 x^3), c = sqrt(2 / pi).
Tensor gelu_by_tanh_slope(const Tensor& x) {
  return slope(
      "gelu_slope", x, [&] { return kernels::gelu_by_tanh_slope(x.array()); },
      [](const Tensor& at, const Tensor&) {
        const double c = std::sqrt(2 * std::numbers::inv_pi), bend = 0.044715;
        const Tensor t = tanh(c * (at + bend * cube(at)));
        const Tensor du = c * (1.0 + 3 * bend * square(at)), ddu = 6 * c * bend * at;
        return (1.0 - square(t)) * (du + 0.5 * at * (ddu - 2.0 * t * square(du)));
      });
}

Tensor silu_slope(const Tensor& x) {
  return slope(
      "silu_slope", x, [&] { return kernels::silu_slope(x.array()); },
      [](const Tensor& at, const Tensor&) { return sigmoid_slope(at) * (2.0 - at * tanh(at * 0.5)); });
}

/// The derivative t + x t' of x t for t = tanh(softplus(x)), with t' = (1 - t^2) s for s = sigmoid(x).
Tensor mish_slope(const Tensor& x) {
  return slope(
      "mish_slope", x, [&] { return kernels::mish_slope(x.array()); },
      [](const Tensor& at, const Tensor&) {
        const Tensor t = tanh(softplus(at)), s = sigmoid(at);
        return (1.0 - square(t)) * s * (2.0 + at * (1.0 - s - 2.0 * t * s));
      });
}

Tensor softsign_slope(const Tensor& x) {
  return slope(
      "softsign_slope", x, [&] { return kernels::softsign_slope(x.array()); },
      [](const Tensor& at, const Tensor& y) { return sign(at) * y / (1.0 + abs(at)) * -2.0; });
}

}  // namespace

Tensor tanh(const Operand& x) {
  return record(
      "tanh", [&] { return kernels::tanh(x.array()); },
      edge(x, [](const Tensor& dy, const Tensor& y) { return tanh_gradient(dy, y); }));
}

Tensor tanh_gradient(const Operand& dy, const Operand& y) {
  check_floating("tanh_gradient", y);
  if (dy.shape() != y.shape() || dy.dtype() != y.dtype())
    throw ShapeError(concat("tanh_gradient: the gradient is ", dy.dtype(), ' ', dy.shape(), ", the output ", y.dtype(),
                            ' ', y.shape()),
                     dy.where());
  return record(
      "tanh_gradient", [&] { return kernels::tanh_gradient(dy.array(), y.array()); },
      edge(dy, [y = Saved(y)](const Tensor& g) { return tanh_gradient(g, y); }),
      edge(y, [dy = Saved(dy), y = Saved(y)](const Tensor& g) { return g * dy * y * -2.0; }));
}

Tensor sigmoid(const Operand& x) {
  return record(
      "sigmoid", [&] { return kernels::sigmoid(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * sigmoid_slope(x); }));
}

Tensor relu(const Operand& x) {
  check_floating("relu", x);
  return record(
      "relu", [&] { return kernels::relu(x.array()); }, edge(x, [](const Tensor& dy, const Tensor& y) {
        if (!grad_enabled()) return Tensor(kernels::relu_gradient(dy.array(), y.array()));
        return where(y > 0.0, dy, y.detach() * 0.0);  // NaN stays NaN
      }));
}

Tensor softplus(const Operand& x) {
  return record(
      "softplus", [&] { return kernels::softplus(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * sigmoid(x); }));
}

Tensor log_sigmoid(const Operand& x) {
  check_floating("log_sigmoid", x);
  return record(
      "log_sigmoid", [&] { return kernels::negative(kernels::softplus(kernels::negative(x.array()))); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * sigmoid(-x.get()); }));
}

Tensor leaky_relu(const Operand& x, double negative_slope) {
  check_floating("leaky_relu", x);
  return record(
      "leaky_relu", [&] { return kernels::leaky_relu(x.array(), negative_slope); },
      edge(x,
           [x = Saved(x), negative_slope](const Tensor& dy) { return where(x.get() > 0.0, dy, dy * negative_slope); }));
}

Tensor elu(const Operand& x, double alpha) { return scaled_elu("elu", x, alpha, 1); }

Tensor selu(const Operand& x) { return scaled_elu("selu", x, 1.6732632423543772, 1.0507009873554805); }

Tensor gelu(const Operand& x, bool approximate) {
  check_floating("gelu", x);
  if (approximate)
    return record(
        "gelu", [&] { return kernels::gelu_by_tanh(x.array()); },
        edge(x, [x = Saved(x)](const Tensor& dy) { return dy * gelu_by_tanh_slope(x); }));
  return record(
      "gelu", [&] { return kernels::gelu(x.array()); }, edge(x, [x = Saved(x)](const Tensor& dy) {
        if (!grad_enabled()) return Tensor(kernels::gelu_gradient(dy.array(), x.get().array()));
        return dy * gelu_slope(x);
      }));
}

Tensor silu(const Operand& x) {
  check_floating("silu", x);
  return record(
      "silu", [&] { return kernels::silu(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * silu_slope(x); }));
}

Tensor mish(const Operand& x) {
  check_floating("mish", x);
  return record(
      "mish", [&] { return kernels::mish(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * mish_slope(x); }));
}

Tensor hard_sigmoid(const Operand& x) {
  check_floating("hard_sigmoid", x);
  return record(
      "hard_sigmoid", [&] { return kernels::hard_sigmoid(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return where(abs(x.get()) > 3.0, 0.0, dy / 6.0); }));
}

Tensor hard_tanh(const Operand& x) {
  check_floating("hard_tanh", x);
  return clip(x, -1, 1);
}

Tensor softsign(const Operand& x) {
  check_floating("softsign", x);
  return record(
      "softsign", [&] { return kernels::softsign(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * softsign_slope(x); }));
}

Tensor softmax(const Operand& x, int axis) { return along("softmax", x, axis, last_softmax); }

Tensor log_softmax(const Operand& x, int axis) { return along("log_softmax", x, axis, last_log_softmax); }

Tensor dropout(const Operand& x, double rate, Generator& generator) {
  check_floating("dropout", x);
  if (!(rate >= 0 && rate <= 1))
    throw ValueError(concat("dropout: the rate must lie in [0, 1], got ", rate), x.where());
  if (rate == 0) return x.tensor();
  const Tensor mask = generator.dropout_mask(x.shape(), rate, x.dtype());
  return record(
      "dropout", [&] { return kernels::multiply(x.array(), mask.array()); },
      edge(x, [mask = Saved(mask)](const Tensor& dy) { return dy * mask; }));
}

}  // namespace xg
