#include "nn/metrics/decisions.hpp"

#include <limits>

#include "autograd/ops/check.hpp"
#include "lib/kernels/reduce.hpp"

namespace xg::nn {
namespace {

std::vector<std::int64_t> largest(const Tensor& x) {
  return Tensor(kernels::argmax(x.array(), x.rank() - 1)).to_vector<std::int64_t>();
}

}  // namespace

bool is_binary(const Tensor& y_pred) { return y_pred.rank() < 2 || y_pred.shape().back() == 1; }

Shape rows_of_classes(const Tensor& y_pred) {
  Shape rows = y_pred.shape();
  if (rows.rank() > 1) rows.erase(-1);
  return rows;
}

std::vector<std::int64_t> true_classes(const char* metric, const Tensor& y_true, const Tensor& y_pred) {
  const std::int64_t classes = is_binary(y_pred) ? 2 : y_pred.shape().back();
  if (!is_binary(y_pred) && y_true.shape() == y_pred.shape()) return largest(y_true);
  if (y_true.size() != rows_of_classes(y_pred).elements() || y_true.rank() == 0 ||
      y_true.shape()[0] != y_pred.shape()[0])
    throw ShapeError(concat(metric, ": y_true has shape ", y_true.shape(), ", y_pred ", y_pred.shape(),
                            ": one-hot rows or a class number for each row are expected"),
                     std::source_location::current());
  check_class_numbers(metric, y_true, classes, std::source_location::current());
  return y_true.to_vector<std::int64_t>();
}

std::vector<double> row_weights(const char* metric, const Tensor& weights, const Shape& rows) {
  const auto count = static_cast<std::size_t>(rows.elements());
  if (!weights.defined()) return std::vector<double>(count, 1.0);
  bool fits = weights.rank() <= rows.rank();
  for (std::size_t axis = 0; fits && axis < weights.rank(); ++axis) fits = weights.shape()[axis] == rows[axis];
  if (!fits)
    throw ShapeError(concat(metric, ": weights of shape ", weights.shape(), " for predictions in rows of shape ", rows),
                     std::source_location::current());
  const auto given = weights.to_vector<double>();
  for (const double weight : given)
    if (!(weight >= 0 && weight <= std::numeric_limits<float>::max()))
      throw ValueError(
          concat(metric, ": the weights hold ", weight, ": they must not be negative, and finite in float32"),
          std::source_location::current());
  std::vector<double> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i] = given[i / (count / given.size())];
  return all;
}

Decisions decide(const char* metric, const Tensor& y_true, const Tensor& y_pred, const Tensor& weights,
                 double threshold) {
  Decisions all{.truth = true_classes(metric, y_true, y_pred),
                .guess = {},
                .weights = row_weights(metric, weights, rows_of_classes(y_pred))};
  if (is_binary(y_pred)) {
    for (const double p : y_pred.to_vector<double>()) all.guess.push_back(p > threshold);
  } else {
    all.classes = y_pred.shape().back();
    all.guess = largest(y_pred);
  }
  return all;
}

}  // namespace xg::nn
