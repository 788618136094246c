#include "nn/metrics/r2_score.hpp"

#include "nn/metrics/decisions.hpp"

namespace xg::nn {

void R2Score::reset() {
  weight_ = 0;
  columns_.clear();
}

void R2Score::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weights) {
  if (y_true.shape() != y_pred.shape())
    throw ShapeError(concat("r2_score: y_true has shape ", y_true.shape(), ", y_pred ", y_pred.shape()),
                     std::source_location::current());
  const std::int64_t samples = y_pred.shape()[0];
  if (samples == 0) return;
  const auto width = static_cast<std::size_t>(y_pred.size() / samples);
  if (columns_.empty()) columns_.resize(width);
  if (columns_.size() != width)
    throw ShapeError(concat("r2_score: predictions of shape ", y_pred.shape(), " after samples of ", columns_.size(),
                            " elements: reset() forgets the earlier ones"),
                     std::source_location::current());
  const auto weight = row_weights("r2_score", weights, {samples});
  const auto truth = y_true.to_vector<double>(), guess = y_pred.to_vector<double>();
  // Each sample moves the mean: no large sums are subtracted (West, Updating mean and variance estimates, 1979).
  for (std::size_t row = 0; row < weight.size(); ++row) {
    if (weight[row] == 0) continue;
    weight_ += weight[row];
    for (std::size_t i = 0; i < width; ++i) {
      Column& column = columns_[i];
      const double y = truth[row * width + i], error = y - guess[row * width + i], step = y - column.mean;
      column.mean += step * weight[row] / weight_;
      column.squares += weight[row] * step * (y - column.mean);
      column.errors += weight[row] * error * error;
    }
  }
}

double R2Score::result() const {
  double sum = 0;
  for (const Column& column : columns_)
    sum += column.squares > 0 ? 1 - column.errors / column.squares : (column.errors == 0 ? 1 : 0);
  return columns_.empty() ? 0 : sum / static_cast<double>(columns_.size());
}

}  // namespace xg::nn
