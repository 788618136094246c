#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/random.hpp"
#include "nn/callbacks/early_stopping.hpp"
#include "nn/layers/activation.hpp"
#include "nn/layers/dense.hpp"
#include "nn/losses.hpp"
#include "nn/metrics.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using nn::MetricChoice;

namespace {

/// A metric's value over one batch.
double value(nn::Metric metric, const Tensor& y_true, const Tensor& y_pred) {
  metric.update(y_true, y_pred);
  return metric.result();
}

}  // namespace

TEST_CASE("accuracy: categorical, by the largest of each row") {
  const Tensor y{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 0, 1}};
  const Tensor p{{0.5, 0.3, 0.2}, {0.4, 0.35, 0.25}, {0.1, 0.2, 0.7}, {0.0, 0.1, 0.9}};
  CHECK(value(MetricChoice("accuracy").make("categorical_crossentropy", 3), y, p) == 0.75);
  CHECK(value(MetricChoice("categorical_accuracy").make("mse", 3), y, p) == 0.75);
}

TEST_CASE("accuracy: the first maximum wins") {
  const Tensor tie{{0.5, 0.5}, {0.5, 0.5}};
  CHECK(nn::categorical_matches(Tensor{{1, 0}, {0, 1}}, tie) == 1);
  CHECK(nn::categorical_matches(tie, Tensor{{0.9, 0.1}, {0.2, 0.8}}) == 1);
  CHECK(nn::sparse_matches(Tensor{0, 1}, tie) == 1);
}

TEST_CASE("accuracy: sparse, for class numbers of any dtype, with or without an axis of one") {
  const Tensor p{{0.5, 0.3, 0.2}, {0.4, 0.35, 0.25}, {0.1, 0.2, 0.7}, {0.0, 0.1, 0.9}};
  for (const DType dtype : {uint8, int32, int64, float32, float64}) {
    const Tensor y({0, 1, 2, 1}, dtype);
    CHECK(value(MetricChoice("accuracy").make("sparse_categorical_crossentropy", 3), y, p) == 0.5);
    CHECK(value(MetricChoice("sparse_categorical_accuracy").make("custom", 3), y.array().reshape({4, 1}), p) == 0.5);
  }
}

TEST_CASE("accuracy: binary, for one unit or a binary loss; one half counts as 0") {
  const Tensor y{{1}, {0}, {0}, {1}}, p{{0.9}, {0.5}, {0.6}, {0.50001}};
  CHECK(value(MetricChoice("accuracy").make("mse", 1), y, p) == 0.75);
  CHECK(value(MetricChoice("acc").make("binary_crossentropy", 1), y, p) == 0.75);
  CHECK(value(MetricChoice("binary_accuracy").make("custom", 1), y, p) == 0.75);
  // Several yes-or-no answers a sample, each a part of it: three of four right, not one row of two.
  const Tensor both{{1, 0}, {1, 1}}, found{{0.9, 0.1}, {0.2, 0.8}};
  CHECK(value(MetricChoice("accuracy").make("binary_crossentropy", 2), both, found) == 0.75);
  CHECK(value(MetricChoice("accuracy").make("categorical_crossentropy", 2), both, found) == 0.5);
}

TEST_CASE("accuracy: its kind follows from the loss and the width of the output") {
  const Tensor x{{1.0, 0.0}, {0.0, 1.0}, {1.0, 1.0}};
  const auto measure = [&](std::int64_t units, const char* activation, const char* loss, const Tensor& y) {
    nn::Sequential model{nn::Dense(
        {.units = units, .input_dim = 2, .use_bias = false, .kernel_initializer = "ones", .activation = activation})};
    if (units == 2) model["dense_1.kernel"].assign(Tensor{{5.0, 0.0}, {0.0, 5.0}});
    model.compile({.optimizer = "sgd", .loss = loss, .metrics = {"accuracy"}});
    return model.evaluate(x, y, {.verbose = 0})["accuracy"];
  };
  CHECK(measure(2, "softmax", "categorical_crossentropy", Tensor{{1, 0}, {0, 1}, {1, 0}}) == 1);
  CHECK(measure(2, "softmax", "categorical_crossentropy", Tensor{{1, 0}, {0, 1}, {0, 1}}) == Close(2.0 / 3, 1e-14));
  CHECK(measure(2, "softmax", "sparse_categorical_crossentropy", Tensor{0, 1, 0}) == 1);
  CHECK(measure(2, "sigmoid", "binary_crossentropy", Tensor{{1, 0}, {0, 1}, {0, 1}}) == Close(5.0 / 6, 1e-14));
  CHECK(measure(2, "linear", "mse", Tensor{{1, 0}, {0, 1}, {1, 0}}) == 1);
  CHECK(measure(1, "linear", "mse", Tensor{{1}, {0}, {1}}) == Close(2.0 / 3, 1e-14));
}

TEST_CASE("accuracy: rows beyond the first axis are parts of a sample") {
  const Tensor p{{{0.9, 0.1}, {0.2, 0.8}}, {{0.3, 0.7}, {0.6, 0.4}}};
  CHECK(nn::categorical_matches(Tensor{{{1, 0}, {0, 1}}, {{1, 0}, {1, 0}}}, p) == 1.5);
  CHECK(nn::sparse_matches(Tensor{{0, 1}, {0, 0}}, p) == 1.5);
  CHECK(value(MetricChoice("accuracy").make("sparse_categorical_crossentropy", 2), Tensor{{0, 1}, {0, 0}}, p) == 0.75);
}

TEST_CASE("metric: batches weigh as many samples as they hold") {
  nn::Metric metric = MetricChoice("accuracy").make("sparse_categorical_crossentropy", 2);
  CHECK(metric.result() == 0);
  metric.update(Tensor{0, 0, 0}, Tensor{{0.9, 0.1}, {0.9, 0.1}, {0.9, 0.1}});
  metric.update(Tensor{1}, Tensor{{0.9, 0.1}});
  // The mean of the batches' means would be 1/2.
  CHECK(metric.result() == 0.75);
  metric.reset();
  CHECK(metric.result() == 0);
  metric.update(Tensor{1}, Tensor{{0.1, 0.9}});
  CHECK(metric.result() == 1);
}

TEST_CASE("metric: 10,000 samples in batches of 32 are 312 whole ones and a half") {
  nn::Metric metric = MetricChoice("accuracy").make("sparse_categorical_crossentropy", 2);
  const Tensor right = Array::from(std::vector<float>(64, 0.5F), {32, 2});
  for (int batch = 0; batch < 312; ++batch) metric.update(zeros({32}, int64), right);
  metric.update(ones({16}, int64), full({16, 2}, 0.5));
  CHECK(metric.result() == 0.9984);
}

TEST_CASE("metric: errors of a mean, by name") {
  const Tensor y{{1.0, 2.0}, {3.0, 4.0}}, p{{1.5, 2.0}, {1.0, 5.0}};
  CHECK(value(MetricChoice("mse").make("mse", 2), y, p) == 5.25 / 4);
  CHECK(value(MetricChoice("mean_squared_error").make("mae", 2), y, p) == 5.25 / 4);
  CHECK(value(MetricChoice("mae").make("mse", 2), y, p) == 3.5 / 4);
  CHECK(value(MetricChoice("mean_absolute_error").make("mse", 2), y, p) == 3.5 / 4);
}

TEST_CASE("metric: under what name it is shown") {
  CHECK(MetricChoice("acc").name() == "accuracy");
  for (const char* name : {"accuracy", "binary_accuracy", "mse", "mean_squared_error"}) {
    CHECK(MetricChoice(name).name() == name);
    CHECK(MetricChoice(name).make("mse", 4).name() == name);
  }
}

TEST_CASE("metric: the second one of a name gets a number") {
  nn::Sequential model{nn::Dense({.units = 1, .input_dim = 1, .kernel_initializer = "ones"})};
  const auto twice = [](const Tensor& y, const Tensor& p) { return 2.0 * mean(p - y); };
  const auto thrice = [](const Tensor& y, const Tensor& p) { return 3.0 * mean(p - y); };
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mse", .metrics = {twice, "mae", thrice, "mae"}});
  const Tensor one{{1.0}}, zero{{0.0}};
  const auto history = model.fit(one, zero, {.verbose = 0, .validation_data = {one, zero}});
  for (const std::string part : {"", "val_"}) {
    CHECK(history[part + "custom"].back() == 2);
    CHECK(history[part + "custom_1"].back() == 3);
    CHECK(history[part + "mae_1"].back() == 1);
  }
  const auto stopping = nn::EarlyStopping({.monitor = "custom_1"});
  CHECK(model.fit(one, zero, {.verbose = 0, .callbacks = {stopping}}).epochs() == 1);
}

TEST_CASE("metric: of one's own, a sum over the samples of a batch") {
  const MetricChoice choice = nn::Metric("bias", [](const Tensor& y, const Tensor& p) { return sum(p - y).item(); });
  CHECK(choice.name() == "bias");
  nn::Metric metric = choice.make("mse", 1);
  metric.update(Tensor{{1.0}, {0.0}}, Tensor{{4.0}, {0.0}});
  CHECK(metric.result() == 1.5);
  // Another one starts from nothing.
  CHECK(choice.make("mse", 1).result() == 0);
}

TEST_CASE("metric: a function that returns a mean is told to return a sum") {
  const auto mean_error = [](const Tensor& y, const Tensor& p) { return mean(abs(p - y)).item(); };
  const Tensor y{{1.0}, {2.0}, {3.0}, {4.0}, {5.0}}, p{{2.0}, {2.0}, {2.5}, {4.0}, {8.0}};
  const std::string expected =
      "error: the function returned 0.9 for a batch of 5 samples, but 0.5 for the first 2 of them and 1.16667 for the "
      "other 3: it must return the sum over the samples; multiply a mean by the batch size";
  nn::Metric metric("error", mean_error);
  for (int call = 0; call < 2; ++call) CHECK_ERROR(ValueError, metric.update(y, p), expected);
  CHECK(metric.result() == 0);

  // The trainer says so at the line of its call, before anything changes.
  nn::Sequential model{nn::Dense({.units = 1, .input_dim = 1, .use_bias = false, .kernel_initializer = "ones"})};
  model.compile({.optimizer = "sgd", .loss = "mse", .metrics = {nn::Metric("error", mean_error)}});
  CHECK_ERROR(ValueError, model.fit(p, y, {.verbose = 0, .shuffle = false}), expected);
  CHECK_ERROR(ValueError, model.train_on_batch(p, y), expected);
  CHECK_ERROR(ValueError, model.evaluate(p, y, {.verbose = 0}), expected);
  CHECK(model["dense_1.kernel"].item() == 1);
  CHECK(model.optimizer().iterations() == 0);

  model.compile(
      {.optimizer = "sgd", .loss = "mse", .metrics = {nn::Metric("error", [&](const Tensor& t, const Tensor& q) {
                                            return mean_error(t, q) * double(q.shape()[0]);
                                          })}});
  CHECK(model.evaluate(p, y, {.batch_size = 2, .verbose = 0})["error"] == Close(0.9, 1e-6));
}

TEST_CASE("metric: what else is no sum over the samples") {
  const Tensor y = zeros({4, 1}), p{{1.0}, {2.0}, {3.0}, {4.0}};
  const auto check = [&](auto function, const char* expected) {
    nn::Metric metric("mine", function);
    CHECK_ERROR(ValueError, metric.update(y, p), expected);
  };
  check(
      [](const Tensor&, const Tensor& q) { return max(q).item(); },
      "mine: the function returned 4 for a batch of 4 samples, but 2 for the first 2 of them and 4 for the other 2: it "
      "must return the sum over the samples; multiply a mean by the batch size");
  check(
      [](const Tensor&, const Tensor&) { return 1.0; },
      "mine: the function returned 1 for a batch of 4 samples, but 1 for the first 2 of them and 1 for the other 2: it "
      "must return the sum over the samples; multiply a mean by the batch size");
}

TEST_CASE("metric: whether it returns sums is looked at once, for all copies") {
  int calls = 0;
  double factor = 0;
  const MetricChoice choice = nn::Metric("mine", [&](const Tensor&, const Tensor& p) {
    ++calls;
    return factor * double(p.shape()[0]);
  });
  const auto called = [&](nn::Metric& metric, std::int64_t samples) {
    calls = 0;
    metric.update(zeros({samples}), zeros({samples}));
    return calls;
  };
  nn::Metric first = choice.make("mse", 1), second = choice.make("mse", 1);
  // None of these tells a sum from a mean.
  for (const double nothing : {0.0, 1e-7, std::nan(""), std::numeric_limits<double>::infinity()}) {
    factor = nothing;
    CHECK(called(first, 5) == 1);
  }
  factor = 2;
  CHECK(called(first, 1) == 1);
  calls = 0;
  first.update(Tensor(1.0), zeros({4}));
  first.update(zeros({3}), zeros({4}));
  CHECK(calls == 2);
  CHECK(called(first, 2) == 4);
  CHECK(called(first, 2) == 1);
  CHECK(called(second, 5) == 1);

  nn::Sequential model{nn::Dense({.units = 1, .input_dim = 1})};
  model.compile({.optimizer = "sgd", .loss = "mse", .metrics = {nn::Metric("mine", [&](const Tensor&, const Tensor& p) {
                                                      ++calls;
                                                      return double(p.shape()[0]);
                                                    })}});
  calls = 0;
  model.fit(zeros({10, 1}), zeros({10, 1}), {.batch_size = 4, .epochs = 3, .verbose = 0});
  CHECK(calls == 3 * 3 + 3);
}

TEST_CASE("metric: sums in float32, and losses behind which there are logits, are sums") {
  const std::int64_t samples = 100'000;
  const Array noise = Generator(4).normal({samples});
  nn::Metric naive("naive", [](const Tensor&, const Tensor& p) {
    float total = 0;
    for (const float value : p.to_vector<float>()) total += value * value;
    return double(total);
  });
  naive.update(zeros({samples}), noise);
  CHECK(naive.result() == Close(1, 0.02));

  // From logits the loss of a sample is 60; from probabilities, which are cut off, it is less.
  nn::Sequential model{nn::Dense(
      {.units = 2, .input_dim = 2, .use_bias = false, .kernel_initializer = "zeros", .activation = "softmax"})};
  model["dense_1.kernel"].assign(Tensor{{60.0F, 0.0F}, {0.0F, 60.0F}});
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}),
                 .loss = "categorical_crossentropy",
                 .metrics = {nn::Metric("cross", [](const Tensor& y, const Tensor& p) {
                   return nn::categorical_crossentropy(y, p).item() * double(p.shape()[0]);
                 })}});
  const auto score = model.train_on_batch(Tensor{{1.0, 0.0}, {0.0, 1.0}}, Tensor{{0.0, 1.0}, {0.0, 1.0}});
  CHECK(score["cross"] == Close(30, 1e-5));
}

TEST_CASE("metric: shapes that do not fit name the line") {
  const auto check = [](const char* name, const Tensor& y, const std::string& expected) {
    nn::Metric metric = MetricChoice(name).make("mse", 3);
    const unsigned line = __LINE__ + 1;
    const std::string message = message_of<ShapeError>([&] { metric.update(y, ones({4, 3})); });
    CHECK(message == at_line(expected, __FILE__, line));
    CHECK(metric.result() == 0);
  };
  check("categorical_accuracy", ones({4}),
        "categorical_accuracy: y_true has shape (4,), y_pred (4, 3): one-hot labels are expected; use "
        "sparse_categorical_accuracy for class numbers");
  check("sparse_categorical_accuracy", ones({4, 3}),
        "sparse_categorical_accuracy: y_true has shape (4, 3), y_pred (4, 3)");
  check("binary_accuracy", ones({4}), "binary_accuracy: y_true has shape (4,), y_pred (4, 3)");
  check("mse", ones({4}), "mean_squared_error: y_true has shape (4,), y_pred (4, 3)");
}

TEST_CASE("metric: a batch that fails is not counted") {
  bool refuses = false;
  nn::Metric metric("mine", [&](const Tensor&, const Tensor& p) {
    if (refuses) throw ValueError("no");
    return sum(p).item();
  });
  metric.update(ones({2}), full({2}, 3));
  refuses = true;
  CHECK_THROWS_AS(metric.update(ones({2}), full({2}, 3)), ValueError);
  CHECK_THROWS_AS(metric.update(ones({2}), Tensor(3.0)), ShapeError);
  CHECK(metric.result() == 3);
}
