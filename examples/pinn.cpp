// A physics-informed network: solves u'' = -u, u(0) = 0, u'(0) = 1 on [0, pi] by differentiating itself. The solution
// is sin(t), which training never sees.

#include <cmath>
#include <iostream>
#include <numbers>
#include <xgrad.hpp>

#include "examples/ending.hpp"

namespace nn = xg::nn;
using xg::Tensor;

/// t + t^2 net(t): whatever the network gives, both initial conditions hold.
Tensor solution(nn::Model& net, const Tensor& t) { return t + xg::square(t) * net(t); }

/// The derivative of y by t, each element of y depending on its own t alone; it can be differentiated again.
Tensor derivative(const Tensor& y, const Tensor& t) { return xg::grad(xg::sum(y), t, {.create_graph = true}); }

int main() try {
  xg::manual_seed(1);
  nn::Sequential net{
      nn::Dense({.units = 32, .input_dim = 1, .activation = "tanh"}),
      nn::Dense({.units = 32, .activation = "tanh"}),
      nn::Dense({.units = 1}),
  };
  Tensor t = xg::linspace(0, std::numbers::pi, 64);
  t = xg::reshape(t, {-1, 1}).set_requires_grad();

  nn::Adam optimizer(net.parameters(), {.learning_rate = 3e-3});
  for (int step = 0; step < 6000; ++step) {
    if (step == 4000) optimizer.set_learning_rate(3e-4);
    const Tensor u = solution(net, t);
    const Tensor residual = derivative(derivative(u, t), t) + u;
    const Tensor loss = xg::mean(xg::square(residual));
    loss.backward();
    optimizer.step();
    optimizer.zero_grad();
    t.zero_grad();
    if (step % 1000 == 0) std::cout << "step " << step << "  residual " << loss.item() << '\n';
  }

  const xg::NoGrad values_only;
  const Tensor error = solution(net, t) - xg::sin(t);
  std::cout << "L2 error: " << std::sqrt(xg::mean(xg::square(error)).item()) << '\n';
  return example::finish();
} catch (const std::exception& error) {
  return example::fail(error);
}
