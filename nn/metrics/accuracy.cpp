#include "nn/metrics/accuracy.hpp"

#include <algorithm>
#include <numeric>

#include "autograd/ops/check.hpp"
#include "lib/kernels/reduce.hpp"
#include "nn/metrics.hpp"

namespace xg::nn {
namespace {

/// The position of the first maximum of each row.
Array best(const Tensor& x) { return kernels::argmax(x.array(), x.rank() - 1); }

double count_equal(const Array& a, const Array& b) {
  const std::int64_t *x = a.data<std::int64_t>(), *y = b.data<std::int64_t>();
  std::int64_t equal = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) equal += x[i] == y[i];
  return static_cast<double>(equal);
}

/// Matches for each sample: rows beyond the first axis count as parts of it.
double per_sample(double matches, std::int64_t rows, const Tensor& y_pred) {
  return rows == 0 ? 0 : matches * static_cast<double>(y_pred.shape()[0]) / static_cast<double>(rows);
}

/// 1 for each row in which the class `truth` is among the k largest, else 0.
Array among_largest(const Array& truth, const Array& y_pred, std::int64_t k) {
  const std::int64_t classes = y_pred.shape().back();
  const std::int64_t* const wanted = truth.data<std::int64_t>();
  Shape rows = y_pred.shape();
  rows.erase(-1);
  Array hits = Array::empty(rows, float64);
  dispatch(y_pred.dtype(), [&]<class T>() {
    for (std::int64_t row = 0; row < truth.size(); ++row) {
      const T* const scores = y_pred.data<T>() + row * classes;
      const T score = scores[wanted[row]];
      const auto larger = std::count_if(scores, scores + classes, [=](T other) { return !(other <= score); });
      hits.data<double>()[row] = score == score && larger < k;
    }
  });
  return hits;
}

/// The matches of class numbers, one for each row.
double top_k_matches_of(const Array& truth, const Tensor& y_pred, std::int64_t k) {
  const Array hits = among_largest(truth, y_pred.array().contiguous(), k);
  return per_sample(std::accumulate(hits.data<double>(), hits.data<double>() + hits.size(), 0.0), truth.size(), y_pred);
}

void check_one_hot(const char* metric, const Tensor& y_true, const Tensor& y_pred) {
  if (y_true.shape() != y_pred.shape())
    throw ShapeError(concat(metric, ": y_true has shape ", y_true.shape(), ", y_pred ", y_pred.shape(),
                            ": one-hot labels are expected; use sparse_", metric, " for class numbers"),
                     std::source_location::current());
}

/// The class numbers, one for each row of predictions.
Array class_numbers(const char* metric, const Tensor& y_true, const Tensor& y_pred) {
  if (y_pred.rank() > 0) check_class_numbers(metric, y_true, y_pred.shape().back(), std::source_location::current());
  if (y_pred.rank() == 0 || y_true.size() * y_pred.shape().back() != y_pred.size())
    throw ShapeError(concat(metric, ": y_true has shape ", y_true.shape(), ", y_pred ", y_pred.shape()),
                     std::source_location::current());
  return y_true.array().astype(int64).contiguous();
}

/// 1 where the numbers are equal, in the shape of the rows of y_pred.
Tensor equal_rows(const Array& a, const Array& b, const Tensor& y_pred) {
  Shape rows = y_pred.shape();
  rows.erase(-1);
  Array equal = Array::empty(rows, float64);
  const std::int64_t *x = a.data<std::int64_t>(), *y = b.data<std::int64_t>();
  for (std::int64_t i = 0; i < equal.size(); ++i) equal.data<double>()[i] = x[i] == y[i];
  return equal;
}

void check_binary(const Tensor& y_true, const Tensor& y_pred) {
  if (y_true.shape() != y_pred.shape())
    throw ShapeError(concat("binary_accuracy: y_true has shape ", y_true.shape(), ", y_pred ", y_pred.shape()),
                     std::source_location::current());
}

}  // namespace

double categorical_matches(const Tensor& y_true, const Tensor& y_pred) {
  check_one_hot("categorical_accuracy", y_true, y_pred);
  const Array truth = best(y_true);
  return per_sample(count_equal(truth, best(y_pred)), truth.size(), y_pred);
}

double sparse_matches(const Tensor& y_true, const Tensor& y_pred) {
  const Array truth = class_numbers("sparse_categorical_accuracy", y_true, y_pred);
  return per_sample(count_equal(truth, best(y_pred)), truth.size(), y_pred);
}

double binary_matches(const Tensor& y_true, const Tensor& y_pred) {
  check_binary(y_true, y_pred);
  const auto truth = y_true.to_vector<double>(), predicted = y_pred.to_vector<double>();
  double matches = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) matches += truth[i] == (predicted[i] > 0.5 ? 1.0 : 0.0);
  return per_sample(matches, y_pred.size(), y_pred);
}

double top_k_matches(const Tensor& y_true, const Tensor& y_pred, std::int64_t k) {
  check_one_hot("top_k_categorical_accuracy", y_true, y_pred);
  return top_k_matches_of(best(y_true), y_pred, k);
}

double sparse_top_k_matches(const Tensor& y_true, const Tensor& y_pred, std::int64_t k) {
  return top_k_matches_of(class_numbers("sparse_top_k_categorical_accuracy", y_true, y_pred), y_pred, k);
}

Tensor each_categorical_match(const Tensor& y_true, const Tensor& y_pred) {
  check_one_hot("categorical_accuracy", y_true, y_pred);
  return equal_rows(best(y_true), best(y_pred), y_pred);
}

Tensor each_sparse_match(const Tensor& y_true, const Tensor& y_pred) {
  return equal_rows(class_numbers("sparse_categorical_accuracy", y_true, y_pred), best(y_pred), y_pred);
}

Tensor each_binary_match(const Tensor& y_true, const Tensor& y_pred) {
  check_binary(y_true, y_pred);
  const auto truth = y_true.to_vector<double>(), predicted = y_pred.to_vector<double>();
  Array equal = Array::empty(y_pred.shape(), float64);
  for (std::size_t i = 0; i < truth.size(); ++i) equal.data<double>()[i] = truth[i] == (predicted[i] > 0.5 ? 1.0 : 0.0);
  return equal;
}

Tensor each_top_k_match(const Tensor& y_true, const Tensor& y_pred, std::int64_t k) {
  check_one_hot("top_k_categorical_accuracy", y_true, y_pred);
  return among_largest(best(y_true), y_pred.array().contiguous(), k);
}

Tensor each_sparse_top_k_match(const Tensor& y_true, const Tensor& y_pred, std::int64_t k) {
  return among_largest(class_numbers("sparse_top_k_categorical_accuracy", y_true, y_pred), y_pred.array().contiguous(),
                       k);
}

}  // namespace xg::nn
