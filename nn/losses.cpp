#include "nn/losses.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/cross_entropy.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/loss.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/origin.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/cross_entropy.hpp"
#include "nn/losses/check.hpp"
#include "nn/losses/probabilities.hpp"
#include "nn/losses/unreduced.hpp"
#include "nn/registry.hpp"

namespace xg::nn {

Tensor floored(const Tensor& p) {
  const double least = p.dtype() == float64 ? std::numeric_limits<double>::min() : std::numeric_limits<float>::min();
  return p + (maximum(p.detach(), least) - p.detach());
}

namespace {

/// The rows divided by their sums; as they are, if all add up to 1.
Tensor distributions(const Tensor& p) {
  const Tensor total = sum(p, {.axis = -1, .keepdims = true});
  const Tensor is_one = abs(total.detach() - 1.0) <= 1e-5;
  return all(is_one).item<bool>() ? p : p / where(is_one, 1.0, total);
}

// The losses of labels y and probabilities p, and the same computed from the logits z behind p. The gradient of those
// goes to z; to p only if somebody watches the gradient of p.

/// -sum_k y_k ln p_k of each row.
Tensor categorical_loss(const Tensor& y, const Tensor& p) { return -sum(y * log(floored(p)), {.axis = -1}); }

Tensor categorical_loss_past(const Tensor& y, const Tensor& p, const Tensor& z) {
  return record(
      "categorical_crossentropy", [&] { return kernels::cross_entropy(z.array(), y.array()); },
      edge(p, IfWatched{[y = Saved(y), p = Saved(p)](const Tensor& dy) {
             return expand_dims(dy, -1) * -(y.get() / floored(p));
           }}),
      edge(z, UnlessWatched{CrossEntropyRule(z, y)}), edge(y, CrossEntropyTargetRule(z)));
}

/// -(y ln p + (1 - y) ln(1 - p)) of each element.
Tensor binary_loss(const Tensor& y, const Tensor& p) {
  return -(y * log(floored(p)) + (1.0 - y) * log(floored(1.0 - p)));
}

Tensor binary_loss_past(const Tensor& y, const Tensor& p, const Tensor& z) {
  const Tensor from_logits = binary_cross_entropy_with_logits(z, y);
  return record("binary_crossentropy", from_logits.array(),
                edge(p, IfWatched{[y = Saved(y), p = Saved(p)](const Tensor& dy) {
                       return dy * ((1.0 - y.get()) / floored(1.0 - p.get()) - y.get() / floored(p));
                     }}),
                edge(from_logits, UnlessWatched{[](const Tensor& dy) { return dy; }}),
                edge(y, IfWatched{[z = Saved(z)](const Tensor& dy) { return -dy * z.get(); }}));
}

/// The class numbers, without a last axis of one.
Tensor class_labels(const Tensor& y_true, const Tensor& y_pred) {
  const bool column = y_true.rank() == y_pred.rank() && y_true.rank() > 0 && y_true.shape().back() == 1;
  return column ? squeeze(y_true, -1) : y_true;
}

/// Labels of which a share is spread evenly over the classes.
Tensor smoothed(const Tensor& y, double share, std::int64_t classes) {
  return share > 0 ? y * (1 - share) + share / static_cast<double>(classes) : y;
}

}  // namespace

Tensor binary_crossentropies(const Tensor& y, const Tensor& y_pred, bool from_logits) {
  if (from_logits) return binary_cross_entropy_with_logits(y_pred, y);
  const Tensor logits = input_of(y_pred, "sigmoid");
  return logits.defined() ? binary_loss_past(y, y_pred, logits) : binary_loss(y, y_pred);
}

namespace unreduced {

Tensor categorical_crossentropy(const Tensor& y_true, const Tensor& y_pred, const CrossentropyOptions& options,
                                std::source_location where) {
  const CallerScope scope(where);
  check_options("categorical_crossentropy", options, where);
  check_same_shape("categorical_crossentropy", y_true, y_pred, where,
                   ": one-hot labels are expected; use sparse_categorical_crossentropy for class numbers");
  if (y_pred.rank() == 0) throw ShapeError("categorical_crossentropy: no classes in shape ()", where);
  const Tensor y = smoothed(astype(y_true, y_pred.dtype()), options.label_smoothing, y_pred.shape().back());
  if (options.from_logits) return cross_entropy(y_pred, y);
  const Tensor logits = input_of(y_pred, "softmax");
  return logits.defined() ? categorical_loss_past(y, y_pred, logits) : categorical_loss(y, distributions(y_pred));
}

Tensor sparse_categorical_crossentropy(const Tensor& y_true, const Tensor& y_pred, const CrossentropyOptions& options,
                                       std::source_location where) {
  const CallerScope scope(where);
  check_options("sparse_categorical_crossentropy", options, where);
  check_order("sparse_categorical_crossentropy", y_true, y_pred, where);
  const Tensor labels = class_labels(y_true, y_pred);
  Shape rows = y_pred.shape();
  if (rows.rank() > 0) rows.erase(-1);
  if (y_pred.rank() == 0 || labels.shape() != rows)
    throw ShapeError(concat("sparse_categorical_crossentropy: y_true has shape ", y_true.shape(), ", y_pred ",
                            y_pred.shape(), ": one class number for each row is expected",
                            y_true.rank() > 0 && y_true.shape() == y_pred.shape()
                                ? "; use categorical_crossentropy for one-hot labels"
                                : ""),
                     where);
  check_class_numbers("sparse_categorical_crossentropy", labels, y_pred.shape().back(), where);
  const Tensor y = one_hot(astype(labels, int64), y_pred.shape().back(), y_pred.dtype());
  return unreduced::categorical_crossentropy(reshape(y, y_pred.shape()), y_pred, options, where);
}

Tensor binary_crossentropy(const Tensor& y_true, const Tensor& y_pred, const CrossentropyOptions& options,
                           std::source_location where) {
  const CallerScope scope(where);
  check_options("binary_crossentropy", options, where);
  check_same_shape("binary_crossentropy", y_true, y_pred, where);
  check_shares("binary_crossentropy", y_true, where);
  const Tensor y = smoothed(astype(y_true, y_pred.dtype()), options.label_smoothing, 2);
  return binary_crossentropies(y, y_pred, options.from_logits);
}

Tensor mean_squared_error(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  check_same_shape("mean_squared_error", y_true, y_pred, where);
  return square(y_pred - astype(y_true, y_pred.dtype()));
}

Tensor mean_absolute_error(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  check_same_shape("mean_absolute_error", y_true, y_pred, where);
  return abs(y_pred - astype(y_true, y_pred.dtype()));
}

}  // namespace unreduced

Tensor categorical_crossentropy(const Tensor& y_true, const Tensor& y_pred, const CrossentropyOptions& options,
                                std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::categorical_crossentropy(y_true, y_pred, options, where));
}

Tensor sparse_categorical_crossentropy(const Tensor& y_true, const Tensor& y_pred, const CrossentropyOptions& options,
                                       std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::sparse_categorical_crossentropy(y_true, y_pred, options, where));
}

Tensor binary_crossentropy(const Tensor& y_true, const Tensor& y_pred, const CrossentropyOptions& options,
                           std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::binary_crossentropy(y_true, y_pred, options, where));
}

Tensor mean_squared_error(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::mean_squared_error(y_true, y_pred, where));
}

Tensor mean_absolute_error(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  return mean(unreduced::mean_absolute_error(y_true, y_pred, where));
}

Tensor Loss::operator()(const Tensor& y_true, const Tensor& y_pred, std::source_location where) const {
  const Tensor values = unreduced(y_true, y_pred, where);
  const CallerScope scope(where);
  return values.rank() == 0 ? values : mean(values);
}

namespace {

/// A maker of a loss with options.
template <class Options = CrossentropyOptions, class F>
auto with_options(const char* name, F loss) {
  return [=](Arguments& given) {
    const auto options = options_from<Options>(given);
    check_options(name, options, std::source_location::current());
    return [=](const Tensor& y_true, const Tensor& y_pred) { return loss(y_true, y_pred, options); };
  };
}

}  // namespace

CategoricalCrossentropy::CategoricalCrossentropy(const CrossentropyOptions& options, std::source_location where)
    : Loss(Spec{"categorical_crossentropy", arguments_of(options)}, where) {}

SparseCategoricalCrossentropy::SparseCategoricalCrossentropy(const CrossentropyOptions& options,
                                                             std::source_location where)
    : Loss(Spec{"sparse_categorical_crossentropy", arguments_of(options)}, where) {}

BinaryCrossentropy::BinaryCrossentropy(const CrossentropyOptions& options, std::source_location where)
    : Loss(Spec{"binary_crossentropy", arguments_of(options)}, where) {}

template <>
Registry<Loss::Function>& Choice<Loss, Loss::Function>::registry() {
  static Registry<Loss::Function> known(
      Loss::kind,
      {
          {"categorical_crossentropy",
           with_options("categorical_crossentropy",
                        [](auto&... given) { return unreduced::categorical_crossentropy(given...); })},
          {"sparse_categorical_crossentropy",
           with_options("sparse_categorical_crossentropy",
                        [](auto&... given) { return unreduced::sparse_categorical_crossentropy(given...); })},
          {"binary_crossentropy",
           with_options("binary_crossentropy",
                        [](auto&... given) { return unreduced::binary_crossentropy(given...); })},
          {"binary_focal_crossentropy",
           with_options<FocalOptions>("binary_focal_crossentropy",
                                      [](auto&... given) { return unreduced::binary_focal_crossentropy(given...); })},
          {"mean_squared_error", always([](auto& y, auto& p) { return unreduced::mean_squared_error(y, p); })},
          {"mse", Spec{"mean_squared_error"}},
          {"mean_absolute_error", always([](auto& y, auto& p) { return unreduced::mean_absolute_error(y, p); })},
          {"mae", Spec{"mean_absolute_error"}},
          {"mean_absolute_percentage_error",
           always([](auto& y, auto& p) { return unreduced::mean_absolute_percentage_error(y, p); })},
          {"mape", Spec{"mean_absolute_percentage_error"}},
          {"mean_squared_logarithmic_error",
           always([](auto& y, auto& p) { return unreduced::mean_squared_logarithmic_error(y, p); })},
          {"msle", Spec{"mean_squared_logarithmic_error"}},
          {"huber", with_options<HuberOptions>("huber", [](auto&... given) { return unreduced::huber(given...); })},
          {"logcosh", always([](auto& y, auto& p) { return unreduced::logcosh(y, p); })},
          {"log_cosh", Spec{"logcosh"}},
          {"poisson", always([](auto& y, auto& p) { return unreduced::poisson(y, p); })},
          {"hinge", always([](auto& y, auto& p) { return unreduced::hinge(y, p); })},
          {"squared_hinge", always([](auto& y, auto& p) { return unreduced::squared_hinge(y, p); })},
          {"categorical_hinge", always([](auto& y, auto& p) { return unreduced::categorical_hinge(y, p); })},
          {"kullback_leibler_divergence",
           always([](auto& y, auto& p) { return unreduced::kullback_leibler_divergence(y, p); })},
          {"kld", Spec{"kullback_leibler_divergence"}},
          {"kl_divergence", Spec{"kullback_leibler_divergence"}},
          {"cosine_similarity", always([](auto& y, auto& p) { return unreduced::cosine_similarity(y, p); })},
          {"cosine_proximity", Spec{"cosine_similarity"}},
          {"cosine", Spec{"cosine_similarity"}},
      });
  return known;
}

template class Choice<Loss, Loss::Function>;

}  // namespace xg::nn
