#include <doctest/doctest.h>

#include <cmath>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/schedules.hpp"
#include "nn/training/learning_rate_finder.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

using namespace xg;

TEST_CASE("find_learning_rate: rates rise by one factor, until the loss is too large") {
  // w is multiplied by 1 - rate in each step: the loss falls up to a rate of 2, and rises then.
  struct Square : nn::Model {
    nn::Parameter w = parameter("w", ones({1}));
    Tensor forward(const Tensor& x) override { return x * w; }
  };
  Square model;
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.5}),
                 .loss = [](const Tensor&, const Tensor& p) { return sum(p * p) / 2.0 + 1.0; }});
  const nn::LearningRateFinderOptions options{
      .min_learning_rate = 0.03, .max_learning_rate = 3000, .steps = 51, .smoothing = 0};
  const auto curve = nn::find_learning_rate(model, ones({1, 1}), ones({1, 1}), options);
  REQUIRE(curve.rates.size() > 5);
  CHECK(curve.rates.size() < 51);
  CHECK(curve.rates[0] == Close(0.03, 1e-12));
  double w = 1;
  double least = 2;
  for (std::size_t i = 0; i < curve.rates.size(); ++i) {
    CHECK(curve.rates[i] == Close(0.03 * std::pow(10, 0.1 * double(i)), 1e-9));
    CHECK(curve.losses[i] == Close(w * w / 2 + 1, 1e-5));
    CHECK(curve.smoothed[i] == curve.losses[i]);
    least = std::min(least, curve.losses[i]);
    w *= 1 - curve.rates[i];
  }
  CHECK(curve.losses.back() > 4 * least);
  CHECK(curve.losses[curve.losses.size() - 2] <= 4 * least);
  // The fall from one before to one after, by hand.
  double fall = 0, suggested = 0;
  for (std::size_t i = 1; i + 1 < curve.losses.size(); ++i)
    if (curve.losses[i - 1] - curve.losses[i + 1] > fall) {
      fall = curve.losses[i - 1] - curve.losses[i + 1];
      suggested = curve.rates[i];
    }
  REQUIRE(curve.suggestion);
  CHECK(*curve.suggestion == suggested);
}

TEST_CASE("find_learning_rate: the running mean is corrected for its beginning") {
  Recorder model;
  model.compile({.optimizer = nn::SGD({.learning_rate = 1}),
                 .loss = [](const Tensor&, const Tensor& p) { return mean(p.detach()) + sum(p) * 0.0; }});
  const std::vector<std::pair<Tensor, Tensor>> batches{{full({1, 1}, 4), ones({1, 1})}, {ones({1, 1}), ones({1, 1})}};
  const auto curve = nn::find_learning_rate(model, batches, {.steps = 4, .smoothing = 0.75});
  CHECK(curve.losses == Numbers{4, 1, 4, 1});
  CHECK(curve.smoothed[0] == Close(4, 1e-12));
  CHECK(curve.smoothed[1] == Close((0.75 * 4 + 1) / 1.75, 1e-12));
  CHECK(!nn::find_learning_rate(model, ones({1, 1}), ones({1, 1}), {.steps = 4}).suggestion);
}

TEST_CASE("find_learning_rate: the model, the optimizer and the generators are as they were") {
  const SignProblem data(64);
  const auto train = [&](bool looks, nn::LearningRate rate) {
    manual_seed(5);
    auto model = sign_network(0.5);
    model.compile({.optimizer = nn::Adam({.learning_rate = rate}), .loss = "sparse_categorical_crossentropy"});
    model.train_on_batch(data.x, data.labels);
    if (looks) CHECK(nn::find_learning_rate(model, data.x, data.labels, {.steps = 20}).rates.size() > 3);
    CHECK(model.optimizer().iterations() == 1);
    for (int step = 0; step < 3; ++step) model.train_on_batch(data.x, data.labels);
    return weights(model);
  };
  CHECK(same_weights(train(true, 0.01), train(false, 0.01)));
  const auto schedule = nn::step_decay({.learning_rate = 0.1, .decay_steps = 2});
  CHECK(same_weights(train(true, schedule), train(false, schedule)));
}

TEST_CASE("find_learning_rate: gradients that wait for a step are there again, and sums that are not complete") {
  const SignProblem data(64);
  const auto train = [&](bool looks) {
    manual_seed(5);
    auto model = sign_network(0);
    model.compile({.optimizer = nn::SGD({.gradient_transforms = {nn::accumulate(2)}}),
                   .loss = "sparse_categorical_crossentropy"});
    model.train_on_batch(data.x, data.labels);
    sum(model(data.x)).backward();
    if (looks) nn::find_learning_rate(model, data.x, data.labels, {.steps = 6});
    model.optimizer().step();
    return weights(model);
  };
  CHECK(same_weights(train(true), train(false)));
}

TEST_CASE("find_learning_rate: a model that is not built yet, and a step that throws") {
  nn::Sequential model{nn::Dense({.units = 1})};
  model.compile({.optimizer = "sgd", .loss = "mse"});
  nn::find_learning_rate(model, ones({4, 2}), ones({4, 1}), {.steps = 3});
  CHECK(model.optimizer().iterations() == 0);
  const auto before = weights(model);
  const std::vector<std::pair<Tensor, Tensor>> batches{{ones({1, 2}), ones({1, 1})}, {ones({1, 2}), ones({1, 3})}};
  CHECK_THROWS_AS(nn::find_learning_rate(model, batches, {.min_learning_rate = 0.1}), ShapeError);
  CHECK(same_weights(weights(model), before));
  CHECK(model.optimizer().learning_rate() == 0.01);
}

TEST_CASE("find_learning_rate: misuse") {
  Recorder model;
  const Tensor x = column(4);
  CHECK_ERROR(ValueError, nn::find_learning_rate(model, x, x),
              "optimizer: the model is not compiled: call compile({.optimizer = ..., .loss = ...}) first");
  model.compile({.optimizer = "sgd", .loss = "mse"});
  CHECK_ERROR(ValueError, nn::find_learning_rate(model, x, x, {.min_learning_rate = 0}),
              "find_learning_rate: rates must rise from above 0, got 0 as the least and 10 as the largest");
  CHECK_ERROR(ValueError, nn::find_learning_rate(model, x, x, {.steps = 2}),
              "find_learning_rate: at least 3 steps are needed, got 2");
  CHECK_ERROR(ValueError, nn::find_learning_rate(model, x, x, {.smoothing = 1}),
              "find_learning_rate: smoothing must lie in [0, 1), got 1");
  CHECK_ERROR(ValueError, nn::find_learning_rate(model, x, x, {.divergence = 1}),
              "find_learning_rate: divergence must be greater than 1, got 1");
}
