#include "nn/metrics/auc.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "nn/metrics/decisions.hpp"

namespace xg::nn {
namespace {

/// The area under a curve of points, of which those of a no have negative weights; nothing if there is no curve.
template <class Points>
std::optional<double> area(Points points, bool precision_over_recall) {
  std::sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  double yes = 0, no = 0, sum = 0;
  for (auto point = points.begin(); point != points.end();) {
    double more_yes = 0, more_no = 0;
    const double score = point->score;
    for (; point != points.end() && point->score == score; ++point)
      (std::signbit(point->weight) ? more_no : more_yes) += std::abs(point->weight);
    yes += more_yes;
    sum += precision_over_recall ? (more_yes > 0 ? more_yes * yes / (yes + no + more_no) : 0)
                                 : more_no * (yes - more_yes / 2);
    no += more_no;
  }
  const double all = precision_over_recall ? yes : yes * no;
  return all > 0 ? std::optional(sum / all) : std::nullopt;
}

}  // namespace

AUC::AUC(const AUCOptions& options, std::source_location where) : options_(options) {
  if (options.curve != "ROC" && options.curve != "PR")
    throw ValueError(concat("auc: unknown curve '", options.curve, "': known are ROC, PR"), where);
  if (options.average != "macro" && options.average != "micro")
    throw ValueError(concat("auc: unknown average '", options.average, "': known are macro, micro"), where);
}

Spec AUC::spec() const { return {"auc", arguments_of(options_)}; }

void AUC::reset() { columns_.clear(); }

void AUC::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weights) {
  const std::size_t columns = is_binary(y_pred) ? 1 : static_cast<std::size_t>(y_pred.shape().back());
  if (!columns_.empty() && columns_.size() != columns)
    throw ShapeError(concat("auc: predictions of shape ", y_pred.shape(), " after some of ", columns_.size(),
                            " columns: reset() forgets the earlier ones"),
                     std::source_location::current());
  const auto truth = true_classes("auc", y_true, y_pred);
  const auto weight = row_weights("auc", weights, rows_of_classes(y_pred));
  const auto scores = y_pred.to_vector<double>();
  if (std::any_of(scores.begin(), scores.end(), [](double score) { return std::isnan(score); }))
    throw ValueError("auc: a prediction is NaN, which cannot be sorted", std::source_location::current());
  columns_.resize(columns);
  for (std::size_t row = 0; row < truth.size(); ++row)
    for (std::size_t column = 0; column < columns; ++column) {
      const bool yes = truth[row] == static_cast<std::int64_t>(columns == 1 ? 1 : column);
      columns_[column].push_back({scores[row * columns + column], yes ? weight[row] : -weight[row]});
    }
}

double AUC::result() const {
  const bool precision_over_recall = options_.curve == "PR";
  if (options_.average == "micro") {
    Points all;
    for (const Points& points : columns_) all.insert(all.end(), points.begin(), points.end());
    return area(std::move(all), precision_over_recall).value_or(0);
  }
  double sum = 0;
  int curves = 0;
  for (const Points& points : columns_)
    if (const auto found = area(points, precision_over_recall)) {
      sum += *found;
      ++curves;
    }
  return curves == 0 ? 0 : sum / curves;
}

}  // namespace xg::nn
