#include "lib/kernels/matmul.hpp"

#include <cblas.h>

#include <algorithm>
#include <limits>

#include "lib/kernels/loops.hpp"
#include "lib/kernels/one_thread.hpp"

namespace xg::kernels {
namespace {

/// A matrix as BLAS takes it: rows with a leading dimension, read along or across.
struct Operand {
  Array array;
  CBLAS_TRANSPOSE transpose;
  int leading;
};

int to_int(std::int64_t value) {
  if (value > std::numeric_limits<int>::max())
    throw ShapeError(concat("matmul: an extent of ", value, " is too large"));
  return static_cast<int>(value);
}

/// Finds the layout in the last two strides; a copy only where neither axis is contiguous.
Operand as_operand(const Array& matrix) {
  const std::size_t rank = matrix.rank();
  const std::int64_t rows = matrix.shape()[rank - 2], columns = matrix.shape()[rank - 1];
  const std::int64_t row_step = matrix.strides()[rank - 2], column_step = matrix.strides()[rank - 1];
  if ((column_step == 1 || columns == 1) && (row_step >= std::max<std::int64_t>(columns, 1) || rows == 1))
    return {matrix, CblasNoTrans, to_int(rows == 1 ? std::max<std::int64_t>(columns, 1) : row_step)};
  if ((row_step == 1 || rows == 1) && (column_step >= std::max<std::int64_t>(rows, 1) || columns == 1))
    return {matrix, CblasTrans, to_int(columns == 1 ? std::max<std::int64_t>(rows, 1) : column_step)};
  return {matrix.clone(), CblasNoTrans, to_int(std::max<std::int64_t>(columns, 1))};
}

void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const float* a, int lda, const float* b, int ldb,
          float beta, float* c, int ldc) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const double* a, int lda, const double* b,
          int ldb, double beta, double* c, int ldc) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

/// out = a b + beta out for every matrix of the batch; `out` is contiguous. The only way to BLAS.
template <class T>
void products(const Array& a, const Array& b, T beta, const Array& out) {
  const std::size_t rank = out.rank();
  const int m = to_int(out.shape()[rank - 2]), n = to_int(out.shape()[rank - 1]), k = to_int(a.shape()[a.rank() - 1]);
  if (out.size() == 0) return;
  if (k == 0) {
    if (beta == T{0}) std::fill_n(out.data<T>(), out.size(), T{0});
    return;
  }
  const Operand left = as_operand(a), right = as_operand(b);
  Shape batch, a_steps, b_steps, out_steps;
  const auto batch_steps = [&](const Array& operand) {
    Shape shape = out.shape();
    shape[rank - 2] = operand.shape()[operand.rank() - 2];
    shape[rank - 1] = operand.shape()[operand.rank() - 1];
    const Strides strides = operand.broadcast_to(shape).strides();
    Strides steps;
    for (std::size_t axis = 0; axis + 2 < rank; ++axis) steps.push_back(strides[axis]);
    return steps;
  };
  for (std::size_t axis = 0; axis + 2 < rank; ++axis) batch.push_back(out.shape()[axis]);
  const OneThread one_thread;
  for_each_row<3>(batch, {batch_steps(left.array), batch_steps(right.array), batch_steps(out)},
                  [&](const auto& offset, std::int64_t count, const auto& step) {
                    for (std::int64_t i = 0; i < count; ++i)
                      gemm(left.transpose, right.transpose, m, n, k, left.array.data<T>() + offset[0] + i * step[0],
                           left.leading, right.array.data<T>() + offset[1] + i * step[1], right.leading, beta,
                           out.data<T>() + offset[2] + i * step[2], n);
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
  dispatch_floating(a.dtype(), [&]<class T>() { products<T>(a, b, T{0}, out); });
  return out;
}

Array affine(const Array& x, const Array& w, const Array& bias) {
  const std::int64_t rows = x.shape()[0], columns = w.shape()[1];
  const Array out = Array::empty({rows, columns}, x.dtype());
  const Array row = bias.contiguous();
  dispatch_floating(x.dtype(), [&]<class T>() {
    for (std::int64_t i = 0; i < rows; ++i) std::copy_n(row.data<T>(), columns, out.data<T>() + i * columns);
    products<T>(x, w, T{1}, out);
  });
  return out;
}

void matmul_into(Array& total, const Array& a, const Array& b) {
  dispatch_floating(total.dtype(), [&]<class T>() { products<T>(a, b, T{1}, total); });
}

}  // namespace xg::kernels
