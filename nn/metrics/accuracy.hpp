#pragma once

#include <cstdint>

#include "autograd/tensor.hpp"

namespace xg::nn {

// What is classified rightly, as in metrics.hpp, but 1 or 0 for each row (..., classes) in float64.

/// categorical_matches() of each row.
Tensor each_categorical_match(const Tensor& y_true, const Tensor& y_pred);
/// sparse_matches() of each row.
Tensor each_sparse_match(const Tensor& y_true, const Tensor& y_pred);
/// binary_matches() of each element.
Tensor each_binary_match(const Tensor& y_true, const Tensor& y_pred);
/// top_k_matches() of each row.
Tensor each_top_k_match(const Tensor& y_true, const Tensor& y_pred, std::int64_t k);
/// sparse_top_k_matches() of each row.
Tensor each_sparse_top_k_match(const Tensor& y_true, const Tensor& y_pred, std::int64_t k);

}  // namespace xg::nn
