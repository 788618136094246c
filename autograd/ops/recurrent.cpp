#include "autograd/ops/recurrent.hpp"

#include "autograd/creation.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/recurrent.hpp"

namespace xg {
namespace {

void check_step(const char* op, const Operand& gates, const Operand& c) {
  check_floating(op, gates);
  const Shape &z = gates.shape(), &state = c.shape();
  if (z.rank() != 2 || state.rank() != 2 || z[0] != state[0] || z[1] % 4 != 0 || z[1] / 4 != state[1])
    throw ShapeError(concat(op, ": shapes ", z, " and ", state, " do not match (batch, 4 n) and (batch, n)"),
                     gates.where());
  if (gates.dtype() != c.dtype())
    throw DTypeError(concat(op, ": dtypes ", gates.dtype(), " and ", c.dtype(), " differ: convert with astype"),
                     gates.where());
}

/// One of the four gates.
Tensor gate(const Tensor& gates, std::int64_t number) {
  const std::int64_t n = gates.shape()[1] / 4;
  return slice(gates, 1, {.start = number * n, .stop = (number + 1) * n});
}

Tensor slope_of_sigmoid(const Tensor& x) {
  const Tensor y = sigmoid(x);
  return y * (1.0 - y);
}

/// The gradient of the gates: recorded, or added to zeros or to what others gave.
struct StateRule {
  Saved gates, c;

  Tensor operator()(const Tensor& dy) const {
    if (grad_enabled()) return recorded(dy);
    Array total = Array::zeros(gates.get().shape(), dy.dtype());
    add_to(total, dy);
    return total;
  }
  void add_to(Array& total, const Tensor& dy) const {
    kernels::lstm_state_gradient(total, dy.array(), gates.get().array(), c.get().array());
  }

 private:
  Tensor recorded(const Tensor& dy) const {
    const Tensor &all = gates, now = tanh(gate(all, 2));
    return concatenate({dy * now * slope_of_sigmoid(gate(all, 0)), dy * c.get() * slope_of_sigmoid(gate(all, 1)),
                        dy * sigmoid(gate(all, 0)) * (1.0 - square(now)), zeros(dy.shape(), dy.dtype())},
                       1);
  }
};

struct OutputRuleOfGates {
  Saved gates, c;

  Tensor operator()(const Tensor& dy) const {
    if (grad_enabled()) return recorded(dy);
    Array total = Array::zeros(gates.get().shape(), dy.dtype());
    add_to(total, dy);
    return total;
  }
  void add_to(Array& total, const Tensor& dy) const {
    kernels::lstm_output_gradient(total, dy.array(), gates.get().array(), c.get().array());
  }

 private:
  Tensor recorded(const Tensor& dy) const {
    const Shape before{dy.shape()[0], 3 * dy.shape()[1]};
    return concatenate({zeros(before, dy.dtype()), dy * tanh(c) * slope_of_sigmoid(gate(gates, 3))}, 1);
  }
};

}  // namespace

Tensor lstm_state(const Operand& gates, const Operand& c) {
  check_step("lstm_state", gates, c);
  return record(
      "lstm_state", [&] { return kernels::lstm_state(gates.array(), c.array()); },
      edge(gates, StateRule{Saved(gates), Saved(c)}), edge(c, [gates = Saved(gates)](const Tensor& dy) {
        if (grad_enabled()) return dy * sigmoid(gate(gates, 1));
        return Tensor(kernels::lstm_state_back(dy.array(), gates.get().array()));
      }));
}

Tensor lstm_output(const Operand& gates, const Operand& c) {
  check_step("lstm_output", gates, c);
  return record(
      "lstm_output", [&] { return kernels::lstm_output(gates.array(), c.array()); },
      edge(gates, OutputRuleOfGates{Saved(gates), Saved(c)}),
      edge(c, [gates = Saved(gates), c = Saved(c)](const Tensor& dy) {
        if (grad_enabled()) return dy * sigmoid(gate(gates, 3)) * (1.0 - square(tanh(c)));
        return Tensor(kernels::lstm_output_back(dy.array(), gates.get().array(), c.get().array()));
      }));
}

}  // namespace xg
