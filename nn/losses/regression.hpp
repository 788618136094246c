#pragma once

#include <source_location>

#include "nn/losses.hpp"

namespace xg::nn {

// Losses of numbers, y_true and y_pred of one shape (else a ShapeError), averaged over all elements to a scalar. y_true
// is converted to y_pred's dtype. Formulas are Keras's, with its eps = 1e-7.

/// Mean of 100 |y_true - y_pred| / max(|y_true|, eps).
XG_API Tensor mean_absolute_percentage_error(const Tensor& y_true, const Tensor& y_pred,
                                             std::source_location where = std::source_location::current());
/// Mean of (ln(1 + max(y_pred, eps)) - ln(1 + max(y_true, eps)))^2. Predictions below eps get no gradient.
XG_API Tensor mean_squared_logarithmic_error(const Tensor& y_true, const Tensor& y_pred,
                                             std::source_location where = std::source_location::current());
/// Mean of ln cosh(y_pred - y_true): half the square of small differences, and |d| - ln 2 of large ones, without
/// overflow.
XG_API Tensor logcosh(const Tensor& y_true, const Tensor& y_pred,
                      std::source_location where = std::source_location::current());
/// Mean of y_pred - y_true ln(y_pred + eps): -ln p of the Poisson distribution, but for a constant. Predictions below
/// -eps give NaN.
XG_API Tensor poisson(const Tensor& y_true, const Tensor& y_pred,
                      std::source_location where = std::source_location::current());
/// Minus the mean over the rows, those of the last axis, of the cosine of the angle between y_true and y_pred: -1 for
/// one direction, 1 for opposite ones. Rows shorter than 1e-6 count as that long, and one of zeros gives 0.
XG_API Tensor cosine_similarity(const Tensor& y_true, const Tensor& y_pred,
                                std::source_location where = std::source_location::current());

/// The option of huber().
struct HuberOptions {
  double delta = 1;  ///< up to what difference the loss is a square

  /// Names it.
  void visit(Arguments& arguments) { arguments("delta", delta); }
};
/// Mean of d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), for d = y_pred - y_true (Huber, Robust estimation
/// of a location parameter, 1964). A delta that is not greater than 0, or not finite in float32, is a ValueError.
XG_API Tensor huber(const Tensor& y_true, const Tensor& y_pred, const HuberOptions& options = {},
                    std::source_location where = std::source_location::current());

/// huber() with its option, as a loss to choose.
class XG_API Huber : public Loss {
 public:
  /// With this delta. One that is not greater than 0, or not finite in float32, is a ValueError.
  explicit Huber(const HuberOptions& options = {}, std::source_location where = std::source_location::current());
};

// Losses of distances between embeddings, for training loops of one's own.

/// Mean over the rows, those of the last axis, of max(|anchor - positive| - |anchor - negative| + margin, 0), with
/// Euclidean distances (Balntas and others, Learning local feature descriptors with triplets, 2016). Shapes that differ
/// are a ShapeError, a margin that is negative or not finite in float32 a ValueError.
XG_API Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                                  double margin = 1, std::source_location where = std::source_location::current());
/// Mean of y d^2 + (1 - y) max(margin - d, 0)^2 for distances d of pairs, where y is 1 for pairs that belong together
/// and 0 for the others (Hadsell, Chopra and LeCun, Dimensionality reduction by learning an invariant mapping, 2006).
/// Shapes that differ are a ShapeError; labels outside [0, 1] a ValueError, as is a margin that is negative or not
/// finite in float32.
XG_API Tensor contrastive_loss(const Tensor& y, const Tensor& distance, double margin = 1,
                               std::source_location where = std::source_location::current());

}  // namespace xg::nn
