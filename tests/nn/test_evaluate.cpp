#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using nn::Dense;

TEST_CASE("evaluate: dropout is off, and nothing changes") {
  manual_seed(1);
  const SignProblem data(70);
  auto model = sign_network(0.5);
  model.compile({.optimizer = "sgd", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  const auto before = weights(model);
  const auto score = model.evaluate(data.x, data.labels, {.verbose = 0});
  CHECK(model.evaluate(data.x, data.labels, {.verbose = 0}).loss == score.loss);
  CHECK(model.training());
  CHECK(same_weights(weights(model), before));
  for (const auto& parameter : model.parameters()) CHECK_FALSE(parameter.value.grad().defined());
  model.eval();
  const double expected = nn::sparse_categorical_crossentropy(data.labels, model(data.x)).item();
  CHECK(score.loss == Close(expected, 1e-6));
  CHECK(model.evaluate(data.x, data.labels, {.verbose = 0}).loss == score.loss);
  CHECK_FALSE(model.training());
  // With dropout the same weights have another loss.
  CHECK(model.train_on_batch(data.x, data.labels).loss != Close(score.loss, 1e-4));
}

TEST_CASE("evaluate and predict: a layer that was switched by itself stays as it was") {
  auto model = sign_network(0.5);
  model.compile({.optimizer = "sgd", .loss = "sparse_categorical_crossentropy"});
  nn::Module& dropout = *model.children()[1].second;
  const SignProblem data(10);
  dropout.eval();
  const auto calls = [&] {
    model.evaluate(data.x, data.labels, {.verbose = 0});
    model.predict(data.x);
    model.fit(data.x, data.labels, {.verbose = 0});
  };
  calls();
  CHECK(model.training());
  CHECK_FALSE(dropout.training());
  model.eval();
  dropout.train();
  calls();
  CHECK_FALSE(model.training());
  CHECK(dropout.training());
}

TEST_CASE("evaluate, fit: also under NoGrad, and after an exception the model is in its old mode") {
  manual_seed(1);
  const SignProblem data(20);
  auto model = sign_network(0.5);
  model.compile({.optimizer = "sgd", .loss = "sparse_categorical_crossentropy"});
  const auto before = weights(model);
  const double loss = model.evaluate(data.x, data.labels, {.verbose = 0}).loss;
  {
    const NoGrad values_only;
    CHECK(model.evaluate(data.x, data.labels, {.verbose = 0}).loss == loss);
    model.fit(data.x, data.labels, {.verbose = 0});
    CHECK_FALSE(grad_enabled());
  }
  CHECK_FALSE(same_weights(weights(model), before));
  CHECK_THROWS_AS(model.evaluate(zeros({5, 3}), zeros({5}), {.verbose = 0}), ShapeError);
  CHECK(model.training());
  CHECK(grad_enabled());
}

TEST_CASE("predict: the outputs in the samples' order, whatever the batches, without a graph") {
  manual_seed(1);
  const SignProblem data(70);
  auto model = sign_network(0.5);
  const Tensor p = model.predict(data.x);
  CHECK(p.shape() == Shape{70, 2});
  CHECK_FALSE(p.requires_grad());
  CHECK(model.training());
  model.eval();
  CHECK(largest_difference(numbers(p), numbers(model(data.x))) < 1e-6);
  for (const std::int64_t size : {1, 7, 70, 100})
    CHECK(largest_difference(numbers(model.predict(data.x, {.batch_size = size})), numbers(p)) < 1e-6);
  nn::Sequential rows{Dense({.units = 4})};
  CHECK(rows.predict(zeros({5, 3, 2}), {.batch_size = 2}).shape() == Shape{5, 3, 4});
}

TEST_CASE("a model that gives one number for all samples can be trained, but not predict") {
  struct Total : nn::Model {
    Dense& layer = add(Dense({.units = 1, .input_dim = 1, .kernel_initializer = "ones"}));
    Tensor forward(const Tensor& x) override { return mean(layer(x)); }
  } model;
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = [](const Tensor&, const Tensor& p) { return p; }});
  CHECK(model.evaluate(column(5), column(5), {.batch_size = 4, .verbose = 0}).loss == 2);
  CHECK(model.fit(column(5), column(5), {.batch_size = 4, .verbose = 0, .shuffle = false})["loss"] == Numbers{2});
  CHECK_ERROR(ShapeError, model.predict(column(5)),
              "predict: the output for 5 samples has shape (): its first axis must be the samples");
  struct Single : nn::Model {
    Tensor forward(const Tensor& x) override { return mean(x, {.axis = 0, .keepdims = true}); }
  } single;
  CHECK_ERROR(ShapeError, single.predict(column(5)),
              "predict: the output for 5 samples has shape (1, 1): its first axis must be the samples");
}
