#pragma once

#include <cstdint>
#include <source_location>
#include <utility>
#include <vector>

#include "nn/tensors.hpp"
#include "nn/training/compile_options.hpp"

namespace xg::nn {

struct Output;

/// What the samples of each class count: `{{0, 1.0}, {1, 5.0}}`. Those of other classes count 1.
using ClassWeights = std::vector<std::pair<std::int64_t, double>>;

/// An error unless each of the weights is one number for each sample (N), or for each of its steps (N, steps), not
/// negative and finite.
void check_weights(const char* call, const Tensors& weights, const Tensors& y, std::source_location where);

/// An error unless they are of different classes, not negative and finite.
void check_class_weights(const char* call, const ClassWeights& weights, std::source_location where);

/// What samples count by their own weights and those of their classes, multiplied. Classes are those of one output: the
/// largest of each one-hot row, or class numbers. Fractions, and weights for classes that cannot be, are a ValueError.
Tensors weights_of(const char* call, const Tensors& y, const Tensors& sample_weight, const ClassWeights& class_weight,
                   const Losses& losses, std::source_location where);

/// The mean over all numbers of a loss, each times the weight of its sample or step; with a mask, over those that are
/// seen.
Tensor weighted_mean(const Tensor& values, const Output& output);

/// The rows of an output that its mask lets be seen: y_true and y_pred (M, ...), and their weights (M).
struct SeenRows {
  Tensor y;           ///< what is wanted
  Tensor prediction;  ///< what the model gives
  Tensor weights;     ///< what each row counts
};
/// Those of an output that has a mask. The weights are undefined if it has none.
SeenRows seen_rows(const Output& output);

}  // namespace xg::nn
