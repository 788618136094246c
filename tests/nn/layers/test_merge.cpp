#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/constraints.hpp"
#include "nn/layers/embedding.hpp"
#include "nn/layers/merge.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// Layers of several inputs, rows that are looked up, and what updates are brought back to.

using namespace xg;
using nn::Tensors;

TEST_CASE("merge layers: element by element, over inputs of different rank") {
  const Tensor a{{1.0, 2.0}, {3.0, 4.0}}, b{{5.0, -6.0}, {7.0, 8.0}}, c{{1.0, 1.0}, {1.0, 1.0}};
  const auto merged = [&](const nn::Module& layer, const Tensors& inputs) { return numbers(layer(inputs).only()); };
  CHECK(merged(nn::Add(), {a, b, c}) == Numbers{7, -3, 11, 13});
  CHECK(merged(nn::Subtract(), {a, b}) == Numbers{-4, 8, -4, -4});
  CHECK(merged(nn::Multiply(), {a, b, c}) == Numbers{5, -12, 21, 32});
  CHECK(merged(nn::Average(), {a, b}) == Numbers{3, -2, 5, 6});
  CHECK(merged(nn::Maximum(), {a, b, c}) == Numbers{5, 2, 7, 8});
  CHECK(merged(nn::Minimum(), {a, b}) == Numbers{1, -6, 3, 4});
  CHECK(nn::Add()(Tensors{ones({2, 3, 4}), ones({2, 4})}).only().shape() == Shape{2, 3, 4});
  CHECK(nn::Concatenate()(Tensors{ones({2, 3}), ones({2, 4})}).only().shape() == Shape{2, 7});
  CHECK(nn::Concatenate(1)(Tensors{ones({2, 3, 2}), ones({2, 4, 2})}).only().shape() == Shape{2, 7, 2});
}

TEST_CASE("Dot: sums of products along an axis of each") {
  const Tensor a{{1.0, 2.0}, {3.0, 4.0}}, b{{5.0, -6.0}, {7.0, 8.0}};
  const Tensor y = nn::Dot()(Tensors{a, b}).only();
  CHECK(y.shape() == Shape{2, 1});
  CHECK(numbers(y) == Numbers{-7, 53});
  CHECK(numbers(nn::Dot({.normalize = true})(Tensors{a, a}).only())[1] == Close(1, 1e-6));
  CHECK(nn::Dot({.first_axis = 1, .second_axis = 2})(Tensors{ones({2, 3, 4}), ones({2, 5, 3})}).only().shape() ==
        Shape{2, 4, 5});
}

TEST_CASE("Embedding: a row for each number, whose gradients are added up") {
  nn::Embedding layer({.input_dim = 4, .output_dim = 2});
  const Tensor y = layer(Tensor{{3, 0, 3}});
  CHECK(y.shape() == Shape{1, 3, 2});
  const auto rows = numbers(layer["embeddings"]);
  CHECK(numbers(y) == Numbers{rows[6], rows[7], rows[0], rows[1], rows[6], rows[7]});
  sum(y).backward();
  CHECK(numbers(layer["embeddings"].grad()) == Numbers{1, 1, 0, 0, 0, 0, 2, 2});
  CHECK(numbers(layer(Tensor{{3.0f, 0.0f, 3.0f}})) == numbers(y));
}

TEST_CASE("constraints: what they make of a kernel") {
  const Tensor w{{3.0, 0.3}, {4.0, -0.4}};
  CHECK(largest_difference(numbers(nn::max_norm()(w)), {1.2, 0.3, 1.6, -0.4}) < 1e-6);
  CHECK(largest_difference(numbers(nn::unit_norm()(w)), {0.6, 0.6, 0.8, -0.8}) < 1e-6);
  CHECK(numbers(nn::non_neg()(w)) == numbers(Tensor{{3.0, 0.3}, {4.0, 0.0}}));
  CHECK(largest_difference(numbers(nn::min_max_norm({.min_value = 1, .max_value = 2})(w)), {1.2, 0.6, 1.6, -0.8}) <
        1e-6);
  CHECK(largest_difference(numbers(nn::min_max_norm({.min_value = 1, .max_value = 2, .rate = 0.5})(w)),
                           {2.1, 0.45, 2.8, -0.6}) < 1e-6);
  CHECK(largest_difference(numbers(nn::unit_norm({1})(Tensor{{3.0, 4.0}})), {0.6, 0.8}) < 1e-6);
  CHECK(to_string(nn::max_norm({.axes = {0, 1}}).spec()) == "max_norm(max_value=2, axes=[0, 1])");
  CHECK(nn::Constraint(nn::unit_norm({0, 1}).spec()).spec() == nn::unit_norm({0, 1}).spec());
}

TEST_CASE("constraints: hold after every update, by fit and by hand") {
  manual_seed(1);
  nn::Sequential model{nn::Dense({.units = 3,
                                  .input_dim = 4,
                                  .kernel_constraint = nn::max_norm({.max_value = 0.5}),
                                  .bias_constraint = "non_neg"})};
  model.compile({.optimizer = nn::SGD({.learning_rate = 1, .momentum = 0.5}), .loss = "mse"});
  const Tensor x = Generator(1).normal({8, 4}), y = Generator(2).normal({8, 3});
  for (int step = 0; step < 5; ++step) {
    model.fit(x, y, {.verbose = 0});
    const auto kernel = numbers(model["dense_1.kernel"]);
    for (std::size_t unit = 0; unit < 3; ++unit) {
      double squares = 0;
      for (std::size_t row = 0; row < 4; ++row) squares += kernel[row * 3 + unit] * kernel[row * 3 + unit];
      CHECK(std::sqrt(squares) < 0.5 + 1e-5);
    }
    for (const double value : numbers(model["dense_1.bias"])) CHECK(value >= 0);
  }
}

TEST_CASE("constraints: one that fails undoes the step") {
  bool fails = false;
  nn::Sequential model{
      nn::Dense({.units = 2, .input_dim = 3, .kernel_constraint = nn::max_norm()}),
      nn::Dense({.units = 1, .kernel_constraint = [&](const Tensor& w) { return fails ? ones({7}) : w; }})};
  nn::Adam adam(model.parameters());
  const auto step = [&] {
    sum(model(ones({2, 3}))).backward();
    adam.step();
  };
  step();
  const auto before = weights(model);
  fails = true;
  CHECK_ERROR(ShapeError, adam.step(),
              "constraint 'custom': a float32 tensor of shape (2, 1) was expected, it gave a float32 tensor of shape "
              "(7,)");
  CHECK(same_weights(weights(model), before));
  CHECK(adam.iterations() == 1);
}
