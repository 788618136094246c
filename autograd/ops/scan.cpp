#include "autograd/ops/scan.hpp"

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/scan.hpp"

namespace xg {
namespace {

/// The sum of the elements from each one on.
Tensor sum_from_end(const Tensor& x, int axis) { return flip(cumsum(flip(x, axis), axis), axis); }

/// dx_k = sum over i >= k of dy_i times the product of all x_j up to i but x_k: along the last axis, zeros allowed.
Tensor cumprod_gradient(const Tensor& dy, const Tensor& x) {
  const std::int64_t n = x.shape().back();
  const Tensor others = where(eye(n, boolean), 1.0, expand_dims(x, -2));
  const Tensor products = triu(cumprod(others, -1));
  return sum(products * expand_dims(dy, -2), {.axis = -1});
}

bool has_zero(const Tensor& x) { return any(x.detach() == 0.0).item<bool>(); }

Tensor by_index(const char* op, const Operand& x, int axis, Array (*index)(const Array&, std::size_t)) {
  const std::size_t position = normalize_axis(op, axis, x.shape().rank(), x.where());
  return gather(x, Tensor(index(x.array(), position)), axis);
}

}  // namespace

Tensor cumsum(const Operand& x, int axis) {
  const std::size_t position = normalize_axis("cumsum", axis, x.shape().rank(), x.where());
  return record("cumsum", kernels::cumsum(x.array(), position),
                edge(x, [axis](const Tensor& dy) { return sum_from_end(dy, axis); }));
}

Tensor cumprod(const Operand& x, int axis) {
  const std::size_t position = normalize_axis("cumprod", axis, x.shape().rank(), x.where());
  return record("cumprod", kernels::cumprod(x.array(), position),
                edge(x, [x = Saved(x), axis](const Tensor& dy, const Tensor& y) {
                  if (!has_zero(x)) return sum_from_end(dy * y, axis) / x;
                  const Tensor last = cumprod_gradient(transpose(dy, axis, -1), transpose(x.get(), axis, -1));
                  return transpose(last, axis, -1);
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
