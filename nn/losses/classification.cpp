#include "nn/losses/classification.hpp"

#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/losses/check.hpp"
#include "nn/losses/probabilities.hpp"
#include "nn/losses/unreduced.hpp"

namespace xg::nn {
namespace {

/// max(1 - y_true y_pred, 0) of each element.
Tensor shortfall(const char* loss, const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  check_same_shape(loss, y_true, y_pred, where);
  check_signs(loss, y_true, where);
  return relu(1.0 - astype(y_true, y_pred.dtype()) * y_pred);
}

}  // namespace

namespace unreduced {

Tensor hinge(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  return shortfall("hinge", y_true, y_pred, where);
}

Tensor squared_hinge(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  return square(shortfall("squared_hinge", y_true, y_pred, where));
}

Tensor categorical_hinge(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  check_same_rows("categorical_hinge", y_true, y_pred, where);
  const Tensor y = astype(y_true, y_pred.dtype());
  const Tensor others = max((1.0 - y) * y_pred, {.axis = -1});
  return relu(others - sum(y * y_pred, {.axis = -1}) + 1.0);
}

Tensor kullback_leibler_divergence(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  check_same_rows("kullback_leibler_divergence", y_true, y_pred, where);
  const auto limited = [](const Tensor& x) { return clip(x, 1e-7, 1.0); };
  const Tensor y = limited(astype(y_true, y_pred.dtype()));
  return sum(y * log(y / limited(y_pred)), {.axis = -1});
}

Tensor binary_focal_crossentropy(const Tensor& y_true, const Tensor& y_pred, const FocalOptions& options,
                                 std::source_location where) {
  const CallerScope scope(where);
  check_options("binary_focal_crossentropy", options, where);
  check_same_shape("binary_focal_crossentropy", y_true, y_pred, where);
  check_shares("binary_focal_crossentropy", y_true, where);
  const Tensor y = astype(y_true, y_pred.dtype());
  const Tensor p = options.from_logits ? sigmoid(y_pred) : y_pred;
  const Tensor wrong = floored(y * (1.0 - p) + (1.0 - y) * p);
  const Tensor weight = y * options.alpha + (1.0 - y) * (1 - options.alpha);
  return weight * pow(wrong, options.gamma) * binary_crossentropies(y, y_pred, options.from_logits);
}

}  // namespace unreduced

Tensor hinge(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::hinge(y_true, y_pred, where));
}

Tensor squared_hinge(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::squared_hinge(y_true, y_pred, where));
}

Tensor categorical_hinge(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::categorical_hinge(y_true, y_pred, where));
}

Tensor kullback_leibler_divergence(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::kullback_leibler_divergence(y_true, y_pred, where));
}

Tensor binary_focal_crossentropy(const Tensor& y_true, const Tensor& y_pred, const FocalOptions& options,
                                 std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::binary_focal_crossentropy(y_true, y_pred, options, where));
}

BinaryFocalCrossentropy::BinaryFocalCrossentropy(const FocalOptions& options, std::source_location where)
    : Loss(Spec{"binary_focal_crossentropy", arguments_of(options)}, where) {}

}  // namespace xg::nn
