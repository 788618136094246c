#pragma once

#include <cstdint>
#include <type_traits>

namespace xg::kernels {

/// A square of elements that fills as many vectors of 32 bytes as such a vector has lanes.
template <class T>
struct Square {
  static constexpr int lanes = 32 / static_cast<int>(sizeof(T));
  using Index = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  typedef T Vector __attribute__((vector_size(32), aligned(alignof(T)), may_alias));
  typedef Index Mask __attribute__((vector_size(32)));

  Vector rows[lanes];

  /// Exchanges the off-diagonal halves of squares of twice `half`.
  template <int half>
  void exchange() {
    Mask upper, lower;
    for (int lane = 0; lane < lanes; ++lane) {
      upper[lane] = static_cast<Index>(lane & half ? lanes + lane - half : lane);
      lower[lane] = static_cast<Index>(lane & half ? lanes + lane : lane + half);
    }
#pragma GCC unroll 8
    for (int i = 0; i < lanes; ++i) {
      if (i & half) continue;
      const Vector a = rows[i], b = rows[i + half];
      rows[i] = __builtin_shuffle(a, b, upper);
      rows[i + half] = __builtin_shuffle(a, b, lower);
    }
  }
};

/// to[k, i] = from[i, k] for i < rows and k < columns; rows of `to` lie side by side.
template <class T>
void transpose(std::int64_t rows, std::int64_t columns, const T* from, std::int64_t row_step, std::int64_t column_step,
               T* to, std::int64_t to_step) {
  constexpr int lanes = Square<T>::lanes;
  using Vector = typename Square<T>::Vector;
  std::int64_t whole_rows = 0, whole_columns = 0;
  if (column_step == 1) {
    whole_rows = rows / lanes * lanes;
    whole_columns = columns / lanes * lanes;
  }
  for (std::int64_t k = 0; k < whole_columns; k += lanes)
    for (std::int64_t i = 0; i < whole_rows; i += lanes) {
      Square<T> square;
#pragma GCC unroll 8
      for (int row = 0; row < lanes; ++row)
        square.rows[row] = *reinterpret_cast<const Vector*>(from + (i + row) * row_step + k);
      square.template exchange<1>();
      square.template exchange<2>();
      if constexpr (lanes == 8) square.template exchange<4>();
#pragma GCC unroll 8
      for (int row = 0; row < lanes; ++row) *reinterpret_cast<Vector*>(to + (k + row) * to_step + i) = square.rows[row];
    }
  const auto rest = [&](std::int64_t first_row, std::int64_t first_column, std::int64_t last_column) {
    for (std::int64_t k = first_column; k < last_column; ++k)
      for (std::int64_t i = first_row; i < rows; ++i) to[k * to_step + i] = from[i * row_step + k * column_step];
  };
  rest(whole_rows, 0, whole_columns);
  rest(0, whole_columns, columns);
}

}  // namespace xg::kernels
