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

/// c = start + the sum over p of a's column p times b's row p, where `factor(p)(i)` is a's element.
template <class T, int bytes, int rows, int vectors, class Factor>
[[gnu::always_inline]] inline void add_products(std::int64_t k, Factor factor, const T* b, std::int64_t b_step,
                                                const T* start, std::int64_t start_step, T* c, std::int64_t c_step,
                                                bool start_last) {
  using V = typename Vector<T, bytes>::type;
  constexpr int lanes = bytes / static_cast<int>(sizeof(T));
  const auto start_of = [&](int i, int j) { return *reinterpret_cast<const V*>(start + i * start_step + j * lanes); };
  V sums[rows][vectors];
  const bool start_first = start && !start_last;
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 12
    for (int j = 0; j < vectors; ++j) sums[i][j] = start_first ? start_of(i, j) : V{};
  for (std::int64_t p = 0; p < k; ++p) {
    V row[vectors];
#pragma GCC unroll 12
    for (int j = 0; j < vectors; ++j) row[j] = *reinterpret_cast<const V*>(b + j * lanes);
    const auto of_row = factor(p);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      const T element = of_row(i);
#pragma GCC unroll 12
      for (int j = 0; j < vectors; ++j) sums[i][j] += element * row[j];
    }
    b += b_step;
  }
  if (start_last)
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 12
      for (int j = 0; j < vectors; ++j) sums[i][j] += start_of(i, j);
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 12
    for (int j = 0; j < vectors; ++j) *reinterpret_cast<V*>(c + i * c_step + j * lanes) = sums[i][j];
}

template <class T, int bytes, int rows, int vectors, bool along_rows>
void tile(std::int64_t k, const T* a, std::int64_t a_step, const T* b, std::int64_t b_step, const T* start,
          std::int64_t start_step, T* c, std::int64_t c_step, bool start_last) {
  const auto factor = [&](std::int64_t p) {
    return [at = along_rows ? a + p : a + p * a_step, a_step](int i) { return along_rows ? at[i * a_step] : at[i]; };
  };
  add_products<T, bytes, rows, vectors>(k, factor, b, b_step, start, start_step, c, c_step, start_last);
}

template <class T, int bytes, int rows, int vectors>
void gathered_tile(std::int64_t k, const T* a, const std::int64_t* row, const std::int64_t* column, const T* b,
                   std::int64_t b_step, const T* start, std::int64_t start_step, T* c, std::int64_t c_step,
                   bool start_last) {
  const T* at[rows];
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) at[i] = a + row[i];
  const auto factor = [&](std::int64_t p) { return [&at, offset = column[p]](int i) { return at[i][offset]; }; };
  add_products<T, bytes, rows, vectors>(k, factor, b, b_step, start, start_step, c, c_step, start_last);
}

/// All tiles up to that size.
template <class T, int bytes, int rows, int vectors>
constexpr Tiles<T> make_tiles() {
  Tiles<T> made{rows, vectors, bytes / static_cast<int>(sizeof(T)), {}, {}, {}, {}};
  const auto fill_row = [&]<int i, int... j>(std::integral_constant<int, i>, std::integer_sequence<int, j...>) {
    ((made.along_rows[i][j] = tile<T, bytes, i + 1, j + 1, true>), ...);
    ((made.along_columns[i][j] = tile<T, bytes, i + 1, j + 1, false>), ...);
    ((made.gathered[i][j] = gathered_tile<T, bytes, i + 1, j + 1>), ...);
  };
  [&]<int... i>(std::integer_sequence<int, i...>) {
    (fill_row(std::integral_constant<int, i>(), std::make_integer_sequence<int, vectors>()), ...);
  }
  (std::make_integer_sequence<int, rows>());
  [&]<int... j>(std::integer_sequence<int, j...>) { ((made.row[j] = tile<T, bytes, 1, j + 1, true>), ...); }
  (std::make_integer_sequence<int, Tiles<T>::row_vectors>());
  return made;
}

}  // namespace
}  // namespace xg::kernels
