#include "nn/metrics/confusion_matrix.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/ops/check.hpp"
#include "nn/metrics/decisions.hpp"

namespace xg::nn {
namespace {

double share(double part, double all) { return all > 0 ? part / all : 0; }

}  // namespace

Tensor confusion_matrix(const Tensor& y_true, const Tensor& y_pred, std::int64_t classes, std::source_location where) {
  if (y_true.size() != y_pred.size())
    throw ShapeError(concat("confusion_matrix: y_true has shape ", y_true.shape(), ", y_pred ", y_pred.shape(),
                            ": one class number each is expected"),
                     where);
  if (classes < 0) throw ValueError(concat("confusion_matrix: there cannot be ", classes, " classes"), where);
  const std::int64_t limit = classes > 0 ? classes : std::int64_t{1} << 15;
  check_class_numbers("confusion_matrix", y_true, limit, where);
  check_class_numbers("confusion_matrix", y_pred, limit, where);
  const auto truth = y_true.to_vector<std::int64_t>(), guess = y_pred.to_vector<std::int64_t>();
  if (classes == 0)
    for (const auto* numbers : {&truth, &guess})
      for (const std::int64_t number : *numbers) classes = std::max(classes, number + 1);
  Array counts = Array::zeros({classes, classes}, int64);
  for (std::size_t i = 0; i < truth.size(); ++i) ++counts.data<std::int64_t>()[truth[i] * classes + guess[i]];
  return counts;
}

ConfusionMatrix::ConfusionMatrix(const char* name, double threshold, std::source_location where)
    : name_(name), threshold_(threshold) {
  if (std::isnan(threshold)) throw ValueError(concat(name, ": the threshold is NaN"), where);
}

ConfusionMatrix::ConfusionMatrix(const ConfusionMatrixOptions& options, std::source_location where)
    : ConfusionMatrix("confusion_matrix", options.threshold, where) {}

Spec ConfusionMatrix::spec() const { return {name_, arguments_of(ConfusionMatrixOptions{threshold_})}; }

Tensor ConfusionMatrix::counts() const { return Array::from(counts_, {classes_, classes_}); }

void ConfusionMatrix::reset() {
  classes_ = 0;
  counts_.clear();
}

void ConfusionMatrix::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weights) {
  const Decisions batch = decide(name_, y_true, y_pred, weights, threshold_);
  if (classes_ == 0) {
    classes_ = batch.classes;
    binary_ = is_binary(y_pred);
    counts_.assign(static_cast<std::size_t>(classes_ * classes_), 0.0);
  }
  if (batch.classes != classes_ || is_binary(y_pred) != binary_)
    throw ShapeError(concat(name_, ": predictions of shape ", y_pred.shape(), " after some of ", binary_ ? 1 : classes_,
                            " columns: reset() forgets the earlier ones"),
                     std::source_location::current());
  for (std::size_t i = 0; i < batch.truth.size(); ++i)
    counts_[static_cast<std::size_t>(batch.truth[i] * classes_ + batch.guess[i])] += batch.weights[i];
}

double ConfusionMatrix::result() const {
  double right = 0, all = 0;
  for (const double count : counts_) all += count;
  for (std::int64_t i = 0; i < classes_; ++i) right += at(i, i);
  return share(right, all);
}

ConfusionMatrix::Hits ConfusionMatrix::hits(std::int64_t of_class) const {
  Hits found{.right = at(of_class, of_class)};
  for (std::int64_t other = 0; other < classes_; ++other) {
    if (other == of_class) continue;
    found.wrong += at(other, of_class);
    found.missed += at(of_class, other);
  }
  return found;
}

MeanIoU::MeanIoU(const ConfusionMatrixOptions& options, std::source_location where)
    : ConfusionMatrix("mean_iou", options.threshold, where), options_(options) {}

Spec MeanIoU::spec() const { return {"mean_iou", arguments_of(options_)}; }

double MeanIoU::result() const {
  double sum = 0, occurring = 0;
  for (std::int64_t i = 0; i < classes(); ++i) {
    const auto [right, wrong, missed] = hits(i);
    sum += share(right, right + wrong + missed);
    occurring += right + wrong + missed > 0;
  }
  return share(sum, occurring);
}

ClassFigure::ClassFigure(const char* name, const ClassFigureOptions& options, std::source_location where)
    : ConfusionMatrix(name, options.threshold, where), name_(name), options_(options) {
  const auto known = {"auto", "binary", "macro", "weighted", "micro"};
  if (std::find(known.begin(), known.end(), options.average) == known.end())
    throw ValueError(
        concat(name, ": unknown average '", options.average, "': known are auto, binary, macro, weighted, micro"),
        where);
}

Spec ClassFigure::spec() const { return {name_, arguments_of(options_)}; }

double ClassFigure::result() const {
  const std::int64_t count = classes();
  if (count == 0) return 0;
  if (options_.average == "binary" && count != 2)
    throw ValueError(
        concat(name_, ": average 'binary' is for two classes, there are ", count, ": choose macro or micro"),
        std::source_location::current());
  if (options_.average == "binary" || (options_.average == "auto" && binary())) return figure(hits(1));
  Hits all;
  double sum = 0, weight = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const Hits found = hits(i);
    const bool occurs = found.right + found.wrong + found.missed > 0;
    const double counts = options_.average == "weighted" ? found.right + found.missed : occurs;
    sum += counts * figure(found);
    weight += counts;
    all = {all.right + found.right, all.wrong + found.wrong, all.missed + found.missed};
  }
  return options_.average == "micro" ? figure(all) : share(sum, weight);
}

double Precision::figure(const Hits& hits) const { return share(hits.right, hits.right + hits.wrong); }
double Recall::figure(const Hits& hits) const { return share(hits.right, hits.right + hits.missed); }
double F1::figure(const Hits& hits) const { return share(2 * hits.right, 2 * hits.right + hits.wrong + hits.missed); }

}  // namespace xg::nn
