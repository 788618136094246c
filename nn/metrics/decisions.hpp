#pragma once

#include <cstdint>
#include <vector>

#include "autograd/tensor.hpp"

namespace xg::nn {

/// What was true of each row, and what was predicted: the rows of the last axis, or single numbers if it is 1.
struct Decisions {
  std::int64_t classes = 2;         ///< how many there are
  std::vector<std::int64_t> truth;  ///< the class of each row
  std::vector<std::int64_t> guess;  ///< the class that was predicted
  std::vector<double> weights;      ///< what the row counts
};

/// True if the predictions say yes or no: (N), or (N, ..., 1).
bool is_binary(const Tensor& y_pred);

/// Class numbers: with one column, y_pred > threshold and y_true 0 or 1; with more, the first largest of each row, and
/// y_true one-hot in the same shape or a class number for each row. Anything else is an error.
Decisions decide(const char* metric, const Tensor& y_true, const Tensor& y_pred, const Tensor& weights,
                 double threshold);

/// The class numbers of y_true for so many rows of classes. Anything else is an error.
std::vector<std::int64_t> true_classes(const char* metric, const Tensor& y_true, const Tensor& y_pred);

/// The weight of each of the rows, whose axes are those; 1 without weights. What does not fit is a ShapeError.
std::vector<double> row_weights(const char* metric, const Tensor& weights, const Shape& rows);

/// The axes of the rows of y_pred.
Shape rows_of_classes(const Tensor& y_pred);

}  // namespace xg::nn
