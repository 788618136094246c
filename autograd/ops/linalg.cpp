#include "autograd/ops/linalg.hpp"

#include "autograd/ops/check.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/matmul.hpp"

namespace xg {
namespace {

/// The last two axes swapped.
Tensor swapped(const Tensor& x) {
  return record("transpose", x.array().transposed(), edge(x, [](const Tensor& dy) { return swapped(dy); }));
}

void check_product(const Operand& a, const Operand& b) {
  const Shape &p = a.shape(), &q = b.shape();
  if (p.rank() == 0 || q.rank() == 0)
    throw ShapeError(concat("matmul: shapes ", p, " and ", q, ": a 0-d tensor has no axis to sum over: use *"),
                     a.where());
  const std::int64_t inner = p.back(), outer = q.rank() == 1 ? q[0] : q[q.rank() - 2];
  if (inner != outer) {
    const bool flipped = q.rank() >= 2 && q.back() == inner;
    throw ShapeError(concat("matmul: shapes ", p, " and ", q, " do not match: the last axis of the first (", inner,
                            ") must equal the ", q.rank() == 1 ? "axis" : "second to last axis", " of the second (",
                            outer, ")", flipped ? ": is the second transposed?" : ""),
                     a.where());
  }
  Shape p_batch, q_batch;
  for (std::size_t axis = 0; axis + 2 < p.rank(); ++axis) p_batch.push_back(p[axis]);
  for (std::size_t axis = 0; axis + 2 < q.rank(); ++axis) q_batch.push_back(q[axis]);
  if (!broadcast_shapes(p_batch, q_batch))
    throw ShapeError(concat("matmul: the batch axes of shapes ", p, " and ", q, " do not broadcast"), a.where());
}

/// The product of two operands of at least two axes and one dtype.
Tensor product(const Operand& a, const Operand& b) {
  return record("matmul", kernels::matmul(a.array(), b.array()),
                edge(a, [b = Saved(b)](const Tensor& dy) { return matmul(dy, swapped(b)); }),
                edge(b, [a = Saved(a)](const Tensor& dy) { return matmul(swapped(a), dy); }));
}

/// The gradient of a layer's kernel: x^T dy.
struct KernelRule {
  Saved x;

  Tensor operator()(const Tensor& dy) const { return matmul(swapped(x), dy); }
  void add_to(Array& total, const Tensor& dy) const {
    kernels::matmul_into(total, x.get().array().transposed(), dy.array());
  }
};

}  // namespace

Tensor matmul(const Operand& a, const Operand& b) {
  check_floating("matmul", a);
  check_floating("matmul", b);
  check_product(a, b);
  if (a.dtype() == b.dtype() && a.shape().rank() >= 2 && b.shape().rank() >= 2) return product(a, b);
  const DType dtype = promote(a.dtype(), b.dtype());
  Tensor left = astype(a, dtype), right = astype(b, dtype);
  if (a.shape().rank() == 1) left = expand_dims(Operand(left, a.where()), 0);
  if (b.shape().rank() == 1) right = expand_dims(Operand(right, b.where()), 1);
  Tensor result = product(Operand(left, a.where()), Operand(right, b.where()));
  if (b.shape().rank() == 1) result = squeeze(Operand(result, a.where()), -1);
  if (a.shape().rank() == 1) result = squeeze(Operand(result, a.where()), b.shape().rank() == 1 ? -1 : -2);
  return result;
}

Tensor linear(const Operand& x, const Operand& w, const Operand& bias) {
  check_floating("linear", x);
  if (w.shape().rank() != 2 || bias.shape().rank() != 1 || x.shape().rank() == 0 || x.shape().back() != w.shape()[0] ||
      bias.shape()[0] != w.shape()[1])
    throw ShapeError(concat("linear: shapes ", x.shape(), ", ", w.shape(), " and ", bias.shape(),
                            " do not match (..., in), (in, out) and (out)"),
                     x.where());
  if (x.dtype() != w.dtype() || x.dtype() != bias.dtype())
    throw DTypeError(
        concat("linear: dtypes ", x.dtype(), ", ", w.dtype(), " and ", bias.dtype(), " differ: convert with astype"),
        x.where());
  if (x.shape().rank() != 2) {
    Shape shape = x.shape();
    shape[shape.rank() - 1] = w.shape()[1];
    const Tensor rows = reshape(x, {-1, x.shape().back()});
    return reshape(Operand(linear(Operand(rows, x.where()), w, bias), x.where()), shape);
  }
  return record("linear", kernels::affine(x.array(), w.array(), bias.array()),
                edge(x, [w = Saved(w)](const Tensor& dy) { return matmul(dy, swapped(w)); }),
                edge(w, KernelRule{Saved(x)}), edge(bias, [](const Tensor& dy) { return sum(dy, {.axis = 0}); }));
}

}  // namespace xg
