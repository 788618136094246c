#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/memory_pool.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using nn::Dense;

TEST_CASE("penalties: part of every loss, of no metric") {
  const auto make = [](const nn::Regularizer& kernel, const nn::Regularizer& output) {
    nn::Sequential model{Dense({.units = 2,
                                .input_dim = 2,
                                .kernel_initializer = "ones",
                                .bias_initializer = "ones",
                                .kernel_regularizer = kernel,
                                .bias_regularizer = nn::l2(0.25),
                                .activity_regularizer = output})};
    model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mse", .metrics = {"mse"}});
    return model;
  };
  // Outputs 3; kernel of four ones, bias of two.
  const Tensor x = ones({6, 2}), y = ones({6, 2});
  const auto check = [&](nn::Sequential model, double penalty) {
    const double total = 4 + penalty;
    const auto score = model.evaluate(x, y, {.batch_size = 4, .verbose = 0});
    CHECK(score.loss == Close(total, 1e-7));
    CHECK(score["mse"] == 4);
    CHECK(model.train_on_batch(x, y).loss == Close(total, 1e-7));
    const auto history = model.fit(x, y, {.batch_size = 4, .verbose = 0, .validation_data = {x, y}});
    CHECK(history["loss"][0] == Close(total, 1e-7));
    CHECK(history["val_loss"][0] == Close(total, 1e-7));
    CHECK(history["mse"][0] == 4);
    CHECK(history["val_mse"][0] == 4);
  };
  check(make({}, {}), 0.5);
  check(make(nn::l2(0.5), {}), 0.5 + 2);
  check(make(nn::l1(0.5), {}), 0.5 + 2);
  check(make(nn::l1_l2({.l1 = 0.5, .l2 = 0.5}), {}), 0.5 + 4);
  check(make({}, nn::l2(0.5)), 0.5 + 0.5 * 2 * 9);
  check(make([](const Tensor& w) { return sum(w); }, nn::l1(0.5)), 0.5 + 4 + 0.5 * 2 * 3);
}

TEST_CASE("penalties: pull at the parameters in fit") {
  for (const bool by_adam : {false, true}) {
    const auto run = [&](const nn::Regularizer& regularizer, double extra) {
      nn::Sequential model{Dense({.units = 1,
                                  .input_dim = 1,
                                  .use_bias = false,
                                  .kernel_initializer = nn::constant(2),
                                  .kernel_regularizer = regularizer})};
      // The inputs are ones, so that the square of an output is that of the weight.
      const nn::Loss loss = [extra](const Tensor&, const Tensor& p) { return mean(p) + mean(square(p)) * extra; };
      if (by_adam)
        model.compile({.optimizer = nn::Adam({.learning_rate = 0.1}), .loss = loss});
      else
        model.compile({.optimizer = nn::SGD({.learning_rate = 0.1}), .loss = loss});
      const auto history = model.fit(ones({4, 1}), ones({4, 1}), {.batch_size = 2, .epochs = 3, .verbose = 0});
      Numbers result = history["loss"];
      result.push_back(model["dense_1.kernel"].item());
      return result;
    };
    const Numbers expected = run({}, 0.25);
    CHECK(largest_difference(run(nn::l2(0.25), 0), expected) < 1e-6);
    CHECK(largest_difference(run(nn::l1_l2({.l1 = 0, .l2 = 0.25}), 0), expected) < 1e-6);
    CHECK(largest_difference(run([](const Tensor& w) { return sum(square(w)) * 0.25; }, 0), expected) < 1e-6);
  }
}

TEST_CASE("penalties: also of parameters that the forward pass does not use") {
  struct Spare : nn::Model {
    Dense& layer = add(Dense({.units = 1, .input_dim = 1}));
    nn::Parameter spare;
    explicit Spare(const nn::Regularizer& regularizer) : spare(parameter("spare", full({2}, 3), regularizer)) {}
    Tensor forward(const Tensor& x) override { return layer(x); }
  };
  const Tensor x = zeros({2, 1});
  for (const nn::Regularizer& regularizer : {nn::l2(0.5), nn::l1_l2({.l1 = 0, .l2 = 0.5})}) {
    Spare model(regularizer);
    model.compile({.optimizer = nn::SGD({.learning_rate = 0.1}), .loss = "mse"});
    CHECK(model.evaluate(x, x, {.verbose = 0}).loss == 9);
    CHECK(model.train_on_batch(x, x).loss == 9);
    CHECK(largest_difference(numbers(model.spare), {2.7, 2.7}) < 1e-6);
  }
}

TEST_CASE("penalties: also of parameters that the optimizer was not given") {
  for (const nn::Regularizer& regularizer : {nn::l2(0.5), nn::l1_l2({.l1 = 0, .l2 = 0.5})}) {
    nn::Sequential model;
    Dense& fixed =
        model.add(Dense({.units = 2, .input_dim = 2, .kernel_initializer = "ones", .kernel_regularizer = regularizer}));
    Dense& tuned = model.add(Dense({.units = 1, .kernel_initializer = "zeros"}));
    const auto before = weights(fixed);
    const auto optimizer = std::make_shared<nn::SGD>(tuned.parameters(), nn::SGDOptions{.learning_rate = 0.1});
    model.compile({.optimizer = optimizer, .loss = "mse"});
    const Tensor x = ones({2, 2}), y = ones({2, 1});
    CHECK(model.evaluate(x, y, {.verbose = 0}).loss == 1 + 2);
    CHECK(model.train_on_batch(x, y).loss == 1 + 2);
    CHECK(same_weights(weights(fixed), before));
    CHECK(numbers(tuned["kernel"]) != Numbers{0, 0});
  }
}

TEST_CASE("penalties: frozen parameters that the optimizer was not given have none") {
  nn::Sequential model{Dense({.units = 2, .input_dim = 2, .kernel_regularizer = "l2"}), Dense({.units = 1})};
  const auto optimizer = std::make_shared<nn::SGD>(model.children()[1].second->parameters());
  model.compile({.optimizer = optimizer, .loss = "mse"});
  model.freeze("dense_1.*");
  const double before = model.evaluate(ones({2, 2}), ones({2, 1}), {.verbose = 0}).loss;
  CHECK(model.train_on_batch(ones({2, 2}), ones({2, 1})).loss == Close(before, 1e-6));
}

TEST_CASE("penalties: evaluate() and predict() leave those of the last call alone") {
  nn::Sequential model{Dense({.units = 1, .input_dim = 2, .activity_regularizer = "l2"})};
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor x = ones({3, 2});
  model(x);
  const double penalty = model.penalty().item();
  CHECK(penalty > 0);
  model.predict(x * 5.0);
  model.evaluate(x * 5.0, ones({3, 1}), {.verbose = 0});
  CHECK(model.penalty().item() == penalty);
  model.penalty().backward();
  CHECK(model["dense_1.kernel"].grad().defined());
}

TEST_CASE("penalties: those of modules that are gone are forgotten with the next pass") {
  const auto pass = [] {
    Dense layer({.units = 1, .input_dim = 1000, .activity_regularizer = "l2"});
    layer(ones({100, 1000}));
  };
  pass();
  const auto used = pool::statistics().used_bytes;
  for (int i = 0; i < 5; ++i) pass();
  CHECK(pool::statistics().used_bytes < used + 100'000);
}

TEST_CASE("penalties: none of outputs, if the last pass had none") {
  struct Branches : nn::Model {
    Dense& penalised = add(Dense({.units = 1, .input_dim = 2, .activity_regularizer = "l2"}));
    Dense& plain = add(Dense({.units = 1, .input_dim = 2}));
    bool left = true;
    Tensor forward(const Tensor& x) override { return left ? penalised(x) : plain(x); }
  } model;
  model(ones({3, 2}));
  CHECK(model.pass_penalties().size() == 1);
  model.left = false;
  for (int pass = 0; pass < 2; ++pass) {
    model(ones({3, 2}));
    CHECK(model.penalty().item() == 0);
    CHECK(model.pass_penalties().empty());
  }
  model.left = true;
  model(ones({3, 2}));
  CHECK(model.pass_penalties().size() == 1);
}
