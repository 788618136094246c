#include <doctest/doctest.h>

#include <functional>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/layers/activation.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"

// A call that fails leaves the model as it was: what it was given to compute with may throw at any point.

using namespace xg;
using nn::Dense;

namespace {

struct Refusal {};

/// Throws when it is told to.
struct Switch {
  bool on = false;
  void pass() const {
    if (on) throw Refusal();
  }
};

const Tensor x = Generator(5).normal({6, 4}), y = Generator(6).uniform({6, 2});

/// A model with all that changes in a step. Its parts may refuse: the loss, a metric, an activation in the middle, a
/// regularizer and the last layer's backward pass.
struct Subject {
  Switch loss, metric, activation, regularizer, backward, callback;
  nn::Sequential model;

  explicit Subject(std::int64_t input_dim = 4) : model(make(input_dim)) {
    model.compile({.optimizer = nn::Adam({.learning_rate = 0.1}),
                   .loss =
                       [this](const Tensor& truth, const Tensor& p) {
                         loss.pass();
                         return nn::mean_squared_error(truth, p);
                       },
                   .metrics = {"mae", nn::Metric("refusing", [this](const Tensor&, const Tensor& p) {
                                 metric.pass();
                                 return double(p.shape()[0]);
                               })}});
  }

  nn::Sequential make(std::int64_t input_dim) {
    manual_seed(3);
    nn::Sequential result{Dense({.units = 5, .input_dim = input_dim, .kernel_regularizer = nn::l2(0.1)}),
                          nn::Dropout(0.5), nn::Activation([this](const Tensor& z) {
                            activation.pass();
                            return z * 1.5;
                          }),
                          Dense({.units = 2,
                                 .bias_regularizer =
                                     [this](const Tensor& b) {
                                       regularizer.pass();
                                       return sum(b * b);
                                     },
                                 .activity_regularizer = nn::l2(0.1)})};
    result.children()[2].second->register_backward_hook([this](nn::Module&, const Tensor&) {
      backward.pass();
      return Tensor();
    });
    return result;
  }

  std::vector<Switch*> switches() { return {&loss, &metric, &activation, &regularizer, &backward}; }
};

void check_refused(const std::function<void()>& call) { CHECK_THROWS_AS(call(), Refusal); }

}  // namespace

TEST_CASE("strong: a step whose loss, metric, layer, regularizer or gradient throws changes nothing") {
  Subject reference;
  reference.model.train_on_batch(x, y);
  const double loss = reference.model.train_on_batch(x, y).loss;
  const auto expected = weights(reference.model);
  for (std::size_t which = 0; which < 5; ++which) {
    CAPTURE(which);
    Subject subject;
    auto& model = subject.model;
    model.train_on_batch(x, y);
    for (auto& parameter : model.parameters()) parameter.value.set_grad(ones(parameter.value.shape()));
    const auto before = weights(model);
    const double penalty = model.penalty().item();
    const auto terms = model.pass_penalties().size();
    subject.switches()[which]->on = true;
    check_refused([&] { model.train_on_batch(x, y); });
    check_refused([&] { model.fit(x, y, {.batch_size = 6, .verbose = 0, .shuffle = false}); });
    subject.switches()[which]->on = false;
    CHECK(same_weights(weights(model), before));
    for (const auto& parameter : model.parameters())
      CHECK(numbers(parameter.value.grad()) == numbers(ones(parameter.value.shape())));
    CHECK(model.optimizer().iterations() == 1);
    CHECK(model.penalty().item() == penalty);
    CHECK(model.pass_penalties().size() == terms);
    CHECK(model.training());
    // The same dropout, the same state of the optimizer.
    CHECK(model.train_on_batch(x, y).loss == loss);
    CHECK(same_weights(weights(model), expected));
  }
}

TEST_CASE("strong: a first step that throws leaves the model unbuilt, and nothing to the optimizer") {
  for (std::size_t which = 0; which < 5; ++which) {
    CAPTURE(which);
    Subject subject(0);
    auto& model = subject.model;
    subject.switches()[which]->on = true;
    check_refused([&] { model.train_on_batch(x, y); });
    CHECK(model.parameters().empty());
    CHECK_FALSE(model.input_shape());
    CHECK(model.optimizer().parameters().empty());
    CHECK(model.pass_penalties().empty());
    for (const nn::Module* module : model.modules()) CHECK_FALSE(module->first_output_shape());
    subject.switches()[which]->on = false;
    // Another width is as good as the first, and so is another layer.
    model.add(Dense({.units = 2}));
    CHECK(model.train_on_batch(ones({3, 9}), ones({3, 2}))["refusing"] > 0);
    CHECK(model["dense_1.kernel"].shape() == Shape{9, 5});
  }
}

TEST_CASE("strong: a metric that fails before the step changes nothing") {
  manual_seed(1);
  const auto make = [] {
    nn::Sequential model{Dense({.units = 3, .input_dim = 4, .kernel_regularizer = nn::l2(0.1)}), nn::Dropout(0.5),
                         Dense({.units = 2})};
    model.compile({.optimizer = nn::SGD({.momentum = 0.9}),
                   .loss = [](const Tensor&, const Tensor& p) { return sum(p); },
                   .metrics = {"mae", "categorical_accuracy"}});
    return model;
  };
  auto model = make();
  model.train_on_batch(x, y);
  const auto before = weights(model);
  // Class numbers do not fit categorical_accuracy, which comes after a metric that was updated.
  CHECK_THROWS_AS(model.train_on_batch(x, zeros({6})), ShapeError);
  CHECK_THROWS_AS(model.train_on_batch(x, zeros({6, 3})), ShapeError);
  CHECK(same_weights(weights(model), before));
  CHECK(model.optimizer().iterations() == 1);
  for (const auto& parameter : model.parameters()) CHECK_FALSE(parameter.value.grad().defined());
  const auto score = model.train_on_batch(x, y);
  manual_seed(1);
  auto other = make();
  other.train_on_batch(x, y);
  const auto expected = other.train_on_batch(x, y);
  CHECK(score.loss == expected.loss);
  CHECK(score["mae"] == expected["mae"]);
  CHECK(same_weights(weights(model), weights(other)));
}

TEST_CASE("strong: a pass that throws leaves penalties, shapes, layers and random numbers as they were") {
  Subject subject(0), reference(0);
  auto& model = subject.model;
  subject.activation.on = true;
  check_refused([&] { model(x); });
  CHECK(model.parameters().empty());
  subject.activation.on = false;
  const Numbers first = numbers(model(x));
  CHECK(first == numbers(reference.model(x)));
  const double penalty = model.penalty().item();
  subject.activation.on = true;
  check_refused([&] { model(ones({2, 4})); });
  CHECK(model.penalty().item() == penalty);
  CHECK(*model.first_output_shape() == Shape{6, 2});
  CHECK(*model.children()[0].second->first_output_shape() == Shape{6, 5});
  subject.activation.on = false;
  CHECK(numbers(model(x)) == numbers(reference.model(x)));
}

TEST_CASE("strong: evaluate and predict that throw leave the model as it was") {
  Subject subject(0);
  auto& model = subject.model;
  subject.loss.on = true;
  check_refused([&] { model.evaluate(x, y, {.verbose = 0}); });
  CHECK(model.parameters().empty());
  subject.activation.on = true;
  check_refused([&] { model.predict(x); });
  CHECK(model.parameters().empty());
  CHECK(model.training());
  subject.loss.on = subject.activation.on = false;
  CHECK(model.predict(ones({2, 9})).shape() == Shape{2, 2});
}

TEST_CASE("strong: a callback that throws ends fit between two steps") {
  struct Thrower : nn::Callback {
    std::int64_t at = 0;
    bool before = true;
    Thrower(std::int64_t batch, bool before_step) : at(batch), before(before_step) {}
    void on_batch_begin(nn::TrainingRun&, std::int64_t batch) override {
      if (before && batch == at) throw Refusal();
    }
    void on_batch_end(nn::TrainingRun&, std::int64_t batch, std::int64_t, const nn::Logs&) override {
      if (!before && batch == at) throw Refusal();
    }
  };
  const auto part = [](const Tensor& all, std::int64_t batch) { return Tensor(all.array().slice(0, batch * 2, 2, 1)); };
  for (const bool before : {true, false})
    for (std::int64_t batch = 0; batch < 3; ++batch) {
      Subject subject, reference;
      check_refused([&] {
        subject.model.fit(x, y,
                          {.batch_size = 2, .verbose = 0, .callbacks = {Thrower(batch, before)}, .shuffle = false});
      });
      const std::int64_t steps = before ? batch : batch + 1;
      for (std::int64_t step = 0; step < steps; ++step) reference.model.train_on_batch(part(x, step), part(y, step));
      CHECK(subject.model.optimizer().iterations() == steps);
      CHECK(same_weights(weights(subject.model), weights(reference.model)));
      CHECK(subject.model.training());
      // It can be trained again.
      CHECK(subject.model.fit(x, y, {.verbose = 0}).epochs() == 1);
    }
}

TEST_CASE("strong: layers that do not fit each other are not built at all") {
  nn::Sequential model{Dense({.units = 3}), nn::Dropout(0.5), Dense({.units = 2, .input_dim = 5})};
  CHECK(model.parameters().size() == 2);
  CHECK_THROWS_AS(model.build_for({4}), ShapeError);
  CHECK_THROWS_AS(model(ones({1, 4})), ShapeError);
  CHECK_THROWS_AS(model.predict(ones({1, 4})), ShapeError);
  CHECK(model.parameters().size() == 2);
  CHECK_FALSE(model.input_shape());
}

TEST_CASE("strong: a Dense whose bias cannot be made has no kernel either, and draws it again") {
  bool refuses = true;
  const nn::DenseOptions options{
      .units = 3,
      .bias_initializer = nn::Initializer::Function([&](const Shape& shape, DType dtype, Generator& generator) {
        if (refuses) throw Refusal();
        return generator.uniform(shape, 0, 1, dtype);
      })};
  manual_seed(2);
  Dense layer(options), other(options);
  check_refused([&] { layer.build_for({4}); });
  check_refused([&] { layer(x); });
  CHECK(layer.parameters().empty());
  CHECK_FALSE(layer.built());
  refuses = false;
  manual_seed(2);
  Dense expected(options);
  layer(x);
  expected(x);
  CHECK(same_weights(weights(layer), weights(expected)));
}

TEST_CASE("strong: samples to validate with that do not fit leave the model as it was") {
  nn::Sequential model{Dense({.units = 3}), nn::Dropout(0.5), Dense({.units = 2})};
  model.compile({.optimizer = "sgd", .loss = "mse"});
  CHECK_ERROR(ShapeError, model.fit(x, y, {.verbose = 0, .validation_data = {ones({6, 3}), y}}),
              "Dense: the last axis of the input must be 4, as in the kernel (4, 3), but a sample has shape (3,)");
  CHECK(model.parameters().empty());
  CHECK_FALSE(model.children()[0].second->built());
  CHECK(model.fit(x, y, {.verbose = 0, .validation_data = {x, y}}).epochs() == 1);
}
