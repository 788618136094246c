#include "autograd/ops/scan.hpp"

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/scan.hpp"

namespace xg {
namespace {

/// The sum of the elements from each one on.
Tensor sum_from_end(const Tensor& x, int axis) { return flip(cumsum(flip(x, axis), axis), axis); }

/// The elements one step further along an axis, towards its end or its beginning, and `value` where none comes from.
Tensor shifted(const Tensor& x, int axis, bool forwards, double value) {
  if (x.shape()[axis] == 0) return x;
  Shape one = x.shape();
  one[axis] = 1;
  const Tensor fresh(Array::full(one, value, x.dtype()));
  if (forwards) return concatenate({fresh, slice(x, axis, {.stop = -1})}, axis);
  return concatenate({slice(x, axis, {.start = 1}), fresh}, axis);
}

Tensor recurrence(const Operand& a, const Operand& b, int axis);

/// The recurrence from the end: g_i = b_i + a_{i+1} g_{i+1}.
Tensor recurrence_from_end(const Tensor& a, const Tensor& b, int axis) {
  return flip(recurrence(flip(shifted(a, axis, false, 0), axis), flip(b, axis), axis), axis);
}

/// s_i = a_i s_{i-1} + b_i along an axis, s_0 = b_0. Gradients: g_i = ds_i + a_{i+1} g_{i+1} for b, g_i s_{i-1} for a.
Tensor recurrence(const Operand& a, const Operand& b, int axis) {
  const std::size_t position = normalize_axis("recurrence", axis, b.shape().rank(), b.where());
  return record(
      "recurrence", [&] { return kernels::recurrence(a.array(), b.array(), position); },
      edge(a,
           [a = Saved(a), axis](const Tensor& ds, const Tensor& s) {
             return recurrence_from_end(a, ds, axis) * shifted(s, axis, true, 0);
           }),
      edge(b, [a = Saved(a), axis](const Tensor& ds) { return recurrence_from_end(a, ds, axis); }));
}

Tensor by_index(const char* op, const Operand& x, int axis, Array (*index)(const Array&, std::size_t)) {
  const std::size_t position = normalize_axis(op, axis, x.shape().rank(), x.where());
  return gather(x, Tensor(index(x.array(), position)), axis);
}

}  // namespace

Tensor cumsum(const Operand& x, int axis) {
  const std::size_t position = normalize_axis("cumsum", axis, x.shape().rank(), x.where());
  return record(
      "cumsum", [&] { return kernels::cumsum(x.array(), position); },
      edge(x, [axis](const Tensor& dy) { return sum_from_end(dy, axis); }));
}

Tensor cumprod(const Operand& x, int axis) {
  const std::size_t position = normalize_axis("cumprod", axis, x.shape().rank(), x.where());
  return record(
      "cumprod", [&] { return kernels::cumprod(x.array(), position); },
      edge(x, [x = Saved(x), axis](const Tensor& dy, const Tensor& y) {
        return shifted(y, axis, true, 1) * recurrence_from_end(x, dy, axis);
      }));
}

Tensor cummax(const Operand& x, int axis) { return by_index("cummax", x, axis, kernels::running_argmax); }

Tensor cummin(const Operand& x, int axis) { return by_index("cummin", x, axis, kernels::running_argmin); }

Tensor argsort(const Operand& x, int axis, bool descending) {
  const std::size_t position = normalize_axis("argsort", axis, x.shape().rank(), x.where());
  return kernels::argsort(x.array(), position, descending);
}

Tensor sort(const Operand& x, int axis, bool descending) {
  const std::size_t position = normalize_axis("sort", axis, x.shape().rank(), x.where());
  return gather(x, Tensor(kernels::argsort(x.array(), position, descending)), axis);
}

TopK topk(const Operand& x, std::int64_t k, int axis, bool largest) {
  const std::size_t position = normalize_axis("topk", axis, x.shape().rank(), x.where());
  if (k < 0 || k > x.shape()[position])
    throw ValueError(concat("topk: ", k, " elements of axis ", axis, " of shape ", x.shape(), " do not exist"),
                     x.where());
  const Tensor order = kernels::argsort(x.array(), position, largest).slice(position, 0, k, 1);
  return {gather(x, order, axis), order};
}

}  // namespace xg
