#include "lib/kernels/matmul.hpp"

#include "lib/kernels/gemm/gemm.hpp"
#include "lib/kernels/loops.hpp"

namespace xg::kernels {
namespace {

/// The steps of an operand's batch axes when it is broadcast to those of `out`.
Strides batch_steps(const Array& operand, const Array& out) {
  const std::size_t rank = out.rank();
  Shape shape = out.shape();
  shape[rank - 2] = operand.shape()[operand.rank() - 2];
  shape[rank - 1] = operand.shape()[operand.rank() - 1];
  const Strides strides = operand.broadcast_to(shape).strides();
  Strides steps;
  for (std::size_t axis = 0; axis + 2 < rank; ++axis) steps.push_back(strides[axis]);
  return steps;
}

template <class T>
Matrix<T> matrix_at(const Array& operand, std::int64_t offset) {
  const std::size_t rank = operand.rank();
  return {operand.data<T>() + offset, operand.strides()[rank - 2], operand.strides()[rank - 1]};
}

/// out = start + a b for every matrix of the batch; `out` is contiguous.
template <class T>
void products(const Array& a, const Array& b, const Start<T>& start, const Array& out) {
  if (out.size() == 0) return;
  const std::size_t rank = out.rank();
  const std::int64_t m = out.shape()[rank - 2], n = out.shape()[rank - 1], k = a.shape()[a.rank() - 1];
  if (rank == 2) return gemm(m, n, k, matrix_at<T>(a, 0), matrix_at<T>(b, 0), start, out.data<T>());
  Shape batch;
  for (std::size_t axis = 0; axis + 2 < rank; ++axis) batch.push_back(out.shape()[axis]);
  for_each_row<3>(batch, {batch_steps(a, out), batch_steps(b, out), batch_steps(out, out)},
                  [&](const auto& offset, std::int64_t count, const auto& step) {
                    for (std::int64_t i = 0; i < count; ++i)
                      gemm(m, n, k, matrix_at<T>(a, offset[0] + i * step[0]), matrix_at<T>(b, offset[1] + i * step[1]),
                           start, out.data<T>() + offset[2] + i * step[2]);
                  });
}

}  // namespace

Array matmul(const Array& a, const Array& b) {
  Shape a_batch, b_batch;
  for (std::size_t axis = 0; axis + 2 < a.rank(); ++axis) a_batch.push_back(a.shape()[axis]);
  for (std::size_t axis = 0; axis + 2 < b.rank(); ++axis) b_batch.push_back(b.shape()[axis]);
  Shape shape = broadcast_shapes(a_batch, b_batch).value();
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
  dispatch_floating(total.dtype(), [&]<class T>() { products<T>(a, b, {total.data<T>(), total.shape()[1]}, total); });
}

}  // namespace xg::kernels
