#include "nn/losses/regression.hpp"

#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/record.hpp"
#include "nn/losses/check.hpp"
#include "nn/losses/unreduced.hpp"

namespace xg::nn {
namespace {

constexpr double eps = 1e-7;

/// The rows, each divided by its length.
Tensor directions(const Tensor& x) { return x / maximum(norm(x, {.axis = -1, .keepdims = true}), 1e-6); }

/// The distances between rows.
Tensor distances(const Tensor& a, const Tensor& b) { return norm(a - b, {.axis = -1}); }

/// ln cosh d of each element, as |d| + ln((1 + e^(-2 |d|)) / 2). The gradient tanh(d) is exact for small d too.
Tensor log_cosh(const Tensor& d) {
  const Tensor size = abs(d.detach());
  return record("logcosh", (size + log1p(expm1(-2.0 * size) / 2.0)).array(),
                edge(d, [d = Saved(d)](const Tensor& dy) { return dy * tanh(d.get()); }));
}

}  // namespace

namespace unreduced {

Tensor mean_absolute_percentage_error(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  check_same_shape("mean_absolute_percentage_error", y_true, y_pred, where);
  const Tensor y = astype(y_true, y_pred.dtype());
  return abs((y - y_pred) / maximum(abs(y), eps)) * 100.0;
}

Tensor mean_squared_logarithmic_error(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  check_same_shape("mean_squared_logarithmic_error", y_true, y_pred, where);
  const auto logarithm = [](const Tensor& x) { return log1p(maximum(x, eps)); };
  return square(logarithm(y_pred) - logarithm(astype(y_true, y_pred.dtype())));
}

Tensor logcosh(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  check_same_shape("logcosh", y_true, y_pred, where);
  return log_cosh(y_pred - astype(y_true, y_pred.dtype()));
}

Tensor poisson(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  check_same_shape("poisson", y_true, y_pred, where);
  return y_pred - astype(y_true, y_pred.dtype()) * log(y_pred + eps);
}

Tensor cosine_similarity(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  check_same_rows("cosine_similarity", y_true, y_pred, where);
  return -sum(directions(astype(y_true, y_pred.dtype())) * directions(y_pred), {.axis = -1});
}

Tensor huber(const Tensor& y_true, const Tensor& y_pred, const HuberOptions& options, std::source_location where) {
  const CallerScope scope(where);
  check_options("huber", options, where);
  check_same_shape("huber", y_true, y_pred, where);
  const Tensor d = y_pred - astype(y_true, y_pred.dtype());
  const Tensor limited = clip(d, -options.delta, options.delta);
  return limited * (d - limited * 0.5);
}

}  // namespace unreduced

Tensor mean_absolute_percentage_error(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::mean_absolute_percentage_error(y_true, y_pred, where));
}

Tensor mean_squared_logarithmic_error(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::mean_squared_logarithmic_error(y_true, y_pred, where));
}

Tensor logcosh(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::logcosh(y_true, y_pred, where));
}

Tensor poisson(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::poisson(y_true, y_pred, where));
}

Tensor cosine_similarity(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::cosine_similarity(y_true, y_pred, where));
}

Tensor huber(const Tensor& y_true, const Tensor& y_pred, const HuberOptions& options, std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::huber(y_true, y_pred, options, where));
}

Huber::Huber(const HuberOptions& options, std::source_location where)
    : Loss(Spec{"huber", arguments_of(options)}, where) {}

Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative, double margin,
                           std::source_location where) {
  const CallerScope scope(where);
  check_not_negative("triplet_margin_loss", "the margin", margin, where);
  const Shape& shape = anchor.shape();
  if (shape.rank() == 0 || positive.shape() != shape || negative.shape() != shape)
    throw ShapeError(concat("triplet_margin_loss: the anchor has shape ", shape, ", the positive ", positive.shape(),
                            ", the negative ", negative.shape(), ": rows of one shape are expected"),
                     where);
  return mean(relu(distances(anchor, positive) - distances(anchor, negative) + margin));
}

Tensor contrastive_loss(const Tensor& y, const Tensor& distance, double margin, std::source_location where) {
  const CallerScope scope(where);
  check_not_negative("contrastive_loss", "the margin", margin, where);
  if (y.shape() != distance.shape())
    throw ShapeError(concat("contrastive_loss: y has shape ", y.shape(), ", the distance ", distance.shape()), where);
  check_shares("contrastive_loss", y, where);
  const Tensor together = astype(y, distance.dtype());
  return mean(together * square(distance) + (1.0 - together) * square(relu(margin - distance)));
}

}  // namespace xg::nn
