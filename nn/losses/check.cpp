#include "nn/losses/check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "autograd/grad_mode.hpp"
#include "nn/check_number.hpp"

namespace xg::nn {
namespace {

/// What to do about (N) and (N, 1), which do not broadcast to pairs of samples here as they would elsewhere.
std::string shape_remedy(const Shape& y_true, const Shape& y_pred) {
  const auto is_column_of = [](const Shape& column, const Shape& vector) {
    return column.rank() == vector.rank() + 1 && column.back() == 1 && column.elements() == vector.elements();
  };
  if (is_column_of(y_pred, y_true)) return concat(": reshape y_true to ", y_pred, ", by expand_dims(y_true, -1)");
  if (is_column_of(y_true, y_pred)) return concat(": reshape y_true to ", y_pred, ", by squeeze(y_true, -1)");
  return {};
}

void check_unit_interval(const char* loss, const char* what, double number, std::source_location where) {
  if (!(number >= 0 && number <= 1))
    throw ValueError(concat(loss, ": ", what, " must lie in [0, 1], got ", number), where);
}

}  // namespace

void check_order(const char* loss, const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  if (grad_enabled() && y_true.requires_grad() && !y_pred.requires_grad())
    throw ValueError(concat(loss, ": y_true needs a gradient and y_pred none: the order is (y_true, y_pred)"), where);
}

void check_same_shape(const char* loss, const Tensor& y_true, const Tensor& y_pred, std::source_location where,
                      const char* hint) {
  check_order(loss, y_true, y_pred, where);
  if (y_true.shape() == y_pred.shape()) return;
  const std::string remedy = *hint ? hint : shape_remedy(y_true.shape(), y_pred.shape());
  throw ShapeError(concat(loss, ": y_true has shape ", y_true.shape(), ", y_pred ", y_pred.shape(), remedy), where);
}

void check_same_rows(const char* loss, const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  check_same_shape(loss, y_true, y_pred, where);
  if (y_pred.rank() == 0 || y_pred.shape().back() == 0)
    throw ShapeError(concat(loss, ": y_pred has shape ", y_pred.shape(), ", in which there are no rows to compare"),
                     where);
}

void check_shares(const char* loss, const Tensor& labels, std::source_location where) {
  const Array all = labels.array().contiguous();
  dispatch(all.dtype(), [&]<class T>() {
    const T *begin = all.data<T>(), *end = begin + all.size();
    std::int64_t inside = 0;
    for (const T* label = begin; label != end; ++label) inside += *label >= T{0} && *label <= T{1};
    if (inside == all.size()) return;
    const T bad = *std::find_if(begin, end, [](T label) { return !(label >= T{0} && label <= T{1}); });
    const bool signs = bad == static_cast<T>(-1);
    throw ValueError(concat(loss, ": labels must lie in [0, 1], got ", +bad, signs ? ": make 0 of -1 first" : ""),
                     where);
  });
}

void check_signs(const char* loss, const Tensor& labels, std::source_location where) {
  const Array all = labels.array().contiguous();
  dispatch(all.dtype(), [&]<class T>() {
    const T *begin = all.data<T>(), *end = begin + all.size();
    const T* bad = std::find_if(begin, end, [](T label) { return !(std::abs(static_cast<double>(label)) == 1); });
    if (bad == end) return;
    throw ValueError(concat(loss, ": labels must be -1 or 1, got ", +*bad, *bad == T{0} ? ": make -1 of 0 first" : ""),
                     where);
  });
}

void check_not_negative(const char* loss, const char* what, double number, std::source_location where) {
  if (!(number >= 0 && number <= std::numeric_limits<float>::max()))
    check_not_negative(concat(loss, ": ", what), number, where);
}

void check_options(const char* loss, const CrossentropyOptions& options, std::source_location where) {
  check_unit_interval(loss, "the label smoothing", options.label_smoothing, where);
}

void check_options(const char* loss, const FocalOptions& options, std::source_location where) {
  check_not_negative(loss, "gamma", options.gamma, where);
  check_unit_interval(loss, "alpha", options.alpha, where);
}

void check_options(const char* loss, const HuberOptions& options, std::source_location where) {
  if (!(options.delta > 0))
    throw ValueError(concat(loss, ": delta must be greater than 0, got ", options.delta), where);
  check_not_negative(loss, "delta", options.delta, where);
}

}  // namespace xg::nn
