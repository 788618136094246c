#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <string>

#include "autograd/tensor.hpp"
#include "nn/choices.hpp"

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
  /// One whose function is known to return sums if `checked` is null, or has been found to if it is true.
  Metric(std::string name, BatchSum batch_sum, std::shared_ptr<std::atomic<bool>> checked)
      : name_(std::move(name)), batch_sum_(std::move(batch_sum)), checked_(std::move(checked)) {}

  /// As it is shown.
  const std::string& name() const { return name_; }
  /// What it adds up.
  const BatchSum& batch_sum() const { return batch_sum_; }
  /// Whether that was found to return sums; null if it is known to.
  const std::shared_ptr<std::atomic<bool>>& checked() const { return checked_; }
  /// Forgets the batches so far.
  void reset();
  /// Adds a batch. The first one of at least two samples whose figure is finite, and not next to 0, is also split in
  /// two: if the function's results for the halves do not add up, it is a ValueError. Copies of a metric look once for
  /// all.
  void update(const Tensor& y_true, const Tensor& y_pred, std::source_location where = std::source_location::current());
  /// The mean so far; 0 before the first sample.
  double result() const { return samples_ == 0 ? 0 : sum_ / static_cast<double>(samples_); }

 private:
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
/// argmax(y_true) is among the k largest of y_pred over the last axis; those as large as the k-th are, too, and what is
/// NaN counts as larger than all, but is no match.
XG_API double top_k_matches(const Tensor& y_true, const Tensor& y_pred, std::int64_t k);
/// The same for class numbers y_true (N) or (N, 1).
XG_API double sparse_top_k_matches(const Tensor& y_true, const Tensor& y_pred, std::int64_t k);

/// How a metric is made, once the loss and the outputs are known.
struct XG_API MetricMaker {
  /// The sum for a loss of that name and outputs of that width.
  using Sum = std::function<Metric::BatchSum(const std::string& loss, std::int64_t output_width)>;

  std::string shown = {};                           ///< the name it is shown by; that of the choice if empty
  Sum sum = {};                                     ///< what the metric adds up
  std::shared_ptr<std::atomic<bool>> checked = {};  ///< whether that was found to return sums; null if it is known to

  /// Names the argument that all metrics have.
  void visit(Arguments& arguments) { arguments.optional("name", shown); }
};

/// A metric as an option: a Metric; any function of (y_true, y_pred) that gives one number for all or one for each
/// sample, whose mean over all samples is shown as "custom"; or a name: accuracy (acc; the kind follows from the loss
/// and the output's width), categorical_accuracy, sparse_categorical_accuracy, binary_accuracy,
/// top_k_categorical_accuracy and sparse_top_k_categorical_accuracy (k = 5), and the means of the losses
/// mean_squared_error (mse), mean_absolute_error (mae), mean_absolute_percentage_error (mape),
/// mean_squared_logarithmic_error (msle), logcosh, poisson, hinge, squared_hinge, kullback_leibler_divergence,
/// cosine_proximity, and cosine_similarity, which is that of the cosine itself. In a Spec the argument "name" is what
/// the metric is shown by.
class XG_API MetricChoice : public Choice<MetricChoice, MetricMaker> {
 public:
  /// What errors call it.
  static constexpr const char* kind = "metric";
  /// A function that gives a tensor.
  using Function = std::function<Tensor(const Tensor& y_true, const Tensor& y_pred)>;
  /// True for the functions that a choice can be made from.
  template <class F>
  static constexpr bool takes = std::is_invocable_r_v<Tensor, F&, const Tensor&, const Tensor&>;

  /// By name or by Spec.
  using Choice::Choice;
  MetricChoice() = delete;
  /// A metric of the user's.
  MetricChoice(const Metric& metric);
  /// A function of the user's. Null is a ValueError.
  template <class F>
  requires takes<F> MetricChoice(F function, std::source_location where = std::source_location::current())
      : Choice({Spec::custom}, mean_of(given_function<Function>(kind, std::move(function), where))) {}

  /// The name it is shown by.
  const std::string& name() const { return value_.shown.empty() ? spec().name : value_.shown; }
  /// The metric for a loss of that name and outputs of that width.
  Metric make(const std::string& loss, std::int64_t output_width) const;

 private:
  static MetricMaker mean_of(Function function);
};

}  // namespace xg::nn
