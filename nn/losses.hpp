#pragma once

#include <source_location>

#include "autograd/tensor.hpp"
#include "nn/choices.hpp"

namespace xg::nn {

// Losses of (y_true, y_pred), in Keras's order, averaged over the batch: scalars. y_true is converted to y_pred's
// dtype. Shapes that do not fit are a ShapeError. More are in losses/classification.hpp and losses/regression.hpp; what
// is averaged is given by those in losses/unreduced.hpp.

/// The options of the crossentropies.
struct CrossentropyOptions {
  bool from_logits = false;    ///< y_pred are logits instead of probabilities
  double label_smoothing = 0;  ///< labels become (1 - s) y + s / classes; yes and no are two classes

  /// Names them all.
  void visit(Arguments& arguments) { arguments("from_logits", from_logits)("label_smoothing", label_smoothing); }
};

// Labels are smoothed as by Szegedy and others, Rethinking the Inception architecture, 2016. A label smoothing outside
// [0, 1] is a ValueError.

// Probabilities that a layer's softmax or sigmoid made are taken back to its logits: the loss is exact however sure the
// prediction is, and so is its gradient p - y. From any other p it is exact as long as p is at least the smallest
// normal number, which stands in for what is less. Who watches the gradient of the probabilities themselves (a hook,
// retain_grad(), grad() with respect to them) gets that of the formula: -y / p.

/// Mean over samples of -sum_k y_k ln p_k, for (N, ..., classes) both. Rows of probabilities that do not add up to 1
/// are divided by their sum.
XG_API Tensor categorical_crossentropy(const Tensor& y_true, const Tensor& y_pred,
                                       const CrossentropyOptions& options = {},
                                       std::source_location where = std::source_location::current());
/// The same for integer labels y_true (N, ...) or (N, ..., 1).
XG_API Tensor sparse_categorical_crossentropy(const Tensor& y_true, const Tensor& y_pred,
                                              const CrossentropyOptions& options = {},
                                              std::source_location where = std::source_location::current());
/// Mean over all elements of -(y ln p + (1 - y) ln(1 - p)).
XG_API Tensor binary_crossentropy(const Tensor& y_true, const Tensor& y_pred, const CrossentropyOptions& options = {},
                                  std::source_location where = std::source_location::current());
/// Mean over all elements of (y_true - y_pred)^2.
XG_API Tensor mean_squared_error(const Tensor& y_true, const Tensor& y_pred,
                                 std::source_location where = std::source_location::current());
/// Mean over all elements of |y_true - y_pred|.
XG_API Tensor mean_absolute_error(const Tensor& y_true, const Tensor& y_pred,
                                  std::source_location where = std::source_location::current());

/// A loss as an option: any function of (y_true, y_pred) that gives one number for each sample, or several, or one for
/// all (which cannot be weighted), one of the classes below, or a name: categorical_crossentropy,
/// sparse_categorical_crossentropy, binary_crossentropy, binary_focal_crossentropy, mean_squared_error (mse),
/// mean_absolute_error (mae), mean_absolute_percentage_error (mape), mean_squared_logarithmic_error (msle), huber,
/// logcosh (log_cosh), poisson, hinge, squared_hinge, categorical_hinge, kullback_leibler_divergence (kld,
/// kl_divergence), cosine_similarity (cosine_proximity, cosine).
class XG_API Loss : public FunctionChoice<Loss, Tensor(const Tensor& y_true, const Tensor& y_pred)> {
 public:
  /// What errors call it.
  static constexpr const char* kind = "loss";

  /// By name, by Spec, or as a function.
  using FunctionChoice::FunctionChoice;
  /// None.
  Loss() = default;

  /// Its mean over all that it gives: a scalar.
  Tensor operator()(const Tensor& y_true, const Tensor& y_pred,
                    std::source_location where = std::source_location::current()) const;
  /// What it gives before the mean: one number for each sample or for each of its elements, the batch being the first
  /// axis; or what a function of the user's gives.
  Tensor unreduced(const Tensor& y_true, const Tensor& y_pred,
                   std::source_location where = std::source_location::current()) const {
    return FunctionChoice::operator()(y_true, y_pred, where);
  }

  /// False for none.
  explicit operator bool() const { return static_cast<bool>(value_); }
};

/// categorical_crossentropy() with its options, as a loss to choose.
class XG_API CategoricalCrossentropy : public Loss {
 public:
  /// With these options. A label smoothing outside [0, 1] is a ValueError.
  explicit CategoricalCrossentropy(const CrossentropyOptions& options = {},
                                   std::source_location where = std::source_location::current());
};

/// sparse_categorical_crossentropy() with its options, as a loss to choose.
class XG_API SparseCategoricalCrossentropy : public Loss {
 public:
  /// With these options. A label smoothing outside [0, 1] is a ValueError.
  explicit SparseCategoricalCrossentropy(const CrossentropyOptions& options = {},
                                         std::source_location where = std::source_location::current());
};

/// binary_crossentropy() with its options, as a loss to choose.
class XG_API BinaryCrossentropy : public Loss {
 public:
  /// With these options. A label smoothing outside [0, 1] is a ValueError.
  explicit BinaryCrossentropy(const CrossentropyOptions& options = {},
                              std::source_location where = std::source_location::current());
};

}  // namespace xg::nn
