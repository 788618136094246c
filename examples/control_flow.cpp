// A network whose graph depends on its data: one cell is applied to each input until its state has settled, by an
// ordinary while loop, and the gradient follows the steps that were taken.
//
// Last lines printed:
//   loss ... after 300 updates
//   steps taken: ... different numbers
#include <xgrad.hpp>

#include <iostream>
#include <set>

#include "examples/ending.hpp"

namespace nn = xg::nn;
using xg::Tensor;

struct SettlingNet : nn::Model {
  nn::Dense& read = add(nn::Dense({.units = 16, .input_dim = 2}));
  nn::Dense& cell = add(nn::Dense({.units = 16, .input_dim = 16, .activation = "tanh"}));
  nn::Dense& answer = add(nn::Dense({.units = 1, .input_dim = 16}));
  std::set<int> step_counts;

  Tensor forward(const Tensor& x) override {
    const Tensor input = tanh(read(x));
    Tensor state = input;
    int steps = 0;
    while (steps < 20) {
      const Tensor next = 0.5 * state + 0.5 * cell(state + input);
      const double change = max(abs(next - state)).item();
      state = next;
      ++steps;
      if (change < 0.05) break;
    }
    step_counts.insert(steps);
    return answer(state);
  }
};

int main() try {
  xg::manual_seed(1);
  xg::Generator generator(1);
  SettlingNet net;
  nn::Adam optimizer(net.parameters(), {.learning_rate = 0.01});

  double loss = 0;
  for (int update = 1; update <= 300; ++update) {
    const Tensor x = generator.uniform({16, 2}, -1, 1);
    const Tensor product = slice(x, 1, {.stop = 1}) * slice(x, 1, {.start = 1});
    const Tensor error = nn::mean_squared_error(product, net(x));
    error.backward();
    optimizer.step();
    optimizer.zero_grad();
    loss = error.item();
    if (update % 100 == 0) std::cout << "update " << update << ": loss " << loss << '\n';
  }
  std::cout << "loss " << loss << " after 300 updates\nsteps taken: " << net.step_counts.size()
            << " different numbers\n";
  return example::finish(loss < 0.05 && net.step_counts.size() > 1);
} catch (const std::exception& error) {
  return example::fail(error);
}
