// What a user's program does with the installed library: a gradient, an error across its border, a model that learns.
#include <xgrad.hpp>

#include <iostream>

namespace nn = xg::nn;

int main() {
  xg::Tensor x{1.0, 2.0, 3.0};
  x.set_requires_grad();
  sum(x * x).backward();
  std::cout << "gradient " << x.grad() << '\n';

  try {
    x + xg::zeros({2});
  } catch (const xg::ShapeError& error) {
    std::cout << "caught a ShapeError\n";
  }

  xg::manual_seed(1);
  const xg::Tensor inputs{{0.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}, {1.0, 1.0}};
  const xg::Tensor targets{{0.0}, {1.0}, {1.0}, {0.0}};
  nn::Sequential model{
      nn::Dense({.units = 16, .input_dim = 2, .activation = "tanh"}),
      nn::Dense({.units = 1, .activation = "sigmoid"}),
  };
  model.compile({.optimizer = nn::Adam({.learning_rate = 0.05}), .loss = "binary_crossentropy", .metrics = {"accuracy"}});
  model.fit(inputs, targets, {.batch_size = 4, .epochs = 300, .verbose = 0});
  std::cout << "accuracy " << model.evaluate(inputs, targets, {.verbose = 0})["accuracy"] << '\n';
}
