#include <doctest/doctest.h>

#include <cmath>

#include "autograd/creation.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/two_headed.hpp"
#include "tests/nn/vectors.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// Weights of samples, steps and classes, and masks.

using namespace xg;
using nn::Tensors;

namespace {

const nn::EvaluateOptions quiet{.verbose = 0};

/// f(x k), with a mask beside it if there is one.
struct Product : nn::Model {
  nn::Parameter k;
  std::string activation;
  Tensor mask;

  explicit Product(const Array& kernel, std::string function = "linear", Tensor seen = {})
      : k(parameter("k", kernel)), activation(std::move(function)), mask(std::move(seen)) {}
  Tensors forward_many(const Tensors& x) override {
    const Tensor z = matmul(x[0], k);
    const Tensor p = activation == "softmax" ? softmax(z) : activation == "sigmoid" ? sigmoid(z) : z;
    if (!mask.defined()) return p;
    return {{"p", p}, {"mask", mask.array().slice(0, 0, x[0].shape()[0], 1)}};
  }
};

/// One that gives its samples back, and learns nothing.
struct Same : nn::Model {
  nn::Parameter none = parameter("none", ones({1}));
  Tensor mask;
  Tensors forward_many(const Tensors& x) override {
    const Tensor p = x[0] * none;
    if (!mask.defined()) return p;
    return {p, {"mask", mask.array().slice(0, 0, x[0].shape()[0], 1)}};
  }
};

struct Setting {
  std::string activation, loss;
};

const std::map<std::string, Setting> settings{
    {"squares", {"linear", "mse"}},
    {"crossentropy", {"softmax", "categorical_crossentropy"}},
    {"binary", {"sigmoid", "binary_crossentropy"}},
    {"classes", {"softmax", "categorical_crossentropy"}},
    {"samples of sequences", {"linear", "mse"}},
    {"steps", {"softmax", "categorical_crossentropy"}},
    {"steps of numbers", {"linear", "mse"}},
    {"mask", {"softmax", "categorical_crossentropy"}},
    {"mask of numbers", {"linear", "mse"}},
    {"mask and weights", {"softmax", "categorical_crossentropy"}},
};

Tensor given(const VectorCase& one, const std::string& key) {
  return one.contains(key) ? Tensor(one.at(key)) : Tensor();
}

/// The samples as they are, which a loss of |y - p| is 1, 2, 3, 4 of.
struct Four {
  Same model;
  Tensor x{{1.0}, {2.0}, {3.0}, {4.0}}, y = zeros({4, 1});
  explicit Four(nn::CompileOptions options = {}) {
    if (!options.optimizer.get()) options.optimizer = nn::SGD({.learning_rate = 0});
    if (!options.loss) options.loss = "mae";
    model.compile(std::move(options));
  }
};

}  // namespace

TEST_CASE("weights: five steps agree with an independent program") {
  const auto cases = read_cases(XG_TRAINING_VECTORS);
  CHECK(cases.size() == settings.size());
  for (const auto& [name, one] : cases) {
    CAPTURE(name);
    const auto& [activation, loss] = settings.at(name);
    const Tensor mask = given(one, "m -");
    Product model(one.at("k -").clone(), activation, mask.defined() ? astype(mask, boolean) : mask);
    model.compile({.optimizer = nn::SGD({.learning_rate = 0.5}), .loss = loss});
    const Tensor x = one.at("x -"), y = one.at("y -"), w = given(one, "w -");
    nn::BatchWeights weights;
    if (name == "classes")
      weights.class_weight = {{1, 0.3}, {2, 2.5}};
    else if (w.defined())
      weights.sample_weight = w;
    Numbers losses;
    for (int step = 0; step < 5; ++step) losses.push_back(model.train_on_batch(x, y, weights).loss);
    CHECK(largest_difference(losses, numbers(Tensor(one.at("losses -")))) < 1e-9);
    CHECK(largest_difference(numbers(model.k), numbers(Tensor(one.at("after -")))) < 1e-9);
  }
}

TEST_CASE("weights: fit does with them what train_on_batch does, batch by batch, with shuffled samples too") {
  const auto cases = read_cases(XG_TRAINING_VECTORS);
  const VectorCase& one = cases.at("squares");
  const Tensor x = one.at("x -"), y = one.at("y -"), w = one.at("w -");
  for (const bool shuffle : {false, true}) {
    Product model(one.at("k -").clone());
    model.compile({.optimizer = nn::SGD({.learning_rate = 0.5}), .loss = "mse"});
    model.fit(x, y, {.batch_size = 6, .epochs = 5, .verbose = 0, .shuffle = shuffle, .sample_weight = w});
    CHECK(largest_difference(numbers(model.k), numbers(Tensor(one.at("after -")))) < 1e-9);
  }
}

TEST_CASE("weights: the loss of an epoch is the mean of w l over all samples, whatever the batches") {
  Four of;
  const Tensor w{2.0, 0.0, 1.0, 0.5};  // (2 + 0 + 3 + 2) / 4
  for (const std::int64_t size : {1, 3, 4}) {
    CHECK(of.model.evaluate(of.x, of.y, {.batch_size = size, .verbose = 0, .sample_weight = w}).loss ==
          Close(1.75, 1e-6));
    const auto history = of.model.fit(of.x, of.y, {.batch_size = size, .verbose = 0, .sample_weight = w});
    CHECK(history["loss"][0] == Close(1.75, 1e-6));
  }
  CHECK(of.model.evaluate(of.x, of.y, quiet).loss == 2.5);
}

TEST_CASE("weights: validation data and the part kept for validation have theirs") {
  Four of;
  const Tensor w{2.0, 0.0, 1.0, 0.5};
  auto history = of.model.fit(of.x, of.y, {.verbose = 0, .validation_data = {of.x, of.y, w}});
  CHECK(history["loss"][0] == 2.5);
  CHECK(history["val_loss"][0] == Close(1.75, 1e-6));
  CHECK(of.model.fit(of.x, of.y, {.verbose = 0, .validation_data = {of.x, of.y, Tensor()}})["val_loss"][0] == 2.5);
  history = of.model.fit(of.x, of.y, {.verbose = 0, .validation_split = 0.5, .sample_weight = w});
  CHECK(history["loss"][0] == 1);
  CHECK(history["val_loss"][0] == 2.5);
}

TEST_CASE("class weights: class numbers, one column, one-hot rows and steps; times the sample's own") {
  const nn::ClassWeights classes{{0, 2}, {2, 0.5}};
  const Tensor p{{0.2, 0.3, 0.5}, {0.2, 0.3, 0.5}, {0.2, 0.3, 0.5}};
  const double l0 = -std::log(0.2), l1 = -std::log(0.3), l2 = -std::log(0.5);
  const auto loss = [&](const char* name, const Tensor& y, const Tensor& w = {}, const Tensor& given = {}) {
    Same model;
    model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = name});
    nn::BatchWeights weights{.class_weight = classes};
    if (w.defined()) weights.sample_weight = w;
    return model.train_on_batch(given.defined() ? given : astype(p, float64), y, weights).loss;
  };
  const Close expected((2 * l0 + l1 + 0.5 * l2) / 3, 1e-6);
  CHECK(loss("sparse_categorical_crossentropy", Tensor{0, 1, 2}) == expected);
  CHECK(loss("sparse_categorical_crossentropy", Tensor{{0}, {1}, {2}}) == expected);
  CHECK(loss("categorical_crossentropy", eye(3)) == expected);
  const Tensor w{1.0, 3.0, 2.0};
  CHECK(loss("categorical_crossentropy", eye(3), w) == Close((2 * l0 + 3 * l1 + l2) / 3, 1e-6));
  const Tensor sequence = reshape(astype(p, float64), {1, 3, 3});
  CHECK(loss("sparse_categorical_crossentropy", Tensor{{0, 1, 2}}, {}, sequence) == expected);
  CHECK(loss("categorical_crossentropy", reshape(eye(3), {1, 3, 3}), Tensor{{1.0, 3.0, 2.0}}, sequence) ==
        Close((2 * l0 + 3 * l1 + l2) / 3, 1e-6));
  CHECK(loss("sparse_categorical_crossentropy", Tensor{{0, 1, 2}}, Tensor{2.0}, sequence) ==
        Close(2 * expected.value, 1e-6));
  Same named;
  named.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = {{"p", "sparse_categorical_crossentropy"}}});
  CHECK(named.train_on_batch(p, Tensor{0, 1, 2}, {.class_weight = classes}).loss == expected);
  Same yes_or_no;
  yes_or_no.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mse"});
  const Tensor half = full({3, 1}, 0.5);
  CHECK(yes_or_no.train_on_batch(half, Tensor{{0.0}, {1.0}, {1.0}}, {.class_weight = {{1, 5}}}).loss ==
        Close(0.25 * 11 / 3, 1e-6));
}

TEST_CASE("weights: each output has its own by name or in order, or one is for all") {
  const TwoHeadedData data(6);
  auto net = two_headed();
  const Tensor w{1.0, 0.0, 2.0, 1.0, 0.5, 3.0}, u = ones({6}) * 2.0;
  const auto plain = net.evaluate(data.x(), data.y(), quiet);
  const auto score = [&](const Tensors& weights, std::source_location where = std::source_location::current()) {
    return net.evaluate(data.x(), data.y(), {.verbose = 0, .sample_weight = weights}, where);
  };
  const auto named = score({{"parity", u}});
  CHECK(named["digit_loss"] == plain["digit_loss"]);
  CHECK(named["parity_loss"] == Close(2 * plain["parity_loss"], 1e-6));
  const auto both = score({{"parity", u}, {"digit", w}}), in_order = score({w, u}), all = score(w);
  CHECK(both["digit_loss"] != Close(plain["digit_loss"], 1e-6));
  CHECK(both["parity_loss"] == named["parity_loss"]);
  CHECK(in_order["digit_loss"] == both["digit_loss"]);
  CHECK(in_order["parity_loss"] == both["parity_loss"]);
  CHECK(all["digit_loss"] == both["digit_loss"]);
  CHECK_ERROR(ValueError, score({{"colour", w}}),
              "compile: there is a sample weight for 'colour', but no such output: there are digit, parity");
  CHECK_ERROR(ValueError, score(Tensors{w, w, w}), "there are 3 sample weights without names for 2 outputs");
}

TEST_CASE("weights: what a loss of the user's returns for them") {
  const auto each = [](const Tensor& y, const Tensor& p) { return mean(abs(y - p), {.axis = -1}); };
  Four per_sample({.loss = each});
  const Tensor w{2.0, 0.0, 1.0, 0.5};
  CHECK(per_sample.model.evaluate(per_sample.x, per_sample.y, {.verbose = 0, .sample_weight = w}).loss ==
        Close(1.75, 1e-6));
  Four scalar({.loss = [](const Tensor& y, const Tensor& p) { return mean(abs(y - p)); }});
  CHECK(scalar.model.evaluate(scalar.x, scalar.y, quiet).loss == 2.5);
  CHECK_ERROR(
      ShapeError, scalar.model.evaluate(scalar.x, scalar.y, {.verbose = 0, .sample_weight = w}),
      "loss 'custom': it gave shape () for 4 samples, which sample_weight of shape (4,) cannot weigh: return one "
      "number for each sample, without the mean");
}

TEST_CASE("weights: metrics take none, weighted_metrics do; the figures of an epoch are right for both") {
  const nn::Metric sums("sums", [](const Tensor&, const Tensor& p) { return sum(p).item(); });
  const auto difference = [](const Tensor& y, const Tensor& p) { return abs(y - p); };
  Four of({.metrics = {"mae", sums}, .weighted_metrics = {"mae", "mse", difference}});
  const Tensor w{2.0, 0.0, 1.0, 0.5};
  for (const std::int64_t size : {1, 3, 4}) {
    const auto score = of.model.evaluate(of.x, of.y, {.batch_size = size, .verbose = 0, .sample_weight = w});
    CHECK(score["mae"] == 2.5);
    CHECK(score["sums"] == 2.5);
    CHECK(score["mae_1"] == 2);
    CHECK(score["mse"] == Close((2 + 9 + 8) / 3.5, 1e-12));
    CHECK(score["custom"] == 2);
  }
  CHECK(of.model.evaluate(of.x, of.y, quiet)["mae_1"] == 2.5);
  Four wrong({.weighted_metrics = {sums}});
  CHECK_ERROR(
      ValueError, wrong.model.evaluate(wrong.x, wrong.y, {.verbose = 0, .sample_weight = w}),
      "sums: a function that returns the sum over a batch cannot be weighted: give one of (y_true, y_pred) that "
      "returns a tensor of one number for each sample");
  Four scalar({.weighted_metrics = {[](const Tensor& y, const Tensor& p) { return mean(abs(y - p)); }}});
  CHECK_ERROR(
      ShapeError, scalar.model.evaluate(scalar.x, scalar.y, {.verbose = 0, .sample_weight = w}),
      "custom: a figure of shape () for 4 samples cannot be weighted by weights of shape (4,): return one number "
      "for each sample, or step of it, that has a weight");
}

TEST_CASE("weighted accuracies: of rows, of elements, and among the largest") {
  const Tensor p{{0.6, 0.3, 0.1}, {0.2, 0.7, 0.1}, {0.3, 0.5, 0.2}}, w{1.0, 2.0, 5.0};
  const auto figure = [&](const nn::MetricChoice& choice, const Tensor& y) {
    nn::Metric metric = choice.make("mse", 3);
    metric.update(y, p, w);
    return metric.result();
  };
  CHECK(figure("categorical_accuracy", eye(3)) == 3.0 / 8);
  CHECK(figure("sparse_categorical_accuracy", Tensor{0, 0, 1}) == 6.0 / 8);
  CHECK(figure("binary_accuracy", eye(3)) == Close((1 + 2 + 10 / 3.0) / 8, 1e-12));
  const auto two = [](const char* name) { return nn::Spec{name, {{"k", 2}}}; };
  CHECK(figure(two("top_k_categorical_accuracy"), eye(3)) == 3.0 / 8);
  CHECK(figure(two("sparse_top_k_categorical_accuracy"), Tensor{1, 2, 0}) == 6.0 / 8);
}

TEST_CASE("masks: losses and metrics see the steps that are seen, whatever is in the others") {
  const double nan = std::nan("");
  const Tensor x = Tensor{{1.0, nan, 7.0}, {2.0, 3.0, nan}}, y = zeros({2, 3});
  Same model;
  model.mask = astype(Tensor{{1, 0, 1}, {1, 1, 0}}, boolean);
  const nn::Metric sums("sums", [](const Tensor&, const Tensor& p) { return sum(p).item(); });
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mae", .metrics = {"mae", sums}});
  const auto score = model.evaluate(x, y, quiet);
  CHECK(score.loss == 13.0 / 4);
  CHECK(score["mae"] == 13.0 / 4);
  CHECK(score["sums"] == 13.0 / 4);
  CHECK(model.predict(x).shape() == Shape{2, 3});
  model.mask = astype(zeros({2, 3}), boolean);
  CHECK(model.evaluate(x, y, quiet).loss == 0);
  CHECK(model.evaluate(x, y, quiet)["mae"] == 0);
}

TEST_CASE("masks: weighted metrics have the weights of the steps that are seen") {
  Same model;
  model.mask = astype(Tensor{{1, 0, 1}, {1, 1, 0}}, boolean);
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mae", .weighted_metrics = {"mae"}});
  const Tensor x = Tensor{{1.0, 9.0, 7.0}, {2.0, 3.0, 9.0}}, y = zeros({2, 3});
  CHECK(model.evaluate(x, y, {.verbose = 0, .sample_weight = Tensor{3.0, 1.0}})["mae"] == 29.0 / 8);
  CHECK(model.evaluate(x, y, {.verbose = 0, .sample_weight = Tensor{{3.0, 9.0, 1.0}, {1.0, 0.0, 9.0}}})["mae"] ==
        12.0 / 5);
}

TEST_CASE("masks: misuse") {
  Same model;
  model.compile({.optimizer = "sgd", .loss = "mae"});
  model.mask = astype(ones({2, 4}), boolean);
  CHECK_ERROR(ShapeError, model.evaluate(ones({2, 3}), ones({2, 3}), quiet),
              "the model gives a mask of shape (2, 4), and predictions of shape (2, 3): a mask is boolean (samples, "
              "steps), and the predictions are of these steps");
  Same scalar;
  scalar.compile({.optimizer = "sgd", .loss = [](const Tensor& y, const Tensor& p) { return mean(abs(y - p)); }});
  scalar.mask = astype(ones({2, 3}), boolean);
  CHECK_ERROR(
      ShapeError, scalar.evaluate(ones({2, 3}), ones({2, 3}), quiet),
      "loss 'custom': it gave shape () for 2 samples, which a mask of shape (2, 3) cannot weigh: return one number "
      "for each sample and step, without the mean");
  model.mask = ones({2, 3});  // no mask, but an output of numbers
  CHECK_ERROR(ValueError, model.evaluate(ones({2, 3}), ones({2, 3}), quiet),
              "the model gives 2 outputs ((2, 3), mask: (2, 3)), but there are 1 targets ((2, 3))");
}

TEST_CASE("weights: misuse") {
  Four of;
  const auto evaluate = [&](const Tensor& w, std::source_location where = std::source_location::current()) {
    return of.model.evaluate(of.x, of.y, {.verbose = 0, .sample_weight = w}, where);
  };
  CHECK_ERROR(
      ShapeError, evaluate(ones({3})),
      "evaluate: sample_weight has shape (3,), y (4, 1): one weight for each sample is expected, (4,), or one for "
      "each step of a sequence, (4, steps)");
  CHECK_ERROR(
      ShapeError, evaluate(ones({4, 2})),
      "evaluate: sample_weight has shape (4, 2), y (4, 1): one weight for each sample is expected, (4,), or one "
      "for each step of a sequence, (4, steps)");
  CHECK_ERROR(ValueError, evaluate(Tensor{1.0, 2.0, -1.0, 1.0}),
              "evaluate: sample_weight holds -1: weights must be finite in float32 and not negative");
  CHECK_ERROR(ValueError, evaluate(Tensor{1.0, 2.0, std::nan(""), 1.0}),
              "evaluate: sample_weight holds NaN: weights must be finite in float32 and not negative");
  CHECK_ERROR(ValueError,
              of.model.fit(of.x, of.y, {.verbose = 0, .validation_data = {of.x, of.y, Tensor{1.0, 1.0, 1.0, -2.0}}}),
              "fit: validation_data: sample_weight holds -2: weights must be finite in float32 and not negative");
  const auto fit = [&](const nn::ClassWeights& weights, const Tensor& y,
                       std::source_location where = std::source_location::current()) {
    return of.model.fit(of.x, y, {.verbose = 0, .class_weight = weights}, where);
  };
  CHECK_ERROR(ValueError, fit({{0, 1}, {0, 2}}, of.y), "fit: class_weight has two weights for class 0");
  CHECK_ERROR(ValueError, fit({{0, -1}}, of.y),
              "fit: class_weight of class 0 is -1: weights must be finite in float32 and not negative");
  CHECK_ERROR(ValueError, fit({{-1, 1}}, of.y), "fit: class_weight: there is no class -1");
  CHECK_ERROR(ValueError, fit({{3, 1}}, ones({4, 3})), "fit: class_weight: there is no class 3: y has 3 classes");
  CHECK_ERROR(ValueError, fit({{1, 2}}, of.y + 0.5),
              "fit: class_weight is for class numbers or one-hot rows, and y holds 0.5: use sample_weight");
  const TwoHeadedData data(4);
  auto net = two_headed();
  CHECK_ERROR(ValueError, net.fit(data.x(), data.y(), {.verbose = 0, .class_weight = {{0, 2}}}),
              "fit: class_weight is for a model of one output, there are 2 targets: give sample_weight by the names of "
              "the outputs");
  CHECK_ERROR(
      ShapeError, of.model.train_on_batch(of.x, of.y, {.sample_weight = ones({2})}),
      "train_on_batch: sample_weight has shape (2,), y (4, 1): one weight for each sample is expected, (4,), or "
      "one for each step of a sequence, (4, steps)");
}

TEST_CASE("loss: chosen, it gives its mean, or what is averaged") {
  const Tensor y{{1.0, 2.0}, {3.0, 4.0}}, p = y + 1.0;
  CHECK(nn::Loss("mse")(y, p).rank() == 0);
  CHECK(nn::Loss("mse").unreduced(y, p).shape() == Shape{2, 2});
  CHECK(nn::Loss("cosine").unreduced(y, p).shape() == Shape{2});
  const nn::Loss own = [](const Tensor& a, const Tensor& b) { return square(a - b); };
  CHECK(own(y, p).item() == 1);
  CHECK(own.unreduced(y, p).shape() == Shape{2, 2});
}

TEST_CASE("penalties apart: data_loss and penalty add up to the loss") {
  nn::Sequential model{nn::Dense({.units = 1,
                                  .input_dim = 1,
                                  .use_bias = false,
                                  .kernel_initializer = "ones",
                                  .kernel_regularizer = nn::l2(0.5),
                                  .activity_regularizer = nn::l2(0.25)})};
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mae", .show_penalty = true});
  const Tensor x{{1.0}, {2.0}}, y = zeros({2, 1});
  const auto score = model.evaluate(x, y, quiet);
  CHECK(score["data_loss"] == 1.5);
  CHECK(score["penalty"] == Close(score.loss - 1.5, 1e-6));
  CHECK(score["penalty"] > 0.5);
  const auto history = model.fit(x, y, {.verbose = 0, .validation_data = {x, y}});
  for (const char* name : {"data_loss", "penalty", "val_data_loss", "val_penalty"}) CAPTURE(name);
  CHECK(history["data_loss"][0] == 1.5);
  CHECK(history["penalty"][0] == Close(score["penalty"], 1e-6));
  CHECK(history["val_data_loss"][0] == 1.5);
  CHECK(history["loss"][0] == history["data_loss"][0] + history["penalty"][0]);
  const auto compile = [&] {
    model.compile({.optimizer = "sgd",
                   .loss = "mae",
                   .metrics = {nn::Metric("penalty", [](const Tensor&, const Tensor&) { return 0.0; })},
                   .show_penalty = true});
  };
  CHECK_THROWS_WITH_AS(compile(), doctest::Contains("compile: a metric cannot be named 'penalty'"), ValueError);
}

TEST_CASE("weights: an output that is called mask, and has targets, is no mask") {
  struct Flags : nn::Model {
    nn::Parameter k = parameter("k", ones({1}));
    Tensors forward_many(const Tensors& x) override { return {{"p", x[0] * k}, {"mask", x[0] > 0.0}}; }
  };
  Flags model;
  const auto apart = [](const Tensor& y, const Tensor& p) { return abs(y - astype(p, float32)); };
  model.compile({.optimizer = "sgd", .loss = {{"p", "mse"}, {"mask", nn::Loss(apart)}}});
  const Tensor x{{1.0f, -1.0f}, {2.0f, 3.0f}};
  const nn::Score score = model.evaluate(x, Tensors{{"p", x}, {"mask", ones({2, 2})}}, quiet);
  CHECK(score.loss == 0.25);
}

TEST_CASE("weights: a loss of one's own that pairs every target with every prediction is told") {
  Product model(Array::from(Numbers{0.5}, {1, 1}));
  model.compile({.optimizer = "sgd", .loss = nn::Loss([](const Tensor& y, const Tensor& p) { return square(y - p); })});
  const Tensor x = ones({4, 1});
  CHECK_ERROR(ShapeError, model.train_on_batch(x, ones({4})),
              "loss 'custom': it gave shape (4, 4) for targets (4,) and predictions (4, 1): they broadcast; reshape() "
              "one like the other");
  CHECK(model.train_on_batch(x, ones({4, 1})).loss == 0.25);
}

TEST_CASE("weights: targets of steps that do not count may be NaN") {
  const Tensor mask{{true, true, false}, {true, false, false}};
  const Tensor x{{{1.0}, {2.0}, {3.0}}, {{4.0}, {5.0}, {6.0}}};
  const auto trained = [&](double behind) {
    Product model(Array::from(Numbers{0.5}, {1, 1}), "linear", mask);
    model.compile({.optimizer = nn::SGD({.learning_rate = 0.01}), .loss = "mse"});
    const Tensor y = where(expand_dims(mask, -1), x * 3.0, behind);
    model.train_on_batch(x, y);
    return model.k.item<double>();
  };
  CHECK(trained(std::nan("")) == trained(0));
  CHECK(trained(0) > 0.5);
}
