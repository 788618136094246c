#include "autograd/ops/linalg.hpp"

#include <algorithm>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/extent.hpp"
#include "lib/kernels/copy.hpp"
#include "lib/kernels/matmul.hpp"

namespace xg {
namespace {

/// The last two axes swapped.
Tensor swapped(const Tensor& x) {
  return record(
      "transpose", [&] { return x.array().transposed(); }, edge(x, [](const Tensor& dy) { return swapped(dy); }));
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

/// Whether a factor of that shape is the same for several matrices of the product.
bool is_broadcast(const Shape& factor, const Shape& product) {
  for (std::size_t axis = 0; axis + 2 < product.rank(); ++axis) {
    const std::size_t lead = product.rank() - factor.rank();
    if (axis < lead || factor[axis - lead] != product[axis]) return true;
  }
  return false;
}

/// The gradient of such a factor: a sum of products, without an array for each.
Tensor summed_product(const Array& a, const Array& b, const Shape& shape) {
  Array total = Array::zeros(shape, a.dtype());
  kernels::matmul_into(total, a, b);
  return total;
}

/// The gradient of a product's left factor, of that shape: dy b^T.
struct LeftRule {
  Saved b;
  Shape shape;

  Tensor operator()(const Tensor& dy) const {
    if (grad_enabled() || !is_broadcast(shape, dy.shape())) return matmul(dy, swapped(b));
    return summed_product(dy.array(), b.get().array().transposed(), shape);
  }
  void add_to(Array& total, const Tensor& dy) const {
    kernels::matmul_into(total, dy.array(), b.get().array().transposed());
  }
};

/// The gradient of its right factor: a^T dy.
struct RightRule {
  Saved a;
  Shape shape;

  Tensor operator()(const Tensor& dy) const {
    if (grad_enabled() || !is_broadcast(shape, dy.shape())) return matmul(swapped(a), dy);
    return summed_product(a.get().array().transposed(), dy.array(), shape);
  }
  void add_to(Array& total, const Tensor& dy) const {
    kernels::matmul_into(total, a.get().array().transposed(), dy.array());
  }
};

/// The product of two operands of at least two axes and one dtype.
Tensor product(const Operand& a, const Operand& b) {
  return record(
      "matmul", [&] { return kernels::matmul(a.array(), b.array()); }, edge(a, LeftRule{Saved(b), a.shape()}),
      edge(b, RightRule{Saved(a), b.shape()}));
}

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
  return record(
      "linear", [&] { return kernels::affine(x.array(), w.array(), bias.array()); },
      edge(x, LeftRule{Saved(w), x.shape()}), edge(w, RightRule{Saved(x), w.shape()}),
      edge(bias, [](const Tensor& dy) { return sum(dy, {.axis = 0}); }));
}

Tensor dot(const Operand& a, const Operand& b) {
  if (a.shape().rank() != 1 || b.shape() != a.shape())
    throw ShapeError(concat("dot: two vectors of one length expected, got shapes ", a.shape(), " and ", b.shape()),
                     a.where());
  return matmul(a, b);
}

Tensor outer(const Operand& a, const Operand& b) {
  if (a.shape().rank() != 1 || b.shape().rank() != 1)
    throw ShapeError(concat("outer: two vectors expected, got shapes ", a.shape(), " and ", b.shape()), a.where());
  const CallerScope scope(a.where());
  return expand_dims(a, 1) * b;
}

Tensor tensordot(const Operand& a, const Operand& b, std::size_t axes) {
  const Shape &p = a.shape(), &q = b.shape();
  bool fits = axes <= p.rank() && axes <= q.rank();
  for (std::size_t i = 0; fits && i < axes; ++i) fits = p[p.rank() - axes + i] == q[i];
  if (!fits)
    throw ShapeError(concat("tensordot: the last ", axes, " axes of shape ", p, " and the first of ", q, " differ"),
                     a.where());
  const CallerScope scope(a.where());
  std::int64_t rows = 1, inner = 1, columns = 1;
  Shape result;
  for (std::size_t i = 0; i < p.rank() - axes; ++i) {
    rows *= p[i];
    result.push_back(p[i]);
  }
  for (std::size_t i = 0; i < axes; ++i) inner *= q[i];
  for (std::size_t i = axes; i < q.rank(); ++i) {
    columns *= q[i];
    result.push_back(q[i]);
  }
  return reshape(matmul(reshape(a, {rows, inner}), reshape(b, {inner, columns})), result);
}

namespace {

/// The elements of a diagonal of the matrices in a contiguous array's last two axes: a view.
Array diagonal_of(const Array& x, std::int64_t offset) {
  const std::int64_t rows = x.shape()[-2], columns = x.shape()[-1];
  const std::int64_t inside = std::clamp(offset, -rows, columns);
  const std::int64_t row = std::max<std::int64_t>(0, -inside), column = std::max<std::int64_t>(0, inside);
  const std::int64_t count = std::min(rows - row, columns - column);
  Shape flat = x.shape();
  flat.erase(-1);
  flat[-1] = rows * columns;
  return x.reshape(flat).slice(flat.rank() - 1, row * columns + column, count, columns + 1);
}

/// The transpose of diagonal(): matrices of zeros with x as their diagonal.
Tensor on_diagonal(const char* op, const Operand& x, const Shape& shape, std::int64_t offset) {
  const auto kernel = [&] {
    const Array whole = Array::zeros(shape, x.dtype());
    Array part = diagonal_of(whole, offset);
    kernels::copy(x.array(), part);
    return whole;
  };
  return record(op, kernel, edge(x, [offset](const Tensor& dy) { return diagonal(dy, offset); }));
}

}  // namespace

Tensor diagonal(const Operand& x, std::int64_t offset) {
  const Shape& shape = x.shape();
  if (shape.rank() < 2)
    throw ShapeError(concat("diagonal: a matrix expected, or several, got shape ", shape), x.where());
  return record(
      "diagonal", [&] { return diagonal_of(x.array().contiguous(), offset).clone(); },
      edge(x, [shape, offset](const Tensor& dy) { return on_diagonal("diagonal_back", dy, shape, offset); }));
}

Tensor diag(const Operand& x, std::int64_t offset) {
  if (x.shape().rank() == 0) throw ShapeError("diag: a vector expected, or several, got shape ()", x.where());
  const ExtentArithmetic checked("diag", x.where());
  Shape shape = x.shape();
  shape[-1] = checked.add(shape[-1], offset < 0 ? checked.subtract(0, offset) : offset);
  shape.push_back(shape[-1]);
  return on_diagonal("diag", x, shape, offset);
}

Tensor trace(const Operand& x) {
  const CallerScope scope(x.where());
  if (x.shape().rank() < 2)
    throw ShapeError(concat("trace: a matrix expected, or several, got shape ", x.shape()), x.where());
  return sum(diagonal(x), {.axis = -1});
}

}  // namespace xg
