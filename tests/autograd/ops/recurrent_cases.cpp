#include "autograd/ops/recurrent.hpp"

#include <cmath>

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// f(i, f, g, o, c) for each number of the state.
template <class F>
Reference of_step(F f) {
  return [=](const Inputs& v) {
    const Values gates(v[0]), c(v[1]);
    const std::int64_t n = c.shape[1];
    return generate(c.shape, [&](const Index& at) {
      const auto gate = [&](std::int64_t number) { return gates.at({at[0], number * n + at[1]}); };
      return f(gate(0), gate(1), gate(2), gate(3), c.at({at[0], at[1]}));
    });
  };
}

}  // namespace

Cases recurrent_cases() {
  const std::vector<Inputs> samples{
      {uniform({3, 8}), uniform({3, 2})}, {uniform({1, 4}), uniform({1, 1})}, {uniform({2, 76}), uniform({2, 19})}};
  return {{.name = "lstm_state",
           .function = [](const Inputs& v) { return lstm_state(v[0], v[1]); },
           .samples = samples,
           .reference = of_step([](double i, double f, double g, double, double c) {
             return sigmoid(f) * c + sigmoid(i) * std::tanh(g);
           }),
           .magnitude = 2},
          {.name = "lstm_output",
           .function = [](const Inputs& v) { return lstm_output(v[0], v[1]); },
           .samples = samples,
           .reference = of_step([](double, double, double, double o, double c) { return sigmoid(o) * std::tanh(c); })}};
}

}  // namespace xg::testing
