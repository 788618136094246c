#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/layers/activation.hpp"
#include "nn/layers/dense.hpp"
#include "nn/metrics.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/close.hpp"
#include "tests/support/message.hpp"

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

TEST_CASE("metric: of one's own, a sum over the samples of a batch") {
  const MetricChoice choice =
      nn::Metric("bias", [](const Tensor& y, const Tensor& p) { return (numbers(p)[0] - numbers(y)[0]) * 2; });
  CHECK(choice.name() == "bias");
  nn::Metric metric = choice.make("mse", 1);
  metric.update(Tensor{{1.0}, {0.0}}, Tensor{{4.0}, {0.0}});
  CHECK(metric.result() == 3);
  // Another one starts from nothing.
  CHECK(choice.make("mse", 1).result() == 0);
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
