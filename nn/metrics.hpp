#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <string>

#include "autograd/tensor.hpp"
#include "nn/lookup.hpp"

namespace xg::nn {

/// A figure about predictions: the mean over samples of a function of (y_true, y_pred), collected batch by batch in
/// double precision.
class XG_API Metric {
 public:
  /// The sum of the figure over the samples of a batch: of a function that computes a mean, that times
  /// y_pred.shape()[0]. It must give what it gives for the parts of the batch, added up, and have no side effects: it
  /// is called for the parts too.
  using BatchSum = std::function<double(const Tensor& y_true, const Tensor& y_pred)>;

  /// A metric that adds up `batch_sum` over batches. A null function is a ValueError.
  Metric(std::string name, BatchSum batch_sum, std::source_location where = std::source_location::current())
      : name_(std::move(name)),
        batch_sum_(given_function("metric", std::move(batch_sum), where)),
        checked_(std::make_shared<std::atomic<bool>>(false)) {}

  /// As it is shown.
  const std::string& name() const { return name_; }
  /// Forgets the batches so far.
  void reset();
  /// Adds a batch. The first one of at least two samples whose figure is finite, and not next to 0, is also split in
  /// two: if the function's results for the halves do not add up, it is a ValueError. Copies of a metric look once for
  /// all.
  void update(const Tensor& y_true, const Tensor& y_pred, std::source_location where = std::source_location::current());
  /// The mean so far; 0 before the first sample.
  double result() const { return samples_ == 0 ? 0 : sum_ / static_cast<double>(samples_); }

 private:
  friend class MetricChoice;

  void check_sum(const Tensor& y_true, const Tensor& y_pred, double sum, std::source_location where);

  std::string name_;
  BatchSum batch_sum_;
  std::shared_ptr<std::atomic<bool>> checked_;  ///< that the function returns sums; null for those of the library
  double sum_ = 0;
  std::int64_t samples_ = 0;
};

// How many samples of a batch are classified rightly; the first maximum wins.

/// argmax(y_true) == argmax(y_pred) over the last axis.
XG_API double categorical_matches(const Tensor& y_true, const Tensor& y_pred);
/// y_true == argmax(y_pred), for class numbers (N) or (N, 1).
XG_API double sparse_matches(const Tensor& y_true, const Tensor& y_pred);
/// y_true == (y_pred > 0.5), averaged over the last axis.
XG_API double binary_matches(const Tensor& y_true, const Tensor& y_pred);

/// A metric as an option: a Metric, or a name: accuracy (acc; the kind follows from the loss and the output's width),
/// categorical_accuracy, sparse_categorical_accuracy, binary_accuracy, mean_squared_error (mse), mean_absolute_error
/// (mae).
class XG_API MetricChoice {
 public:
  /// An unknown name is a ValueError that lists the known ones.
  MetricChoice(const char* name, std::source_location where = std::source_location::current());
  /// The one of that name; an unknown one is a ValueError that lists the known ones.
  MetricChoice(const std::string& name, std::source_location where = std::source_location::current())
      : MetricChoice(name.c_str(), where) {}
  /// A metric of the user's.
  MetricChoice(Metric metric);

  /// The name it was given by.
  const std::string& name() const { return name_; }
  /// The metric for a loss of that name and outputs of that width.
  Metric make(const std::string& loss, std::int64_t output_width) const;

 private:
  std::string name_;
  std::function<Metric(const std::string& loss, std::int64_t output_width)> make_;
};

}  // namespace xg::nn
