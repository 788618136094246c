#include "nn/losses.hpp"

#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/loss.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/registry.hpp"

namespace xg::nn {
namespace {

constexpr double epsilon = 1e-7;

void check_same_shape(const char* loss, const Tensor& y_true, const Tensor& y_pred, std::source_location where,
                      const char* hint = "") {
  if (y_true.shape() != y_pred.shape())
    throw ShapeError(concat(loss, ": y_true has shape ", y_true.shape(), ", y_pred ", y_pred.shape(), hint), where);
}

/// -sum_k y_k ln q_k for probabilities without known logits.
Tensor clipped_crossentropy(const Tensor& y_true, const Tensor& y_pred) {
  const Tensor q = clip(y_pred / sum(y_pred, {.axis = -1, .keepdims = true}), epsilon, 1 - epsilon);
  return -sum(y_true * log(q), {.axis = -1});
}

/// The class numbers, without a last axis of one.
Tensor class_labels(const Tensor& y_true, const Tensor& y_pred) {
  const bool column = y_true.rank() == y_pred.rank() && y_true.rank() > 0 && y_true.shape().back() == 1;
  return column ? squeeze(y_true, -1) : y_true;
}

}  // namespace

Tensor categorical_crossentropy(const Tensor& y_true, const Tensor& y_pred, const CrossentropyOptions& options,
                                std::source_location where) {
  const CallerScope scope(where);
  check_same_shape("categorical_crossentropy", y_true, y_pred, where,
                   ": one-hot labels are expected; use sparse_categorical_crossentropy for class numbers");
  const Tensor y = astype(y_true, y_pred.dtype());
  const Tensor logits = options.from_logits ? y_pred : logits_of(y_pred);
  return mean(logits.defined() ? cross_entropy(logits, y) : clipped_crossentropy(y, y_pred));
}

Tensor sparse_categorical_crossentropy(const Tensor& y_true, const Tensor& y_pred, const CrossentropyOptions& options,
                                       std::source_location where) {
  const CallerScope scope(where);
  const Tensor labels = class_labels(y_true, y_pred);
  Shape rows = y_pred.shape();
  if (rows.rank() > 0) rows.erase(-1);
  if (y_pred.rank() == 0 || labels.size() != rows.elements())
    throw ShapeError(concat("sparse_categorical_crossentropy: y_true has shape ", y_true.shape(), ", y_pred ",
                            y_pred.shape(), ": one class number for each row is expected"),
                     where);
  check_class_numbers("sparse_categorical_crossentropy", labels, y_pred.shape().back(), where);
  const Tensor y = one_hot(astype(labels, int64), y_pred.shape().back(), y_pred.dtype());
  return categorical_crossentropy(reshape(y, y_pred.shape()), y_pred, options, where);
}

Tensor binary_crossentropy(const Tensor& y_true, const Tensor& y_pred, const CrossentropyOptions& options,
                           std::source_location where) {
  const CallerScope scope(where);
  check_same_shape("binary_crossentropy", y_true, y_pred, where);
  const Tensor y = astype(y_true, y_pred.dtype());
  const Tensor logits = options.from_logits ? y_pred : logits_of(y_pred);
  if (logits.defined()) return mean(softplus(logits) - y * logits);
  const Tensor p = clip(y_pred, epsilon, 1 - epsilon);
  return -mean(y * log(p) + (1.0 - y) * log(1.0 - p));
}

Tensor mean_squared_error(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  check_same_shape("mean_squared_error", y_true, y_pred, where);
  return mean(square(y_pred - astype(y_true, y_pred.dtype())));
}

Tensor mean_absolute_error(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  check_same_shape("mean_absolute_error", y_true, y_pred, where);
  return mean(abs(y_pred - astype(y_true, y_pred.dtype())));
}

namespace {

/// A maker of a loss with options.
template <class F>
auto with_options(F loss) {
  return [=](Arguments& given) {
    const auto options = options_from<CrossentropyOptions>(given);
    return [=](const Tensor& y_true, const Tensor& y_pred) { return loss(y_true, y_pred, options); };
  };
}

}  // namespace

CategoricalCrossentropy::CategoricalCrossentropy(const CrossentropyOptions& options)
    : Loss(Spec{"categorical_crossentropy", arguments_of(options)}) {}

SparseCategoricalCrossentropy::SparseCategoricalCrossentropy(const CrossentropyOptions& options)
    : Loss(Spec{"sparse_categorical_crossentropy", arguments_of(options)}) {}

BinaryCrossentropy::BinaryCrossentropy(const CrossentropyOptions& options)
    : Loss(Spec{"binary_crossentropy", arguments_of(options)}) {}

template <>
Registry<Loss::Function>& Choice<Loss, Loss::Function>::registry() {
  static Registry<Loss::Function> known(
      Loss::kind,
      {
          {"categorical_crossentropy", with_options([](auto&... given) { return categorical_crossentropy(given...); })},
          {"sparse_categorical_crossentropy",
           with_options([](auto&... given) { return sparse_categorical_crossentropy(given...); })},
          {"binary_crossentropy", with_options([](auto&... given) { return binary_crossentropy(given...); })},
          {"mean_squared_error", always([](const Tensor& y, const Tensor& p) { return mean_squared_error(y, p); })},
          {"mse", Spec{"mean_squared_error"}},
          {"mean_absolute_error", always([](const Tensor& y, const Tensor& p) { return mean_absolute_error(y, p); })},
          {"mae", Spec{"mean_absolute_error"}},
      });
  return known;
}

template class Choice<Loss, Loss::Function>;

}  // namespace xg::nn
