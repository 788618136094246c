#include <doctest/doctest.h>

#include <cmath>
#include <thread>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/metrics/auc.hpp"
#include "nn/metrics/confusion_matrix.hpp"
#include "nn/metrics/mean.hpp"
#include "nn/metrics/r2_score.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/nn/vectors.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// Metrics that are no means over samples agree with an independent program: tests/support/make_metric_vectors.py.

using namespace xg;
using nn::MetricChoice;
using nn::Spec;

namespace {

const nn::EvaluateOptions quiet{.verbose = 0};

/// The metric that a line of the vectors is of.
Spec spec_of(std::string name) {
  std::string average;
  for (const char* known : {"macro_", "micro_", "weighted_"})
    if (name.starts_with(known)) {
      average = std::string(known, std::string_view(known).size() - 1);
      name.erase(0, average.size() + 1);
    }
  Spec spec{name == "pr_auc" ? "auc" : name};
  if (!average.empty()) spec.arguments.push_back({"average", average});
  if (name == "pr_auc") spec.arguments.push_back({"curve", "PR"});
  return spec;
}

Tensor part(const Tensor& x, std::int64_t start, std::int64_t count) {
  return x.defined() ? Tensor(x.array().slice(0, start, count, 1)) : x;
}

/// The figure of a batch, or of several.
double figure(const MetricChoice& choice, const Tensor& y, const Tensor& p, const Tensor& w, std::int64_t size) {
  nn::Metric metric = choice.make("mse", p.shape().back());
  for (std::int64_t start = 0; start < p.shape()[0]; start += size) {
    const std::int64_t count = std::min(size, p.shape()[0] - start);
    metric.update(part(y, start, count), part(p, start, count), part(w, start, count));
  }
  return metric.result();
}

/// A model that gives its samples back.
struct Same : nn::Model {
  nn::Parameter none = parameter("none", ones({1}));
  Tensor forward(const Tensor& x) override { return x * none; }
};

/// The largest difference between what is wanted and what is given.
struct Worst : nn::StreamingMetric {
  double worst = 0;
  void update(const Tensor& y, const Tensor& p, const Tensor&) override {
    worst = std::max(worst, xg::max(abs(y - p)).item());
  }
  double result() const override { return worst; }
  void reset() override { worst = 0; }
};

}  // namespace

TEST_CASE("streaming metrics: figures agree with an independent program, whatever the batches") {
  int lines = 0;
  for (const auto& [name, one] : read_cases(XG_METRIC_VECTORS)) {
    const Tensor y = one.at("y -"), p = one.at("p -"), w = one.contains("w -") ? Tensor(one.at("w -")) : Tensor();
    for (const auto& [key, expected] : one) {
      if (!key.starts_with("value ") || key == "value confusion_matrix") continue;
      CAPTURE(name);
      CAPTURE(key);
      const MetricChoice choice(spec_of(key.substr(6)));
      for (const std::int64_t size : {1, 7, 100})
        CHECK(figure(choice, y, p, w, size) == Close(Tensor(expected).item(), 1e-12));
      ++lines;
    }
  }
  CHECK(lines == 44);
}

TEST_CASE("confusion matrix: the object agrees with an independent program, and with the function") {
  for (const auto& [name, one] : read_cases(XG_METRIC_VECTORS)) {
    if (!one.contains("value confusion_matrix")) continue;
    CAPTURE(name);
    nn::ConfusionMatrix matrix;
    const Tensor y = one.at("y -"), p = one.at("p -");
    matrix.update(y, p, one.contains("w -") ? Tensor(one.at("w -")) : Tensor());
    CHECK(largest_difference(numbers(matrix.counts()), numbers(Tensor(one.at("value confusion_matrix")))) < 1e-12);
    if (one.contains("w -")) continue;
    const Tensor guess = p.rank() == 1 ? astype(p > 0.5, int64) : argmax(p, {.axis = -1});
    const Tensor counts = nn::confusion_matrix(y, guess, matrix.classes());
    CHECK(counts.dtype() == int64);
    CHECK(numbers(counts) == numbers(matrix.counts()));
  }
  CHECK(numbers(nn::confusion_matrix(Tensor{0, 2, 2}, Tensor{0, 2, 1})) == Numbers{1, 0, 0, 0, 0, 0, 0, 1, 1});
  CHECK(nn::confusion_matrix(zeros({0}), zeros({0})).shape() == Shape{0, 0});
}

TEST_CASE("confusion matrix: kept by the user, it holds the last evaluation") {
  Same model;
  nn::ConfusionMatrix matrix;
  const auto precision = std::make_shared<nn::Precision>();
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mse", .metrics = {std::ref(matrix), precision}});
  const Tensor y = eye(2), x = Tensor{{0.9, 0.1}, {0.8, 0.2}};
  const auto score = model.evaluate(x, y, {.batch_size = 1, .verbose = 0});
  CHECK(score["confusion_matrix"] == 0.5);
  CHECK(score["precision"] == 0.25);
  CHECK(numbers(matrix.counts()) == Numbers{1, 0, 1, 0});
  CHECK(precision->result() == 0.25);
  model.evaluate(y, y, quiet);
  CHECK(numbers(matrix.counts()) == Numbers{1, 0, 0, 1});
  const auto history = model.fit(x, y, {.epochs = 2, .verbose = 0, .validation_data = {y, y}});
  CHECK(history["confusion_matrix"] == Numbers{0.5, 0.5});
  CHECK(history["val_confusion_matrix"] == Numbers{1, 1});
  CHECK(numbers(matrix.counts()) == Numbers{1, 0, 0, 1});
}

TEST_CASE("streaming metrics: names, specs and aliases") {
  const auto shown = [](const MetricChoice& choice) { return choice.name() + " " + to_string(choice.spec()); };
  CHECK(shown("precision") == "precision precision(threshold=0.5, average=\"auto\")");
  CHECK(shown(nn::Recall({.average = "macro"})) == "recall recall(threshold=0.5, average=\"macro\")");
  CHECK(shown("f1_score") == "f1_score f1(threshold=0.5, average=\"auto\", name=\"f1_score\")");
  CHECK(shown("pr_auc") == "pr_auc auc(curve=\"PR\", average=\"macro\", name=\"pr_auc\")");
  CHECK(shown(nn::AUC()) == "auc auc(curve=\"ROC\", average=\"macro\")");
  CHECK(shown("mean_iou") == "mean_iou mean_iou(threshold=0.5)");
  CHECK(shown(nn::MeanIoU()) == "mean_iou mean_iou(threshold=0.5)");
  CHECK(shown("r2_score") == "r2_score r2_score");
  CHECK(shown(Worst()) == "custom custom");
  CHECK(shown("binary_crossentropy") ==
        "binary_crossentropy binary_crossentropy(from_logits=false, label_smoothing=0)");
}

TEST_CASE("streaming metrics: where nothing is to be divided by, and NaN") {
  const Tensor p{0.1, 0.2}, y{0.0, 0.0};
  for (const char* name : {"precision", "recall", "f1", "auc", "pr_auc"}) {
    CAPTURE(name);
    CHECK(MetricChoice(name).make("mse", 1).result() == 0);
    CHECK(figure(name, y, p, {}, 2) == 0);
    CHECK(figure(name, zeros({0}), zeros({0}), {}, 1) == 0);
  }
  CHECK(figure("auc", Tensor{1.0, 0.0}, Tensor{0.5, 0.5}, {}, 2) == 0.5);
  CHECK(figure("auc", Tensor{1.0, 0.0}, Tensor{0.5, 0.4}, Tensor{0.0, 0.0}, 2) == 0);
  CHECK(figure("recall", Tensor{1.0, 1.0}, Tensor{std::nan(""), 0.9}, {}, 2) == 0.5);
  CHECK(figure("r2_score", Tensor{2.0, 2.0}, Tensor{2.0, 2.0}, {}, 2) == 1);
  CHECK(figure("r2_score", Tensor{2.0, 2.0}, Tensor{2.0, 3.0}, {}, 2) == 0);
  CHECK(figure("mean_iou", Tensor{0.0, 1.0}, Tensor{0.1, 0.9}, {}, 2) == 1);
}

TEST_CASE("streaming metrics: a class that was neither true nor predicted does not count") {
  const Tensor y{0, 1}, p{{0.8, 0.1, 0.1}, {0.1, 0.8, 0.1}};
  CHECK(figure("recall", y, p, {}, 2) == 1);
  CHECK(figure("mean_iou", y, p, {}, 2) == 1);
}

TEST_CASE("streaming metrics: weights of steps, and of the samples of sequences") {
  const Tensor y{{0, 1}, {1, 0}}, p = Tensor{{{0.2}, {0.9}}, {{0.3}, {0.8}}};
  nn::ConfusionMatrix matrix;
  matrix.update(y, p, Tensor{{1.0, 2.0}, {4.0, 8.0}});
  CHECK(numbers(matrix.counts()) == Numbers{1, 8, 4, 2});
  matrix.reset();
  matrix.update(y, p, Tensor{1.0, 3.0});
  CHECK(numbers(matrix.counts()) == Numbers{1, 3, 3, 1});
}

TEST_CASE("streaming metrics: one of the user's, in an epoch, between epochs, and in several threads") {
  Same model;
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mse", .metrics = {Worst(), "auc"}});
  const Tensor x = column(10) * 0.1, y = astype(column(10) > 4.0, float32);
  const auto history = model.fit(x, y, {.batch_size = 3, .epochs = 2, .verbose = 0});
  CHECK(history["custom"][0] == Close(0.5, 1e-6));
  CHECK(history["custom"] == Numbers{history["custom"][0], history["custom"][0]});
  CHECK(history["auc"] == Numbers{1, 1});
  Numbers found(4), areas(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      const auto score = model.evaluate(x * double(i), y, {.batch_size = 2, .verbose = 0});
      found[i] = score["custom"];
      areas[i] = score["auc"];
    });
  for (auto& thread : threads) thread.join();
  CHECK(found[0] == 1);
  CHECK(found[3] == Close(1.7, 1e-6));
  CHECK(areas == Numbers{0.5, 1, 1, 1});
}

TEST_CASE("streaming metrics: a costly one is behind within an epoch, and right at its end") {
  struct Count : nn::StreamingMetric {
    double samples = 0;
    void update(const Tensor&, const Tensor& p, const Tensor&) override { samples += double(p.shape()[0]); }
    double result() const override { return samples; }
    void reset() override { samples = 0; }
    bool is_costly() const override { return true; }
  };
  Same model;
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mse", .metrics = {Count()}});
  Numbers shown;
  struct Watch : nn::Callback {
    Numbers& shown;
    explicit Watch(Numbers& list) : shown(list) {}
    void on_batch_end(nn::TrainingRun&, std::int64_t, std::int64_t, const nn::Logs& logs) override {
      shown.push_back(logs["custom"]);
    }
  };
  const auto history = model.fit(column(9), column(9), {.batch_size = 1, .verbose = 0, .callbacks = {Watch(shown)}});
  CHECK(shown == Numbers{1, 2, 3, 4, 5, 5, 7, 7, 9});
  CHECK(history["custom"][0] == 9);
  CHECK(model.evaluate(column(6), column(6), {.batch_size = 1, .verbose = 0})["custom"] == 6);
}

TEST_CASE("crossentropies as metrics") {
  const Tensor y = eye(2), p{{0.5, 0.5}, {0.75, 0.25}};
  const double mean = (std::log(2) + std::log(4)) / 2;
  CHECK(figure("categorical_crossentropy", y, p, {}, 1) == Close(mean, 1e-6));
  CHECK(figure("sparse_categorical_crossentropy", Tensor{0, 1}, p, {}, 2) == Close(mean, 1e-6));
  CHECK(figure("binary_crossentropy", Tensor{{1.0}, {0.0}}, Tensor{{0.5}, {0.75}}, {}, 2) == Close(mean, 1e-6));
  CHECK(figure("binary_crossentropy", Tensor{{1.0}, {0.0}}, Tensor{{0.5}, {0.75}}, Tensor{3.0, 1.0}, 2) ==
        Close((3 * std::log(2) + std::log(4)) / 4, 1e-6));
  const Spec logits{"binary_crossentropy", {{"from_logits", true}}};
  CHECK(figure(logits, Tensor{{1.0}}, Tensor{{0.0}}, {}, 1) == Close(std::log(2), 1e-6));
}

TEST_CASE("Mean: of numbers, far from 0 too") {
  nn::Mean mean;
  CHECK(std::isnan(mean.mean()));
  CHECK(std::isnan(mean.deviation()));
  mean.add(Tensor(Array::from(Numbers{1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}, {2, 2})));
  CHECK(mean.mean() == 1e9 + 10);
  CHECK(mean.deviation() == Close(std::sqrt(22.5), 1e-9));
  mean.reset();
  mean.add(1, 3);
  mean.add(5, 1);
  mean.add(100, 0);
  CHECK(mean.mean() == 2);
  CHECK(mean.deviation() == Close(std::sqrt(3), 1e-12));
  CHECK(mean.weight() == 4);
  CHECK_ERROR(ValueError, mean.add(1, -1), "Mean: a weight must be at least 0, got -1");
}

TEST_CASE("streaming metrics: misuse") {
  CHECK_ERROR(ValueError, nn::Precision({.average = "mean"}),
              "precision: unknown average 'mean': known are auto, binary, macro, weighted, micro");
  CHECK_ERROR(ValueError, nn::F1({.threshold = std::nan("")}), "f1: the threshold is NaN");
  CHECK_ERROR(ValueError, nn::AUC({.curve = "roc"}), "auc: unknown curve 'roc': known are ROC, PR");
  CHECK_ERROR(ValueError, nn::AUC({.average = "weighted"}), "auc: unknown average 'weighted': known are macro, micro");
  CHECK_ERROR(ValueError, MetricChoice(std::shared_ptr<nn::AUC>()), "metric: a null pointer was given");
  const auto update = [](nn::Metric metric, const Tensor& y, const Tensor& p, const Tensor& w = {},
                         std::source_location where = std::source_location::current()) {
    metric.update(y, p, w, where);
    return metric.result();
  };
  const auto recall = MetricChoice("recall").make("mse", 3), auc = MetricChoice("auc").make("mse", 3);
  CHECK_ERROR(ShapeError, update(recall, zeros({2, 2}), zeros({2, 3})),
              "recall: y_true has shape (2, 2), y_pred (2, 3): one-hot rows or a class number for each row are "
              "expected");
  CHECK_ERROR(ShapeError, update(recall, zeros({2}), zeros({2, 3}), zeros({3})),
              "recall: weights of shape (3,) for predictions in rows of shape (2,)");
  CHECK_ERROR(ValueError, update(auc, zeros({1}), Tensor{std::nan("")}),
              "auc: a prediction is NaN, which cannot be sorted");
  const auto two = MetricChoice(nn::Recall({.average = "binary"})).make("mse", 3);
  CHECK_THROWS_WITH_AS(
      update(two, zeros({2}), zeros({2, 3})),
      doctest::Contains("recall: average 'binary' is for two classes, there are 3: choose macro or micro"), ValueError);
  nn::ConfusionMatrix matrix;
  matrix.update(zeros({2}), zeros({2, 3}), {});
  CHECK_THROWS_WITH_AS(
      matrix.update(zeros({2}), zeros({2}), {}),
      doctest::Contains(
          "confusion_matrix: predictions of shape (2,) after some of 3 columns: reset() forgets the earlier ones"),
      ShapeError);
  nn::ConfusionMatrix column;
  column.update(zeros({2}), zeros({2}), {});
  CHECK_THROWS_AS(column.update(zeros({2}), zeros({2, 2}), {}), ShapeError);
  CHECK_ERROR(ShapeError, nn::confusion_matrix(zeros({2}), zeros({3})),
              "confusion_matrix: y_true has shape (2,), y_pred (3,): one class number each is expected");
  CHECK_ERROR(ValueError, nn::confusion_matrix(zeros({2}), zeros({2}), -1),
              "confusion_matrix: there cannot be -1 classes");
  CHECK_ERROR(ShapeError, update(MetricChoice("r2_score").make("mse", 1), zeros({2}), zeros({2, 1})),
              "r2_score: y_true has shape (2,), y_pred (2, 1)");
}

TEST_CASE("streaming: an update that is refused changes nothing") {
  nn::AUC auc;
  CHECK_THROWS_AS(auc.update(Tensor{0.0, 1.0, 7.0}, ones({3, 4}), {}), ValueError);
  auc.update(Tensor{0.0, 1.0}, Tensor{0.2, 0.8}, {});
  CHECK(auc.result() == 1);
  for (const auto& [weight, text] : {std::pair(-1.0, "-1"), {1e38 * 10, "inf"}, {std::nan(""), "NaN"}}) {
    const std::string message = message_of<ValueError>([&] {
      auc.update(Tensor{0.0, 1.0}, Tensor{0.8, 0.2}, Tensor{1.0, weight});
    });
    CHECK(message.starts_with(
        concat("auc: the weights hold ", text, ": they must not be negative, and finite in float32")));
  }
  CHECK(auc.result() == 1);
}

TEST_CASE("streaming: a costly metric is asked for once more at the end of an epoch") {
  struct Same : nn::Model {
    nn::Parameter none = parameter("none", ones({1}));
    Tensor forward(const Tensor& x) override { return x * none; }
  };
  Same model;
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mse", .metrics = {"auc"}});
  std::vector<float> scores, truth;
  for (int i = 0; i < 23; ++i) {
    scores.push_back(static_cast<float>(i * 7 % 23));
    truth.push_back(i == 22 ? 1 : static_cast<float>(i % 2));
  }
  const Tensor x = Array::from(scores, {23, 1}), y = Array::from(truth, {23, 1});
  const auto history = model.fit(x, y, {.batch_size = 1, .verbose = 0, .shuffle = false});
  CHECK(history["auc"].back() == model.evaluate(x, y, {.verbose = 0})["auc"]);
}
