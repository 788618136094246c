#include <doctest/doctest.h>

#include <limits>

#include "autograd/creation.hpp"
#include "nn/metrics.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// The metrics that ask for one of the k best, and those that are means of losses.

using namespace xg;
using nn::MetricChoice;
using nn::sparse_top_k_matches;
using nn::Spec;
using nn::top_k_matches;

namespace {

double value(const MetricChoice& choice, const Tensor& y_true, const Tensor& y_pred) {
  nn::Metric metric = choice.make("mse", 3);
  metric.update(y_true, y_pred);
  return metric.result();
}

}  // namespace

TEST_CASE("top k: the class is among the k largest") {
  const Tensor p{{0.1, 0.2, 0.3, 0.4}, {0.4, 0.3, 0.2, 0.1}, {0.1, 0.4, 0.2, 0.3}};
  const Tensor labels{2, 3, 1}, one_hot{{0, 0, 1, 0}, {0, 0, 0, 1}, {0, 1, 0, 0}};
  const double expected[] = {1, 2, 2, 3, 3};
  for (std::int64_t k = 1; k <= 5; ++k) {
    CHECK(sparse_top_k_matches(labels, p, k) == expected[k - 1]);
    CHECK(top_k_matches(one_hot, p, k) == expected[k - 1]);
    CHECK(value(Spec{"top_k_categorical_accuracy", {{"k", k}}}, one_hot, p) == Close(expected[k - 1] / 3, 1e-15));
  }
  CHECK(value("sparse_top_k_categorical_accuracy", labels.array().reshape({3, 1}), p) == 1);
  CHECK(sparse_top_k_matches(labels, p.array().astype(float64), 2) == 2);
}

TEST_CASE("top k: those as large as the k-th are among them") {
  const Tensor tie{{1.0, 1.0, 1.0, 0.0}};
  for (std::int64_t label = 0; label < 3; ++label) CHECK(sparse_top_k_matches(Tensor{label}, tie, 1) == 1);
  CHECK(sparse_top_k_matches(Tensor{3}, tie, 3) == 0);
  CHECK(sparse_top_k_matches(Tensor{3}, tie, 4) == 1);
}

TEST_CASE("top k: NaN is larger than all, and never a match") {
  const Tensor p{{std::numeric_limits<double>::quiet_NaN(), 0.5, 0.25}};
  CHECK(sparse_top_k_matches(Tensor{0}, p, 9) == 0);
  CHECK(sparse_top_k_matches(Tensor{1}, p, 1) == 0);
  CHECK(sparse_top_k_matches(Tensor{1}, p, 2) == 1);
}

TEST_CASE("top k: rows beyond the first axis are parts of a sample") {
  const Tensor p{{{0.9, 0.1, 0.0}, {0.2, 0.8, 0.0}}, {{0.3, 0.7, 0.0}, {0.6, 0.4, 0.0}}};
  CHECK(sparse_top_k_matches(Tensor{{0, 2}, {0, 2}}, p, 2) == 1);
  CHECK(sparse_top_k_matches(Tensor{{0, 2}, {1, 0}}, p, 1) == 1.5);
}

TEST_CASE("top k: what does not fit") {
  const Tensor p = ones({4, 3});
  nn::Metric metric = MetricChoice("top_k_categorical_accuracy").make("mse", 3);
  nn::Metric sparse = MetricChoice("sparse_top_k_categorical_accuracy").make("mse", 3);
  CHECK_ERROR(ShapeError, metric.update(ones({4}), p),
              "top_k_categorical_accuracy: y_true has shape (4,), y_pred (4, 3): one-hot labels are expected; use "
              "sparse_top_k_categorical_accuracy for class numbers");
  CHECK_ERROR(ShapeError, sparse.update(ones({3}), p),
              "sparse_top_k_categorical_accuracy: y_true has shape (3,), y_pred (4, 3)");
  CHECK_THROWS_AS(sparse_top_k_matches(ones({}), Tensor(1.0), 2), ShapeError);
  CHECK_ERROR(ValueError, sparse.update(Tensor{0, 1, 2, 3}, p),
              "sparse_top_k_categorical_accuracy: 3 is none of the 3 classes, which count from 0");
  CHECK_ERROR(ValueError, MetricChoice(Spec{"top_k_categorical_accuracy", {{"k", 0}}}),
              "top_k_categorical_accuracy: k must be at least 1, got 0");
}

TEST_CASE("accuracy: of the focal loss is that of several yes-or-no answers") {
  nn::Metric metric = MetricChoice("accuracy").make("binary_focal_crossentropy", 2);
  metric.update(Tensor{{1, 0}, {1, 1}}, Tensor{{0.9, 0.1}, {0.2, 0.8}});
  CHECK(metric.result() == 0.75);
}

TEST_CASE("metrics: means of losses, and the cosine itself") {
  const Tensor y{{1.0, 2.0}, {3.0, 4.0}}, p{{1.5, 2.0}, {1.5, 5.0}}, signs{{1, -1}, {1, 1}};
  CHECK(value("mape", y, p) == Close(100 * (0.5 + 0 + 0.5 + 0.25) / 4, 1e-6));
  CHECK(value("mean_absolute_percentage_error", y, p) == value("mape", y, p));
  CHECK(value("msle", y, p) ==
        Close((std::pow(std::log(1.25), 2) + std::pow(std::log(2.5 / 4), 2) + std::pow(std::log(1.2), 2)) / 4, 1e-6));
  CHECK(value("hinge", signs, p) == 3.0 / 4);
  CHECK(value("squared_hinge", signs, p) == 9.0 / 4);
  CHECK(value("cosine_similarity", y, y) == Close(1, 1e-6));
  CHECK(value("cosine_proximity", y, y) == Close(-1, 1e-6));
  CHECK(value("poisson", y, ones({2, 2})) == Close(1, 1e-5));
  CHECK(value("logcosh", y, y) == 0);
  CHECK(value("kullback_leibler_divergence", y, y) == 0);
}
