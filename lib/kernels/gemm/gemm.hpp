#pragma once

#include <cstdint>

namespace xg::kernels {

/// A matrix somewhere in memory; steps are in elements, of any sign and size.
template <class T>
struct Matrix {
  const T* data;
  std::int64_t row_step, column_step;
};

/// A matrix whose elements lie anywhere: (i, p) at data[row[i] + column[p]]. Convolutions are products of such ones.
template <class T>
struct Gathered {
  const T* data;
  const std::int64_t *row, *column;
};

/// What a product is added to: nothing, or a matrix with rows side by side (`row_step` 0: the same row for all).
template <class T>
struct Start {
  const T* data = nullptr;
  std::int64_t row_step = 0;
};

/// c = start + a b for a (m, k), b (k, n) and c (m, n) with c's rows side by side. Each element is added up in the
/// order of k, in blocks of 256: one chain from the start for the first, one for each of the others, whose sums are
/// added to it. So the error grows with a block's length and the number of blocks, and the bits are the same for any
/// number of threads, rows and columns. `start` may be c itself, to which the first block's sum is then added like the
/// others; a and b must not overlap c.
template <class T>
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const Matrix<T>& a, const Matrix<T>& b, const Start<T>& start,
          T* c);

/// The same for a gathered a, and a c whose rows are `c_step` apart.
template <class T>
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const Gathered<T>& a, const Matrix<T>& b,
          const Start<T>& start, T* c, std::int64_t c_step);

}  // namespace xg::kernels
