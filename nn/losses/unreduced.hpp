#pragma once

#include <source_location>

#include "nn/losses.hpp"
#include "nn/losses/classification.hpp"
#include "nn/losses/regression.hpp"

/// The losses before the mean: one number for each row (..., classes), or for each element, so that the first axis is
/// the batch. The functions of the same names in nn are the means of these. Arguments and errors are theirs.
namespace xg::nn::unreduced {

/// -sum_k y_k ln p_k of each row.
XG_API Tensor categorical_crossentropy(const Tensor& y_true, const Tensor& y_pred,
                                       const CrossentropyOptions& options = {},
                                       std::source_location where = std::source_location::current());
/// The same for class numbers.
XG_API Tensor sparse_categorical_crossentropy(const Tensor& y_true, const Tensor& y_pred,
                                              const CrossentropyOptions& options = {},
                                              std::source_location where = std::source_location::current());
/// -(y ln p + (1 - y) ln(1 - p)) of each element.
XG_API Tensor binary_crossentropy(const Tensor& y_true, const Tensor& y_pred, const CrossentropyOptions& options = {},
                                  std::source_location where = std::source_location::current());
/// Of each element.
XG_API Tensor binary_focal_crossentropy(const Tensor& y_true, const Tensor& y_pred, const FocalOptions& options = {},
                                        std::source_location where = std::source_location::current());
/// Of each element.
XG_API Tensor mean_squared_error(const Tensor& y_true, const Tensor& y_pred,
                                 std::source_location where = std::source_location::current());
/// Of each element.
XG_API Tensor mean_absolute_error(const Tensor& y_true, const Tensor& y_pred,
                                  std::source_location where = std::source_location::current());
/// Of each element.
XG_API Tensor mean_absolute_percentage_error(const Tensor& y_true, const Tensor& y_pred,
                                             std::source_location where = std::source_location::current());
/// Of each element.
XG_API Tensor mean_squared_logarithmic_error(const Tensor& y_true, const Tensor& y_pred,
                                             std::source_location where = std::source_location::current());
/// Of each element.
XG_API Tensor logcosh(const Tensor& y_true, const Tensor& y_pred,
                      std::source_location where = std::source_location::current());
/// Of each element.
XG_API Tensor poisson(const Tensor& y_true, const Tensor& y_pred,
                      std::source_location where = std::source_location::current());
/// Minus the cosine, of each row.
XG_API Tensor cosine_similarity(const Tensor& y_true, const Tensor& y_pred,
                                std::source_location where = std::source_location::current());
/// Of each element.
XG_API Tensor huber(const Tensor& y_true, const Tensor& y_pred, const HuberOptions& options = {},
                    std::source_location where = std::source_location::current());
/// Of each element.
XG_API Tensor hinge(const Tensor& y_true, const Tensor& y_pred,
                    std::source_location where = std::source_location::current());
/// Of each element.
XG_API Tensor squared_hinge(const Tensor& y_true, const Tensor& y_pred,
                            std::source_location where = std::source_location::current());
/// Of each row.
XG_API Tensor categorical_hinge(const Tensor& y_true, const Tensor& y_pred,
                                std::source_location where = std::source_location::current());
/// Of each row.
XG_API Tensor kullback_leibler_divergence(const Tensor& y_true, const Tensor& y_pred,
                                          std::source_location where = std::source_location::current());

}  // namespace xg::nn::unreduced
