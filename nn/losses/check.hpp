#pragma once

#include <source_location>

#include "nn/losses.hpp"
#include "nn/losses/classification.hpp"
#include "nn/losses/regression.hpp"

// What the losses check. Each throws an error that names the loss and the user's line.

namespace xg::nn {

/// A ValueError if y_true alone needs a gradient: the order is Keras's, and the other one compiles too.
void check_order(const char* loss, const Tensor& y_true, const Tensor& y_pred, std::source_location where);

/// A ShapeError, which ends in the hint, unless both have one shape; checks the order too.
void check_same_shape(const char* loss, const Tensor& y_true, const Tensor& y_pred, std::source_location where,
                      const char* hint = "");

/// The same for a loss of rows, which need at least one element.
void check_same_rows(const char* loss, const Tensor& y_true, const Tensor& y_pred, std::source_location where);

/// A ValueError unless all labels lie in [0, 1]: shares of classes, or the probability of a yes.
void check_shares(const char* loss, const Tensor& labels, std::source_location where);

/// A ValueError unless all labels are -1 or 1.
void check_signs(const char* loss, const Tensor& labels, std::source_location where);

/// A ValueError for a number that is negative, or not finite in float32.
void check_not_negative(const char* loss, const char* what, double number, std::source_location where);

/// A ValueError for a label smoothing outside [0, 1].
void check_options(const char* loss, const CrossentropyOptions& options, std::source_location where);

/// A ValueError for an alpha outside [0, 1], and a gamma that is negative or not finite in float32.
void check_options(const char* loss, const FocalOptions& options, std::source_location where);

/// A ValueError for a delta that is not greater than 0, or not finite in float32.
void check_options(const char* loss, const HuberOptions& options, std::source_location where);

}  // namespace xg::nn
