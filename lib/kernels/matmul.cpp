#include "lib/kernels/matmul.hpp"

#include <optional>

#include "lib/kernels/gemm/gemm.hpp"
#include "lib/kernels/loops.hpp"

namespace xg::kernels {
namespace {

/// The axes before the last two, those of both broadcast.
Shape batch_of(const Array& a, const Array& b) {
  Shape p, q;
  for (std::size_t axis = 0; axis + 2 < a.rank(); ++axis) p.push_back(a.shape()[axis]);
  for (std::size_t axis = 0; axis + 2 < b.rank(); ++axis) q.push_back(b.shape()[axis]);
  return broadcast_shapes(p, q).value();
}

/// An operand's matrices for every element of a batch.
template <class T>
struct Matrices {
  Matrix<T> first;
  std::int64_t rows, columns;
  Strides steps;  ///< along the axes of the batch

  Matrices(const Array& x, const Shape& batch)
      : first{x.data<T>(), x.strides()[x.rank() - 2], x.strides()[x.rank() - 1]},
        rows(x.shape()[x.rank() - 2]),
        columns(x.shape()[x.rank() - 1]) {
    if (batch.rank() == 0) return;
    Shape shape = batch;
    shape.push_back(rows);
    shape.push_back(columns);
    const Strides strides = x.broadcast_to(shape).strides();
    for (std::size_t axis = 0; axis < batch.rank(); ++axis) steps.push_back(strides[axis]);
  }

  Matrix<T> at(std::int64_t offset) const { return {first.data + offset, first.row_step, first.column_step}; }
  /// True if all are the same matrix.
  bool same(const Shape& batch) const {
    for (std::size_t axis = 0; axis < batch.rank(); ++axis)
      if (batch[axis] > 1 && steps[axis] != 0) return false;
    return true;
  }
  /// The step of a walk along the batch and, inside it, `count` elements that lie `step` apart, if there is one.
  std::optional<std::int64_t> common_step(const Shape& batch, std::int64_t count, std::int64_t step) const {
    for (std::size_t axis = batch.rank(); axis-- > 0;) {
      if (batch[axis] == 1) continue;
      if (count == 1) step = steps[axis];
      if (steps[axis] != step * count) return {};
      count *= batch[axis];
    }
    return step;
  }
};

/// start + a b for every element of the batch, with results one behind the other.
template <class T>
void products(const Array& a, const Array& b, const Start<T>& start, const Array& out) {
  if (out.size() == 0) return;
  const Shape batch = batch_of(a, b);
  const Matrices<T> left(a, batch), right(b, batch), result(out, batch);
  const std::int64_t m = left.rows, n = right.columns, k = left.columns;
  if (right.same(batch))
    if (const auto step = left.common_step(batch, m, left.first.row_step))
      return gemm(batch.elements() * m, n, k, {left.first.data, *step, left.first.column_step}, right.first, start,
                  out.data<T>());
  for_each_row<3>(batch, {left.steps, right.steps, result.steps},
                  [&](const auto& offset, std::int64_t count, const auto& step) {
                    for (std::int64_t i = 0; i < count; ++i)
                      gemm(m, n, k, left.at(offset[0] + i * step[0]), right.at(offset[1] + i * step[1]), start,
                           out.data<T>() + offset[2] + i * step[2]);
                  });
}

/// total += a b for every element of the batch, along some of whose axes total is one matrix.
template <class T>
void add_products(const Array& a, const Array& b, const Array& total) {
  if (total.size() == 0 || a.size() == 0 || b.size() == 0) return;
  const Shape batch = batch_of(a, b);
  const Matrices<T> left(a, batch), right(b, batch), sum(total, batch);
  const std::int64_t m = left.rows, n = right.columns, k = left.columns;
  if (sum.same(batch)) {
    const auto column_step = left.common_step(batch, k, left.first.column_step);
    const auto row_step = right.common_step(batch, k, right.first.row_step);
    if (column_step && row_step)
      return gemm(m, n, batch.elements() * k, {left.first.data, left.first.row_step, *column_step},
                  {right.first.data, *row_step, right.first.column_step}, {total.data<T>(), n}, total.data<T>());
  }
  for_each_row<3>(batch, {left.steps, right.steps, sum.steps},
                  [&](const auto& offset, std::int64_t count, const auto& step) {
                    for (std::int64_t i = 0; i < count; ++i) {
                      T* const c = total.data<T>() + offset[2] + i * step[2];
                      gemm(m, n, k, left.at(offset[0] + i * step[0]), right.at(offset[1] + i * step[1]), {c, n}, c);
                    }
                  });
}

}  // namespace

Array matmul(const Array& a, const Array& b) {
  Shape shape = batch_of(a, b);
  shape.push_back(a.shape()[a.rank() - 2]);
  shape.push_back(b.shape()[b.rank() - 1]);
  const Array out = Array::empty(shape, a.dtype());
  dispatch_floating(a.dtype(), [&]<class T>() { products<T>(a, b, {}, out); });
  return out;
}

Array affine(const Array& x, const Array& w, const Array& bias) {
  const Array out = Array::empty({x.shape()[0], w.shape()[1]}, x.dtype());
  const Array row = bias.contiguous();
  dispatch_floating(x.dtype(), [&]<class T>() { products<T>(x, w, {row.data<T>(), 0}, out); });
  return out;
}

void matmul_into(Array& total, const Array& a, const Array& b) {
  dispatch_floating(total.dtype(), [&]<class T>() { add_products<T>(a, b, total); });
}

}  // namespace xg::kernels
