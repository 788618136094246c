#include <doctest/doctest.h>

#include <list>
#include <optional>
#include <tuple>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "nn/data/batches.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/two_headed.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// fit(), evaluate() and predict() on data sets that are walked batch by batch.

using namespace xg;
using nn::Tensors;

namespace {

using Pair = std::pair<Tensor, Tensor>;
const nn::EvaluateOptions quiet{.verbose = 0};

struct Line : Recorder {
  Line() { compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mae"}); }
};

/// Batches of one sample, 0 to count - 1, whose targets are 0.
std::vector<Pair> singles(int count) {
  std::vector<Pair> all;
  for (int i = 0; i < count; ++i) all.emplace_back(full({1, 1}, i), zeros({1, 1}));
  return all;
}

/// A function that gives 0, 1, ..., count - 1, none, and all of it again.
auto counter(int count) {
  return [count, next = 0]() mutable -> std::optional<Pair> {
    if (next == count) {
      next = 0;
      return std::nullopt;
    }
    return Pair(full({1, 1}, next++), zeros({1, 1}));
  };
}

}  // namespace

TEST_CASE("data sets: fit on batches gives what fit on tensors gives") {
  const SignProblem data(20);
  const auto train = [&](auto&& fit) {
    manual_seed(3);
    auto model = sign_network(0.3);
    model.compile({.optimizer = "adam", .loss = "sparse_categorical_crossentropy", .metrics = {"acc"}});
    const nn::History history = fit(model);
    return std::pair(history, weights(model));
  };
  const auto [on_tensors, expected] = train([&](auto& model) {
    return model.fit(
        data.x, data.labels,
        {.batch_size = 8, .epochs = 2, .verbose = 0, .validation_data = {data.x, data.labels}, .shuffle = false});
  });
  auto batches = data::batches(data.x, data.labels, {.size = 8});
  const auto [on_batches, found] = train([&](auto& model) {
    return model.fit(batches, {.epochs = 2, .verbose = 0, .validation_data = {.batches = batches}});
  });
  CHECK(same_weights(found, expected));
  for (const auto& [name, values] : on_tensors.all()) CHECK(on_batches[name] == values);
}

TEST_CASE("data sets: ranges, functions, pairs, tuples with weights, and members") {
  struct Batch {
    Tensors x, y, sample_weight;
  };
  const auto pairs = singles(3);
  const std::list<std::tuple<Tensor, Tensor, Tensor>> tuples{{ones({2, 1}), zeros({2, 1}), Tensor{1.0, 3.0}}};
  const std::vector<Batch> members{{ones({2, 1}), zeros({2, 1}), Tensor{1.0, 3.0}}};
  Line model;
  CHECK(model.evaluate(pairs, quiet).loss == 1);
  CHECK(model.evaluate(counter(3), quiet).loss == 1);
  CHECK(model.evaluate(tuples, quiet).loss == 2);
  CHECK(model.evaluate(members, quiet).loss == 2);
  CHECK(model.fit(counter(3), {.epochs = 2, .verbose = 0})["loss"] == Numbers{1, 1});
  CHECK(model.trained == Numbers{0, 1, 2, 0, 1, 2});
  CHECK(model.fit(tuples, {.verbose = 0})["loss"] == Numbers{2});
}

TEST_CASE("data sets: a range without a name is kept") {
  Line model;
  const nn::FitOptions options{.verbose = 0, .validation_data = {.batches = singles(3)}};
  CHECK(model.fit(singles(2), options)["val_loss"] == Numbers{1});
}

TEST_CASE("data sets: predict wants samples alone, and takes batches of any size") {
  Line model;
  const std::vector<Tensor> samples{column(3), column(1), column(2)};
  CHECK(numbers(model.predict(samples).only()) == Numbers{0, 1, 2, 0, 0, 1});
  CHECK(numbers(model.predict(samples, {.steps = 1}).only()) == Numbers{0, 1, 2});
  CHECK(numbers(model.predict(singles(2)).only()) == Numbers{0, 1});
  const std::vector<Tensor> none;
  CHECK_ERROR(ValueError, model.predict(none), "predict: the data set gave no batch");
}

TEST_CASE("data sets: steps_per_epoch walks on, and begins anew at the end") {
  Line model;
  model.fit(counter(3), {.epochs = 2, .verbose = 0, .steps_per_epoch = 2});
  CHECK(model.trained == Numbers{0, 1, 2, 0});
  model.trained.clear();
  model.fit(singles(3), {.epochs = 1, .verbose = 0, .steps_per_epoch = 5});
  CHECK(model.trained == Numbers{0, 1, 2, 0, 1});
  model.trained.clear();
  model.fit(column(4), zeros({4, 1}),
            {.batch_size = 1, .epochs = 2, .verbose = 0, .shuffle = false, .steps_per_epoch = 3});
  CHECK(model.trained == Numbers{0, 1, 2, 3, 0, 1});
  CHECK(model.evaluate(counter(9), {.verbose = 0, .steps = 3}).loss == 1);
}

TEST_CASE("data sets: class weights and several outputs") {
  const TwoHeadedData data(6);
  auto net = two_headed();
  auto batches = data::batches(data.x(), data.y(), {.size = 4});
  CHECK(net.evaluate(batches, quiet).loss == net.evaluate(data.x(), data.y(), {.batch_size = 4, .verbose = 0}).loss);
  struct Told : nn::Callback {
    std::vector<std::string> figures;
    void on_train_begin(nn::TrainingRun& run) override { figures = run.figures; }
  };
  Told told;
  net.fit(batches, {.verbose = 0, .callbacks = {std::ref(told)}});
  CHECK(told.figures ==
        std::vector<std::string>{"loss", "digit_loss", "parity_loss", "digit_accuracy", "digit_mae", "parity_mae"});
  CHECK(net.predict(batches)["digit"].shape() == Shape{6, 3});
  Line line;
  const std::vector<Pair> one{{Tensor{{1.0}, {1.0}}, Tensor{{0.0}, {2.0}}}};
  CHECK(line.fit(one, {.verbose = 0, .class_weight = {{2, 3}}})["loss"] == Numbers{2});
}

TEST_CASE("data sets: what is told of an epoch, with and without a known length") {
  Line model;
  std::vector<std::string> lines;
  auto batches = data::batches(column(5), zeros({5, 1}), {.size = 2, .drop_last = true});
  model.fit(batches, {.verbose = 0, .callbacks = {Log(lines)}, .validation_data = {.batches = singles(1)}});
  CHECK(lines.front() == "begin 1 4 -1");
  lines.clear();
  model.fit(counter(2), {.verbose = 0, .callbacks = {Log(lines)}});
  CHECK(lines.front() == "begin 1 -1 0");
}

TEST_CASE("data sets: progress, by samples, by batches, and without a total") {
  Line model;
  const auto shown = [&](auto&& source, nn::FitOptions options) {
    Screen screen;
    options.display = screen.display(false);
    model.fit(source, options);
    return screen.out.str();
  };
  const std::string bar(30, '=');
  auto batches = data::batches(column(5), zeros({5, 1}), {.size = 5});
  CHECK(shown(batches, {}) == "Epoch 1/1\n\n5/5 [" + bar + "] - 0s 0us/step - loss: 2.0000\n");
  const auto pairs = singles(1);
  CHECK(shown(pairs, {}) == "Epoch 1/1\n\n1/1 [" + bar + "] - 0s 0us/step - loss: 0.0000e+00\n");
  CHECK(shown(counter(1), {}) ==
        "Epoch 1/1\n\n      1/Unknown - 0s 0us/step - loss: 0.0000e+00\n      1/Unknown - 0s 0us/step - loss: "
        "0.0000e+00\n");
  CHECK(shown(counter(9), {.steps_per_epoch = 1}) ==
        "Epoch 1/1\n\n1/1 [" + bar + "] - 0s 0us/step - loss: 0.0000e+00\n");
  Screen screen;
  model.evaluate(counter(2), {.display = screen.display(false)});
  CHECK(screen.out.str() == "\n      1/Unknown - 0s 0us/step\n      2/Unknown - 0s 0us/step\n");
  Screen limited;
  model.evaluate(counter(9), {.steps = 1, .display = limited.display(false)});
  CHECK(limited.out.str() == "\n1/1 [" + bar + "] - 0s 0us/step\n");
}

TEST_CASE("data sets: misuse") {
  Line model;
  const std::vector<Pair> none;
  const auto pairs = singles(2);
  CHECK_ERROR(ValueError, model.fit(none, {.verbose = 0}), "fit: the data set gave no batch");
  CHECK_ERROR(ValueError, model.fit(none, {.verbose = 0, .steps_per_epoch = 2}), "fit: the data set gave no batch");
  CHECK_ERROR(ValueError, model.evaluate(none, quiet), "evaluate: the data set gave no batch");
  CHECK_ERROR(ValueError, model.fit(nn::BatchSource(), {.verbose = 0}), "fit: no data set was given");
  CHECK_ERROR(ValueError, model.fit(pairs, {.verbose = 0, .validation_split = 0.5}),
              "fit: validation_split is for tensors: give validation_data beside a data set");
  CHECK_ERROR(ValueError, model.fit(pairs, {.verbose = 0, .sample_weight = ones({2})}),
              "fit: sample_weight is for tensors: let the batches of the data set have a sample_weight");
  CHECK_ERROR(ValueError, model.fit(pairs, {.verbose = 0, .steps_per_epoch = -1}),
              "fit: steps_per_epoch must not be negative, got -1");
  CHECK_ERROR(ValueError, model.evaluate(pairs, {.verbose = 0, .steps = -1}),
              "evaluate: the number of steps must not be negative, got -1");
  const std::vector<Pair> uneven{{ones({2, 1}), ones({3, 1})}};
  CHECK_ERROR(ShapeError, model.fit(uneven, {.verbose = 0}),
              "fit: x has shape (2, 1), y (3, 1): their first axes, the samples, must agree");
  using Function = std::function<std::optional<Pair>()>;
  CHECK_ERROR(ValueError, model.fit(Function(), {.verbose = 0}), "data set: a null function was given");
  CHECK_ERROR(ValueError,
              model.fit(pairs, {.verbose = 0, .validation_data = {column(1), column(1), {}, nn::BatchSource(pairs)}}),
              "fit: validation_data has tensors and batches: give one of the two");
  CHECK_ERROR(ValueError, model.fit(pairs, {.verbose = 0, .validation_data = {column(1), column(1), ones({1}) * -1.0}}),
              "fit: validation_data: sample_weight holds -1: weights must be finite in float32 and not negative");
  const std::vector<Tensor> samples{column(2)};
  CHECK_ERROR(ValueError, model.evaluate(samples, quiet), "evaluate: y is an undefined tensor");
}
