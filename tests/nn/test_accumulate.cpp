#include <doctest/doctest.h>

#include <functional>
#include <limits>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// Updates by the mean of several steps' gradients, and what a transform cannot be.

using namespace xg;
using nn::Dense;
using nn::SGD;

namespace {

using MakeOptimizer = std::function<nn::OptimizerChoice(std::vector<nn::GradientTransform>)>;

const std::vector<std::pair<const char*, MakeOptimizer>>& optimizers() {
  using Transforms = std::vector<nn::GradientTransform>;
  static const std::vector<std::pair<const char*, MakeOptimizer>> table{
      {"SGD",
       [](const Transforms& t) { return nn::OptimizerChoice(SGD({.learning_rate = 0.1, .gradient_transforms = t})); }},
      {"momentum",
       [](const Transforms& t) {
         return nn::OptimizerChoice(SGD({.learning_rate = 0.1, .momentum = 0.9, .gradient_transforms = t}));
       }},
      {"decay",
       [](const Transforms& t) {
         return nn::OptimizerChoice(SGD({.learning_rate = 0.1, .decay = 0.5, .gradient_transforms = t}));
       }},
      {"Adam",
       [](const Transforms& t) {
         return nn::OptimizerChoice(nn::Adam({.learning_rate = 0.02, .gradient_transforms = t}));
       }},
  };
  return table;
}

const Tensor x = Generator(1).normal({12, 3}, 0, 1, float64), y = Generator(2).normal({12, 2}, 0, 1, float64);

Tensor rows(const Tensor& all, std::int64_t start, std::int64_t count) { return all.array().slice(0, start, count, 1); }

nn::Sequential network(const nn::Regularizer& regularizer) {
  manual_seed(5);
  return {
      Dense({.units = 4, .input_dim = 3, .activation = "tanh", .kernel_regularizer = regularizer, .dtype = float64}),
      Dense({.units = 2, .bias_regularizer = regularizer, .dtype = float64})};
}

nn::Sequential compiled(const nn::OptimizerChoice& optimizer, const nn::Regularizer& regularizer) {
  nn::Sequential model = network(regularizer);
  model.compile({.optimizer = optimizer, .loss = "mse"});
  return model;
}

double difference(const nn::Module& a, const nn::Module& b) {
  double largest = 0;
  const auto list = a.parameters(), other = b.parameters();
  for (std::size_t i = 0; i < list.size(); ++i)
    largest = std::max(largest, largest_difference(numbers(list[i].value), numbers(other.at(i).value)));
  return largest;
}

const std::vector<nn::Regularizer>& regularizers() {
  static const std::vector<nn::Regularizer> all{
      {}, nn::l2(0.05), nn::l1(0.05), nn::l1_l2({.l1 = 0.02, .l2 = 0.03}), [](const Tensor& w) {
        return sum(exp(w)) * 0.05;
      }};
  return all;
}

Tensor leaf(double value) { return Tensor(Array::from(Numbers{value}, {1})).set_requires_grad(); }

}  // namespace

TEST_CASE("accumulate: k batches of n are one of k n, for every optimizer and regularizer") {
  for (const auto& [name, make] : optimizers())
    for (std::size_t which = 0; which < regularizers().size(); ++which)
      for (const int k : {1, 2, 3, 4}) {
        CAPTURE(std::string(name));
        CAPTURE(which);
        CAPTURE(k);
        nn::Sequential parts = compiled(make({nn::accumulate(k)}), regularizers()[which]);
        nn::Sequential whole = compiled(make({}), regularizers()[which]);
        const std::int64_t size = 12 / k;
        for (int round = 0; round < 3; ++round) {
          for (int part = 0; part < k; ++part) {
            const Tensor some_x = rows(x, part * size, size), some_y = rows(y, part * size, size);
            // The loss of every step holds the penalties, also of those that change nothing.
            const double before = parts.evaluate(some_x, some_y, {.verbose = 0}).loss;
            CHECK(parts.train_on_batch(some_x, some_y).loss == Close(before, 1e-12));
          }
          whole.train_on_batch(x, y);
          CHECK(parts.optimizer().iterations() == round + 1);
          CHECK(difference(parts, whole) < 1e-12);
        }
      }
}

TEST_CASE("accumulate: in float32 to its precision, in fit, by itself or behind others") {
  const Tensor samples = x.array().astype(float32), targets = y.array().astype(float32);
  const auto trained = [&](const MakeOptimizer& make, std::vector<nn::GradientTransform> transforms,
                           std::int64_t batch_size) {
    manual_seed(5);
    nn::Sequential model{Dense({.units = 4, .input_dim = 3, .activation = "tanh", .kernel_regularizer = "l2"}),
                         Dense({.units = 2, .kernel_regularizer = "l1"})};
    model.compile({.optimizer = make(std::move(transforms)), .loss = "mse"});
    model.fit(samples, targets, {.batch_size = batch_size, .epochs = 4, .verbose = 0, .shuffle = false});
    CHECK(model.optimizer().iterations() == 4);
    return model;
  };
  for (const auto& [name, make] : optimizers()) {
    CAPTURE(std::string(name));
    CHECK(difference(trained(make, {nn::accumulate(3)}, 4), trained(make, {}, 12)) < 1e-6);
    CHECK(difference(trained(make, {nn::accumulate(3), nn::clip_by_global_norm(0.1)}, 4),
                     trained(make, {nn::clip_by_global_norm(0.1)}, 12)) < 1e-6);
    CHECK(difference(trained(make, {nn::accumulate(2), nn::accumulate(3)}, 2), trained(make, {}, 12)) < 1e-6);
  }
}

TEST_CASE("accumulate: what comes before it acts on each step, what comes behind on the mean") {
  const auto run = [](std::vector<nn::GradientTransform> transforms) {
    const Tensor w = leaf(0);
    SGD optimizer(nn::ParameterList{{"w", w}}, {.learning_rate = 1, .gradient_transforms = std::move(transforms)});
    for (const double g : {4.0, -1.0}) {
      Tensor(w).set_grad(Tensor({g}, float64));
      optimizer.step();
    }
    return w.item();
  };
  CHECK(run({nn::accumulate(2)}) == -1.5);
  CHECK(run({nn::clip_by_value(1), nn::accumulate(2)}) == 0);
  CHECK(run({nn::accumulate(2), nn::clip_by_value(1)}) == -1);
}

TEST_CASE("accumulate: iterations() counts updates, and nothing changes between them") {
  const Tensor w = leaf(0);
  SGD optimizer(nn::ParameterList{{"w", w}}, {.learning_rate = 1, .gradient_transforms = {nn::accumulate(3)}});
  for (int step = 1; step <= 8; ++step) {
    const auto version = w.array().version();
    Tensor(w).set_grad(Tensor({static_cast<double>(step)}, float64));
    optimizer.step();
    CHECK(optimizer.iterations() == step / 3);
    CHECK((w.array().version() == version) == (step % 3 != 0));
  }
  CHECK(w.item() == -2 - 5);
}

TEST_CASE("accumulate: copies of an optimizer have sums of their own") {
  const Tensor w = leaf(0);
  SGD optimizer(nn::ParameterList{{"w", w}}, {.learning_rate = 1, .gradient_transforms = {nn::accumulate(2)}});
  const auto step = [&](SGD& one, double g) {
    Tensor(w).set_grad(Tensor({g}, float64));
    one.step();
    const double moved = w.item();
    const NoGrad values_only;
    Tensor(w).assign(zeros({1}, float64));
    return moved;
  };
  CHECK(step(optimizer, 2) == 0);
  SGD copy = optimizer, assigned;
  assigned = optimizer;
  CHECK(step(copy, 10) == -6);
  CHECK(step(copy, 20) == 0);
  CHECK(step(optimizer, 4) == -3);
  CHECK(step(optimizer, 0) == 0);
  CHECK(step(assigned, 6) == -4);
  CHECK(step(copy, 0) == -10);
  SGD moved = std::move(optimizer);
  CHECK(step(moved, 2) == -1);
  CHECK(moved.iterations() == 2);
}

TEST_CASE("accumulate: a step that is refused behind it leaves the sums alone") {
  for (const bool before : {false, true}) {
    bool refuses = false;
    const auto refuse = [&](nn::Gradients&) {
      if (refuses) throw std::runtime_error("refused");
    };
    const Tensor w = leaf(0);
    SGD optimizer(nn::ParameterList{{"w", w, nn::l2(0.25)}}, {.learning_rate = 1, .momentum = 0.5});
    if (before) optimizer.add_transform(refuse);
    optimizer.add_transform(nn::accumulate(2));
    if (!before) optimizer.add_transform(refuse);
    double expected = 0, velocity = 0;
    for (int round = 0; round < 3; ++round) {
      for (const double g : {1.0, 5.0}) {
        for (const bool fails : {true, false}) {
          // Behind the stage that keeps gradients back nobody is asked.
          refuses = fails && (before || g == 5);
          Tensor(w).set_grad(Tensor({g}, float64));
          if (!refuses && fails) continue;
          if (refuses) {
            CHECK_THROWS_AS(optimizer.step_with_penalties(), std::runtime_error);
            CHECK(w.grad().item() == g);
          } else {
            optimizer.step_with_penalties();
          }
        }
      }
      velocity = 0.5 * velocity - (3 + 0.5 * expected);
      expected += velocity;
      CHECK(w.item() == Close(expected, 1e-14));
      CHECK(optimizer.iterations() == round + 1);
    }
  }
}

TEST_CASE("accumulate: a parameter that lies where one lay that is gone does not get its sum") {
  SGD optimizer({.learning_rate = 1, .gradient_transforms = {nn::accumulate(2)}});
  const auto leaves = [] {
    nn::ParameterList list;
    for (int i = 0; i < 64; ++i) list.push_back({concat("w", i), leaf(0)});
    return list;
  };
  const auto step = [&](const nn::ParameterList& list, double g) {
    optimizer.attach(list);
    for (const auto& parameter : list) Tensor(parameter.value).set_grad(Tensor({g}, float64));
    optimizer.step();
  };
  step(leaves(), 100);
  optimizer.attach({{"other", leaf(0)}});
  const auto others = leaves();
  step(others, 2);
  for (const auto& parameter : others) CHECK(parameter.value.item() == -1);
}

TEST_CASE("accumulate: a parameter that is frozen between two steps is left out, and thaws without what it missed") {
  const Tensor w = leaf(0), other = leaf(0);
  SGD optimizer(nn::ParameterList{{"w", w}, {"other", other}},
                {.learning_rate = 1, .gradient_transforms = {nn::accumulate(2)}});
  const auto step = [&](double g) {
    for (const Tensor& each : {w, other}) Tensor(each).set_grad(Tensor({g}, float64));
    optimizer.step();
  };
  step(2);
  Tensor(w).set_requires_grad(false);
  step(4);
  CHECK(w.item() == 0);
  CHECK(other.item() == -3);
  Tensor(w).set_requires_grad();
  step(6);
  step(8);
  CHECK(w.item() == -7);
  CHECK(other.item() == -10);
}

TEST_CASE("gradient transforms: limits that make no sense, and null") {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  CHECK_ERROR(ValueError, nn::clip_by_value(0), "clip_by_value: the limit must be a positive number, got 0");
  CHECK_ERROR(ValueError, nn::clip_by_value(nan), "clip_by_value: the limit must be a positive number, got NaN");
  CHECK_ERROR(ValueError, nn::clip_by_norm(-1), "clip_by_norm: the limit must be a positive number, got -1");
  CHECK_ERROR(ValueError, nn::clip_by_norm(infinity), "clip_by_norm: the limit must be a positive number, got inf");
  CHECK_ERROR(ValueError, nn::clip_by_global_norm(-infinity),
              "clip_by_global_norm: the limit must be a positive number, got -inf");
  CHECK_ERROR(ValueError, nn::clip_by_global_norm(0),
              "clip_by_global_norm: the limit must be a positive number, got 0");
  CHECK_ERROR(ValueError, nn::accumulate(0), "accumulate: at least one step is needed, got 0");
  CHECK_ERROR(ValueError, nn::accumulate(-2), "accumulate: at least one step is needed, got -2");
  bool (*const none)(nn::Gradients&) = nullptr;
  CHECK_ERROR(ValueError, nn::GradientTransform(none), "gradient transform: a null function was given");
  CHECK_ERROR(ValueError, nn::GradientTransform(std::function<void(nn::Gradients&)>()),
              "gradient transform: a null function was given");
  CHECK_ERROR(ValueError, nn::GradientTransform("mine", nullptr), "gradient transform: a null function was given");
}

TEST_CASE("gradient transforms: a gradient of another shape or dtype is refused") {
  const Tensor w = Tensor({1.0, 2.0}).set_requires_grad();
  SGD optimizer(nn::ParameterList{{"layer.w", w}}, {.learning_rate = 1});
  Array wanted = Array::zeros({3});
  optimizer.add_transform([&](nn::Gradients& gradients) {
    const std::string text =
        concat("gradient: that of 'layer.w' is a float32 tensor of shape (2,), it cannot become a ", wanted.dtype(),
               " tensor of shape ", wanted.shape());
    CHECK_ERROR(ShapeError, gradients[0].set(wanted), text);
    gradients[0].set(wanted);
  });
  for (const Array& each : {Array::zeros({3}), Array::zeros({2}, float64), Array::zeros({2, 1}), Array::zeros({})}) {
    wanted = each;
    Tensor(w).set_grad(ones({2}));
    CHECK_THROWS_AS(optimizer.step(), ShapeError);
    CHECK(numbers(w) == Numbers{1, 2});
    CHECK(optimizer.iterations() == 0);
  }
  wanted = Array::zeros({2});
  CHECK(message_of<ShapeError>([&] {
          nn::Gradient(0, {"w", w}, Array::zeros({2})).set(Array::zeros({2}));
        }) == "no exception");
}
