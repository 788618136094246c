#pragma once

#include <cstddef>
#include <utility>

#include "lib/kernels/gemm/tiles.hpp"

// Included by one source file for each instruction set. Everything here has internal linkage: code for one processor
// must not be merged with that for another.
namespace xg::kernels {
namespace {

template <class T, int bytes>
struct Vector {
  typedef T type __attribute__((vector_size(bytes), aligned(alignof(T)), may_alias));
};

template <class T, int bytes, int rows, int vectors, bool along_rows>
void tile(std::int64_t k, const T* a, std::int64_t a_step, const T* b, std::int64_t b_step, const T* start,
          std::int64_t start_step, T* c, std::int64_t c_step) {
  using V = typename Vector<T, bytes>::type;
  constexpr int lanes = bytes / static_cast<int>(sizeof(T));
  V sums[rows][vectors];
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j)
      sums[i][j] = start ? *reinterpret_cast<const V*>(start + i * start_step + j * lanes) : V{};
  for (std::int64_t p = 0; p < k; ++p) {
    V row[vectors];
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) row[j] = *reinterpret_cast<const V*>(b + j * lanes);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      const T factor = along_rows ? a[i * a_step] : a[i];
#pragma GCC unroll 8
      for (int j = 0; j < vectors; ++j) sums[i][j] += factor * row[j];
    }
    a += along_rows ? 1 : a_step;
    b += b_step;
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) *reinterpret_cast<V*>(c + i * c_step + j * lanes) = sums[i][j];
}

/// All tiles up to that size.
template <class T, int bytes, int rows, int vectors>
constexpr Tiles<T> make_tiles() {
  Tiles<T> made{rows, vectors, bytes / static_cast<int>(sizeof(T)), {}, {}};
  const auto fill_row = [&]<int i, int... j>(std::integral_constant<int, i>, std::integer_sequence<int, j...>) {
    ((made.along_rows[i][j] = tile<T, bytes, i + 1, j + 1, true>), ...);
    ((made.along_columns[i][j] = tile<T, bytes, i + 1, j + 1, false>), ...);
  };
  [&]<int... i>(std::integer_sequence<int, i...>) {
    (fill_row(std::integral_constant<int, i>(), std::make_integer_sequence<int, vectors>()), ...);
  }
  (std::make_integer_sequence<int, rows>());
  return made;
}

}  // namespace
}  // namespace xg::kernels
