#include <doctest/doctest.h>

#include <cmath>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/callbacks/early_stopping.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/two_headed.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// What is shown of models with several outputs, and what such a model cannot be given.

using namespace xg;
using nn::Dense;
using nn::Tensors;

namespace {

using Names = std::vector<std::string>;

const nn::EvaluateOptions quiet{.verbose = 0};

Names names(const nn::Logs& logs) {
  Names result;
  for (const auto& [name, value] : logs) result.push_back(name);
  return result;
}

/// What a callback is told that there will be, and what it gets.
struct Told : nn::Callback {
  Names planned, of_batch, of_epoch;
  void on_train_begin(nn::TrainingRun& run) override { planned = run.figures; }
  void on_batch_end(nn::TrainingRun&, std::int64_t, std::int64_t, const nn::Logs& logs) override {
    of_batch = names(logs);
  }
  void on_epoch_end(nn::TrainingRun&, int, const nn::Logs& logs) override { of_epoch = names(logs); }
};

/// The figures of a run, which are the same wherever they are named.
Names figures(nn::Model& model, const Tensors& x, const Tensors& y, bool validates) {
  Told told;
  nn::FitOptions options{.batch_size = 4, .verbose = 0, .callbacks = {std::ref(told)}};
  if (validates) options.validation_data = {x, y};
  const auto history = model.fit(x, y, options);
  Names of_history;
  for (const auto& [name, values] : history.all()) of_history.push_back(name);
  CHECK(told.planned == told.of_epoch);
  CHECK(of_history == told.planned);
  Names of_score = names(model.evaluate(x, y, quiet).metrics);
  of_score.insert(of_score.begin(), "loss");
  CHECK(of_score == told.of_batch);
  CHECK(names(model.train_on_batch(x, y).metrics).size() + 1 == of_score.size());
  return told.planned;
}

/// Two outputs without names, each the sum of a row times a weight.
struct Unnamed : nn::Model {
  nn::Parameter a = parameter("a", ones({1})), b = parameter("b", ones({1}));
  Tensors forward_many(const Tensors& x) override {
    const Tensor rows = sum(x[0], {.axis = 1, .keepdims = true});
    return {rows * a, rows * b};
  }
};

}  // namespace

TEST_CASE("figures of many: each output's loss, and its metrics, under its name") {
  const TwoHeadedData data(9);
  auto net = two_headed();
  const Names expected{"loss", "digit_loss", "parity_loss", "digit_accuracy", "digit_mae", "parity_mae"};
  CHECK(figures(net, data.x(), data.y(), false) == expected);
  Names with_validation = expected;
  for (const auto& name : expected) with_validation.push_back("val_" + name);
  CHECK(figures(net, data.x(), data.y(), true) == with_validation);
  CHECK(figures(net, data.x(), {data.digit, data.parity}, true) == with_validation);
}

TEST_CASE("figures of many: outputs without names are called by their targets, their losses, or their places") {
  const Tensors x{ones({6, 2})}, y{ones({6, 1}), zeros({6, 1})}, named{{"p", ones({6, 1})}, {"q", zeros({6, 1})}};
  const auto run = [&](const nn::Losses& losses, const Tensors& targets,
                       const std::vector<nn::OutputMetric>& metrics = {}) {
    Unnamed model;
    model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = losses, .metrics = metrics});
    return figures(model, x, targets, false);
  };
  CHECK(run("mse", y) == Names{"loss", "output_1_loss", "output_2_loss"});
  CHECK(run("mse", named) == Names{"loss", "p_loss", "q_loss"});
  CHECK(run({{"p", "mse"}, {"q", "mae"}}, y) == Names{"loss", "p_loss", "q_loss"});
  CHECK(run({"mse", "mae"}, y) == Names{"loss", "output_1_loss", "output_2_loss"});
  CHECK(run({"mse", "mae"}, named, {{"q", "mae"}}) == Names{"loss", "p_loss", "q_loss", "q_mae"});
  CHECK(run("mse", y, {{"output_1", "mae"}}) == Names{"loss", "output_1_loss", "output_2_loss", "output_1_mae"});
}

TEST_CASE("figures of many: one output has no prefix, whatever its name") {
  struct Single : nn::Model {
    Dense& layer = add(Dense({.units = 1, .input_dim = 2}));
    Tensors forward_many(const Tensors& x) override { return {{"price", layer(x[0])}}; }
  };
  const Tensors x{{"size", ones({6, 2})}}, y{{"price", ones({6, 1})}};
  const auto run = [&](const nn::Losses& losses, const std::vector<nn::OutputMetric>& metrics, const Tensors& targets) {
    Single model;
    model.compile({.optimizer = "sgd", .loss = losses, .metrics = metrics, .loss_weights = {{"price", 2}}});
    const Names found = figures(model, x, targets, true);
    const auto score = model.evaluate(x, targets, quiet);
    CHECK(score.loss == Close(2 * score["mse"], 1e-6));
    return found;
  };
  const Names expected{"loss", "mse", "val_loss", "val_mse"};
  CHECK(run("mse", {"mse"}, y) == expected);
  CHECK(run({{"price", "mse"}}, {{"price", "mse"}}, y) == expected);
  CHECK(run({"mse"},
            {nn::Metric("mse", [](const Tensor& truth, const Tensor& p) { return sum_squares(truth - p).item(); })},
            Tensors{y[0]}) == expected);
}

TEST_CASE("figures of many: they are means over the samples of an epoch, weights aside") {
  const Tensor x{{1.0}, {2.0}, {3.0}, {4.0}, {5.0}};
  Unnamed model;
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}),
                 .loss = {"mse", "mae"},
                 .metrics = {"mae"},
                 .loss_weights = {{"output_2", 10}}});
  const Tensors y{zeros({5, 1}), ones({5, 1})};
  const auto history = model.fit(x, y, {.batch_size = 2, .verbose = 0, .validation_data = {x, y}});
  for (const char* prefix : {"", "val_"}) {
    const auto value = [&](const char* name) { return history[std::string(prefix) + name][0]; };
    CHECK(value("output_1_loss") == Close(11, 1e-6));
    CHECK(value("output_2_loss") == Close(2, 1e-6));
    CHECK(value("loss") == Close(31, 1e-6));
    CHECK(value("output_1_mae") == Close(3, 1e-6));
    CHECK(value("output_2_mae") == Close(2, 1e-6));
  }
}

TEST_CASE("figures of many: validation_split keeps the last share of every input and target") {
  const TwoHeadedData data(10);
  auto net = two_headed(), reference = two_headed();
  const auto part = [](const Tensors& all, std::int64_t start, std::int64_t count) {
    Tensors result;
    for (const auto& [name, value] : all) result.push_back({name, value.array().slice(0, start, count, 1)});
    return result;
  };
  const nn::FitOptions options{.batch_size = 3, .epochs = 2, .verbose = 0, .validation_split = 0.3, .shuffle = false};
  const auto history = net.fit(data.x(), data.y(), options);
  nn::FitOptions by_hand = options;
  by_hand.validation_split = 0;
  by_hand.validation_data = {part(data.x(), 7, 3), part(data.y(), 7, 3)};
  CHECK(reference.fit(part(data.x(), 0, 7), part(data.y(), 0, 7), by_hand).all() == history.all());
  CHECK(same_weights(weights(net), weights(reference)));
}

TEST_CASE("figures of many: early stopping watches one of them, and an unknown one lists them") {
  const TwoHeadedData data(9);
  auto net = two_headed();
  nn::EarlyStopping stopping({.monitor = "val_parity_loss", .patience = 1000});
  net.fit(data.x(), data.y(),
          {.verbose = 0, .callbacks = {std::ref(stopping)}, .validation_data = {data.x(), data.y()}});
  CHECK(*stopping.best() == net.evaluate(data.x(), data.y(), quiet)["parity_loss"]);
  const auto score = net.evaluate(data.x(), data.y(), quiet);
  CHECK_ERROR(
      ValueError, score["accuracy"],
      "unknown figure 'accuracy': known are loss, digit_loss, parity_loss, digit_accuracy, digit_mae, parity_mae");
  CHECK(message_of<ValueError>([&] {
          net.fit(data.x(), data.y(), {.verbose = 0, .callbacks = {nn::EarlyStopping({.monitor = "val_acc"})}});
        }).starts_with("EarlyStopping: "));
}

TEST_CASE("errors of many: targets and inputs that do not belong to the model") {
  const TwoHeadedData data(4);
  auto net = two_headed();
  const auto before = weights(net);
  const auto check = [&](const Tensors& x, const Tensors& y, const std::string& text) {
    CHECK_ERROR(ValueError, net.fit(x, y, {.verbose = 0}), text);
    CHECK_ERROR(ValueError, net.evaluate(x, y, quiet), text);
    CHECK_ERROR(ValueError, net.train_on_batch(x, y), text);
    CHECK(same_weights(weights(net), before));
  };
  const std::string shape = "(digit: (1, 3), parity: (1, 1))";
  check(data.x(), {{"digit", data.digit}, {"odd", data.parity}}, "tensors: there is no 'parity': there are digit, odd");
  const auto counts = [&](const Tensors& y, const std::string& targets) {
    const auto message = message_of<ValueError>([&] { net.evaluate(data.x(), y, quiet); });
    CHECK(message.starts_with("the model gives 2 outputs (digit: (4, 3), parity: (4, 1)), but there are " + targets));
    CHECK_THROWS_AS(net.fit(data.x(), y, {.verbose = 0}), ValueError);
    CHECK_THROWS_AS(net.train_on_batch(data.x(), y), ValueError);
    CHECK(same_weights(weights(net), before));
  };
  counts(data.digit, "1 targets ((4, 3))\n");
  counts({data.digit, data.parity, data.parity}, "3 targets ((4, 3), (4, 1), (4, 1))\n");
  CHECK_ERROR(ShapeError, net.fit(data.x(), {{"digit", data.digit}, {"parity", ones({3, 1})}}, {.verbose = 0}),
              "fit: x has shape (image: (4, 4), age: (4, 1)), y (digit: (4, 3), parity: (3, 1)): their first axes, the "
              "samples, must agree");
  CHECK_ERROR(ValueError, net.fit(data.x(), {{"digit", data.digit}, {"parity", Tensor()}}, {.verbose = 0}),
              "fit: y 'parity' is an undefined tensor");
  CHECK_ERROR(ShapeError, net.evaluate({{"image", data.image}, {"age", Tensor(1.0)}}, data.y(), quiet),
              "evaluate: x 'age' is a single number: its first axis must be the samples");
  CHECK_ERROR(ValueError, net.predict(Tensors()), "predict: x is an undefined tensor");
  CHECK_ERROR(ValueError, Unnamed().predict(data.image), "tensors: one tensor is expected, there are 2");
}

TEST_CASE("errors of many: losses, weights and metrics of outputs that there are not") {
  const TwoHeadedData data(4);
  const auto check = [&](const nn::Losses& losses, const std::vector<nn::OutputMetric>& metrics,
                         const std::vector<std::pair<std::string, double>>& loss_weights, const std::string& text) {
    manual_seed(1);
    TwoHeaded net;
    net.compile({.optimizer = "sgd", .loss = losses, .metrics = metrics, .loss_weights = loss_weights});
    const auto before = weights(net);
    CHECK_ERROR(ValueError, net.fit(data.x(), data.y(), {.verbose = 0}), text);
    CHECK_ERROR(ValueError, net.evaluate(data.x(), data.y(), quiet), text);
    CHECK_ERROR(ValueError, net.train_on_batch(data.x(), data.y()), text);
    CHECK(same_weights(weights(net), before));
  };
  check({{"digit", "mse"}, {"odd", "mse"}}, {}, {},
        "compile: there is no loss for the output 'parity': there are losses for digit, odd");
  check({{"digit", "mse"}, {"parity", "mse"}, {"odd", "mse"}}, {}, {},
        "compile: there is a loss for 'odd', but no such output: there are digit, parity");
  check({"mse"}, {}, {}, "compile: 1 losses were given for 2 outputs");
  check({"mse", "mse", "mse"}, {}, {}, "compile: 3 losses were given for 2 outputs");
  check("mse", {}, {{"odd", 2}},
        "compile: there is a loss weight for 'odd', but no such output: there are digit, parity");
  check("mse", {{"odd", "mae"}}, {},
        "compile: there is a metric for 'odd', but no such output: there are digit, parity");
  check("mse", {"mae", {"parity_", "mae"}}, {},
        "compile: there is a metric for 'parity_', but no such output: there are digit, parity");
}

TEST_CASE("errors of many: two losses or weights for one output, and weights that are no numbers") {
  TwoHeaded net;
  const auto check = [&](const nn::Losses& losses, const std::vector<std::pair<std::string, double>>& loss_weights,
                         const std::string& text) {
    CHECK_ERROR(ValueError, net.compile({.optimizer = "sgd", .loss = losses, .loss_weights = loss_weights}), text);
    CHECK_FALSE(net.compiled());
  };
  check({{"digit", "mse"}, {"parity", "mse"}, {"digit", "mae"}}, {}, "compile: two losses for 'digit'");
  check("mse", {{"digit", 1}, {"parity", 2}, {"digit", 3}}, "compile: two loss weights for 'digit'");
  check("mse", {{"digit", NAN}}, "compile: the loss weight of 'digit' must be finite in float32, got NaN");
  check("mse", {{"digit", INFINITY}}, "compile: the loss weight of 'digit' must be finite in float32, got inf");
}

TEST_CASE("errors of many: samples to validate with of another number") {
  const TwoHeadedData data(4);
  TwoHeaded net;
  net.compile({.optimizer = "sgd", .loss = "mse"});
  CHECK_ERROR(ValueError, net.fit(data.x(), data.y(), {.verbose = 0, .validation_data = {data.image, data.y()}}),
              "fit: validation_data: x holds 1: ((4, 4)), that to train on holds 2: (image: (4, 4), age: (4, 1))");
  CHECK_ERROR(ValueError, net.fit(data.x(), data.y(), {.verbose = 0, .validation_data = {data.x(), data.image}}),
              "fit: validation_data: y holds 1: ((4, 4)), that to train on holds 2: (digit: (4, 3), parity: (4, 1))");
  CHECK_ERROR(ValueError,
              net.fit(data.x(), data.y(), {.verbose = 0, .validation_split = 0.5, .validation_data = {.y = data.y()}}),
              "fit: validation_data: x is an undefined tensor");
}

TEST_CASE("errors of many: of a model with one output, which has a name or not") {
  nn::Sequential model{Dense({.units = 1, .input_dim = 2})};
  const Tensor x = ones({4, 2}), y = ones({4, 1});
  const auto check = [&](const nn::CompileOptions& options, const Tensors& target, const std::string& text) {
    model.compile(options);
    CHECK_ERROR(ValueError, model.fit(x, target, {.verbose = 0}), text);
    CHECK_ERROR(ValueError, model.evaluate(x, target, quiet), text);
  };
  check({.optimizer = "sgd", .loss = "mse", .metrics = {{"digit", "mae"}}}, y,
        "compile: there is a metric for 'digit', but no such output: there is one without a name");
  check({.optimizer = "sgd", .loss = "mse", .metrics = {{"digit", "mae"}}}, Tensors{{"price", y}},
        "compile: there is a metric for 'digit', but no such output: there is price");
  check({.optimizer = "sgd", .loss = "mse", .loss_weights = {{"digit", 1}}}, y,
        "compile: there is a loss weight for 'digit', but no such output: there is one without a name");
}

TEST_CASE("errors of many: modules that take or give another number of tensors") {
  struct Nothing : nn::Module {
    std::string type() const override { return "Nothing"; }
  } nothing;
  struct Two : nn::Module {
    std::string type() const override { return "Two"; }
    Tensors forward_many(const Tensors& x) override { return {x[0], x[0]}; }
  } two;
  const Tensor x = ones({2, 3});
  CHECK_ERROR(ValueError, nothing(x),
              "Nothing: forward() is not overridden for one tensor, or returned an undefined one");
  CHECK_ERROR(ValueError, nothing(Tensors{x}),
              "Nothing: forward() is not overridden for one tensor, or returned an undefined one");
  CHECK_ERROR(ValueError, nothing(Tensors{{"a", x}, x}),
              "Nothing: it takes one tensor, got 2 (a: (2, 3), (2, 3)): override forward_many() for several");
  CHECK_ERROR(ValueError, nothing(Tensors()),
              "Nothing: it takes one tensor, got 0 (): override forward_many() for several");
  CHECK_ERROR(ValueError, two(x),
              "Two: forward_many() gives 2 tensors, and one is expected: call it with nn::Tensors, and it gives all");
  Dense dense({.units = 2, .input_dim = 3});
  CHECK_ERROR(ValueError, dense(Tensors{x, x}),
              "Dense: it takes one tensor, got 2 ((2, 3), (2, 3)): override forward_many() for several");
  nn::Sequential model{Two(), Dense({.units = 2})};
  CHECK_ERROR(ValueError, model(Tensors{x}),
              "Dense: it takes one tensor, got 2 ((2, 3), (2, 3)): override forward_many() for several");
  CHECK_ERROR(ValueError, model(x),
              "Two: forward_many() gives 2 tensors, and one is expected: call it with nn::Tensors, and it gives all");
  CHECK(model.parameters().empty());
}

TEST_CASE("errors of many: outputs that are undefined, or not the same for every batch") {
  struct Odd : nn::Model {
    std::string type() const override { return "Odd"; }
    bool is_undefined = true;
    Tensors forward_many(const Tensors& x) override {
      if (is_undefined) return {{"a", x[0]}, {"b", Tensor()}};
      return x[0].shape()[0] == 2 ? Tensors{x[0], x[0]} : Tensors{x[0]};
    }
  } model;
  const Tensors x{ones({3, 1})};
  CHECK_ERROR(ValueError, model(x), "Odd: forward_many() gives an undefined tensor: (a: (3, 1), b: undefined)");
  CHECK_ERROR(ValueError, model.predict(x), "Odd: forward_many() gives an undefined tensor: (a: (3, 1), b: undefined)");
  model.is_undefined = false;
  CHECK_ERROR(ValueError, model.predict(x, {.batch_size = 2}),
              "predict: the model gave 2 outputs for a batch, and 1 for another");
  CHECK(model.predict(x).size() == 1);
}
