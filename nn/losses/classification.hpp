#pragma once

#include <source_location>

#include "nn/losses.hpp"

namespace xg::nn {

// Losses of classes, y_true and y_pred of one shape (else a ShapeError), averaged to a scalar. y_true is converted to
// y_pred's dtype. Formulas are Keras's, with its eps = 1e-7.

/// Mean over all elements of max(1 - y_true y_pred, 0), for labels -1 and 1; any other is a ValueError.
XG_API Tensor hinge(const Tensor& y_true, const Tensor& y_pred,
                    std::source_location where = std::source_location::current());
/// Mean over all elements of max(1 - y_true y_pred, 0)^2, for labels -1 and 1; any other is a ValueError.
XG_API Tensor squared_hinge(const Tensor& y_true, const Tensor& y_pred,
                            std::source_location where = std::source_location::current());
/// Mean over rows of max(max_k((1 - y_k) p_k) - sum_k y_k p_k + 1, 0), for one-hot labels y and scores p, both
/// (N, ..., classes). As in Keras, the best of the other classes is never less than 0.
XG_API Tensor categorical_hinge(const Tensor& y_true, const Tensor& y_pred,
                                std::source_location where = std::source_location::current());
/// Mean over rows of sum_k y_k ln(y_k / p_k), for probabilities (N, ..., classes) both, limited to [eps, 1] first.
/// Predictions outside of that get no gradient.
XG_API Tensor kullback_leibler_divergence(const Tensor& y_true, const Tensor& y_pred,
                                          std::source_location where = std::source_location::current());

/// The options of binary_focal_crossentropy().
struct FocalOptions {
  double gamma = 2;          ///< how little those count that are right already; 0 makes it the crossentropy
  double alpha = 0.25;       ///< what a label of 1 counts; one of 0 counts 1 - alpha
  bool from_logits = false;  ///< y_pred are logits instead of probabilities

  /// Names them all.
  void visit(Arguments& arguments) { arguments("gamma", gamma)("alpha", alpha)("from_logits", from_logits); }
};
/// Mean over all elements of a (1 - q)^gamma c, with the crossentropy c, the probability of what is true
/// q = y p + (1 - y)(1 - p) and the weight a = y alpha + (1 - y)(1 - alpha) (Lin and others, Focal loss for dense
/// object detection, 2017). Labels and an alpha outside [0, 1] are a ValueError, as is a gamma that is negative or not
/// finite in float32.
XG_API Tensor binary_focal_crossentropy(const Tensor& y_true, const Tensor& y_pred, const FocalOptions& options = {},
                                        std::source_location where = std::source_location::current());

/// binary_focal_crossentropy() with its options, as a loss to choose.
class XG_API BinaryFocalCrossentropy : public Loss {
 public:
  /// With these options. Those that make no sense are a ValueError.
  explicit BinaryFocalCrossentropy(const FocalOptions& options = {},
                                   std::source_location where = std::source_location::current());
};

}  // namespace xg::nn
