#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "autograd/tensor.hpp"
#include "nn/choices.hpp"
#include "nn/metrics/streaming.hpp"

namespace xg::nn {

/// A figure about predictions, collected batch by batch: the mean over samples, in double precision, of a function of
/// (y_true, y_pred), or what a StreamingMetric makes of all batches.
class XG_API Metric {
 public:
  /// The sum of the figure over the samples of a batch: of a function that computes a mean, that times
  /// y_pred.shape()[0]. It must give what it gives for the parts of the batch, added up, and have no side effects: it
  /// is called for the parts too.
  using BatchSum = std::function<double(const Tensor& y_true, const Tensor& y_pred)>;
  /// The figure of each sample, or of each of its elements: the batch is the first axis.
  using Values = std::function<Tensor(const Tensor& y_true, const Tensor& y_pred)>;

  /// What a metric computes: sums or values, or both, which must agree; or what `streaming` collects.
  struct Recipe {
    BatchSum sum = {};                                ///< for batches without weights
    Values values = {};                               ///< for those with; null if the figure cannot be weighted
    std::shared_ptr<std::atomic<bool>> checked = {};  ///< whether sums were found to be some; null if known to be
    StreamingChoice streaming = {};                   ///< in the place of all that
  };

  /// A metric that adds up `batch_sum` over batches. A null function is a ValueError.
  Metric(std::string name, BatchSum batch_sum, std::source_location where = std::source_location::current())
      : Metric(std::move(name), Recipe{.sum = given_function("metric", std::move(batch_sum), where),
                                       .checked = std::make_shared<std::atomic<bool>>(false)}) {}
  /// One that computes that.
  Metric(std::string name, Recipe recipe) : name_(std::move(name)), recipe_(std::move(recipe)) { reset(); }
  /// One of the same batches.
  Metric(const Metric& other);
  /// One of the same batches.
  Metric& operator=(const Metric& other);
  /// Leaves nothing of use behind.
  Metric(Metric&& other) = default;
  /// Leaves nothing of use behind.
  Metric& operator=(Metric&& other) = default;

  /// As it is shown.
  const std::string& name() const { return name_; }
  /// What it computes.
  const Recipe& recipe() const { return recipe_; }
  /// Forgets the batches so far.
  void reset();
  /// Adds a batch. The first one of at least two samples whose figure is finite, and not next to 0, is also split in
  /// two: if the function's results for the halves do not add up, it is a ValueError. Copies of a metric look once for
  /// all.
  void update(const Tensor& y_true, const Tensor& y_pred, std::source_location where = std::source_location::current());
  /// The same with weights, one for each sample (N) or for each of its steps (N, steps): the mean is that of w v over
  /// that of w. A function that returns sums cannot be weighted: a ValueError.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weights,
              std::source_location where = std::source_location::current());
  /// The figure so far; 0 before the first sample.
  double result() const;
  /// True if result() takes a while: it is then asked for less often than there are batches.
  bool is_costly() const { return streaming_ && streaming_->is_costly(); }
  /// Gives what was collected to the object of the user's that the metric was made from, if it is kept by the user.
  void publish() const;

 private:
  void check_sum(const Tensor& y_true, const Tensor& y_pred, double sum, std::source_location where);
  void add_weighted(const Tensor& y_true, const Tensor& y_pred, const Tensor& weights, std::source_location where);

  std::string name_;
  Recipe recipe_;
  std::shared_ptr<StreamingMetric> streaming_;  ///< its own; null for a mean
  double sum_ = 0;
  double weight_ = 0;
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
  /// The recipe for a loss of that name and outputs of that width.
  using Recipe = std::function<Metric::Recipe(const std::string& loss, std::int64_t output_width)>;

  std::string shown = {};  ///< the name it is shown by; that of the choice if empty
  Recipe recipe = {};      ///< what the metric computes

  /// Names the argument that all metrics have.
  void visit(Arguments& arguments) { arguments.optional("name", shown); }
};

/// A metric as an option: a Metric; a StreamingMetric (each run collects into a copy; one that is given by std::ref or
/// as a shared pointer gets what was collected at the end of each epoch or evaluation); any function of (y_true,
/// y_pred) that gives one number for all or one for each sample, whose mean over all samples is shown as "custom"; or
/// a name: accuracy (acc; the kind follows from the loss and the output's width), categorical_accuracy,
/// sparse_categorical_accuracy, binary_accuracy, top_k_categorical_accuracy and sparse_top_k_categorical_accuracy
/// (k = 5); precision, recall, f1 (f1_score), mean_iou, confusion_matrix, auc (roc_auc), pr_auc and r2_score, with the
/// options of their classes; and the means of the losses categorical_crossentropy, sparse_categorical_crossentropy and
/// binary_crossentropy, with their options, mean_squared_error (mse), mean_absolute_error (mae),
/// mean_absolute_percentage_error (mape), mean_squared_logarithmic_error (msle), logcosh, poisson, hinge,
/// squared_hinge, kullback_leibler_divergence, cosine_proximity, and cosine_similarity, which is that of the cosine
/// itself. In a Spec the argument "name" is what the metric is shown by.
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
  /// A copy of a streaming metric, as it is.
  template <std::derived_from<StreamingMetric> M>
  MetricChoice(const M& metric) : MetricChoice(StreamingChoice::copy_of(metric)) {}
  /// One that the caller keeps, and reads.
  template <std::derived_from<StreamingMetric> M>
  MetricChoice(std::reference_wrapper<M> metric)
      : MetricChoice(StreamingChoice::kept(std::shared_ptr<M>(&metric.get(), [](M*) {}))) {}
  /// A shared one. Null is a ValueError.
  template <std::derived_from<StreamingMetric> M>
  MetricChoice(const std::shared_ptr<M>& metric, std::source_location where = std::source_location::current())
      : MetricChoice(StreamingChoice::kept(given_metric(metric, where))) {}
  /// A function of the user's. Null is a ValueError.
  template <class F>
  requires takes<F> MetricChoice(F function, std::source_location where = std::source_location::current())
      : Choice({Spec::custom}, mean_of(given_function<Function>(kind, std::move(function), where))) {}

  /// The name it is shown by.
  const std::string& name() const { return value_.shown.empty() ? spec().name : value_.shown; }
  /// The metric for a loss of that name and outputs of that width.
  Metric make(const std::string& loss, std::int64_t output_width) const;

 private:
  explicit MetricChoice(StreamingChoice streaming);
  static MetricMaker mean_of(Function function);
  template <class M>
  static const std::shared_ptr<M>& given_metric(const std::shared_ptr<M>& metric, std::source_location where) {
    check_given(kind, "pointer", metric.get(), where);
    return metric;
  }
};

}  // namespace xg::nn
