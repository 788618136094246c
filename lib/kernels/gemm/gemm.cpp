#include "lib/kernels/gemm/gemm.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <type_traits>

#include "lib/kernels/gemm/tiles.hpp"
#include "lib/kernels/transpose.hpp"
#include "lib/parallel.hpp"

namespace xg::kernels {
namespace {

// Blocks, in elements, so that a packed block of a (rows x depth) stays in the second cache and one panel of b in the
// first (Goto and van de Geijn, Anatomy of high-performance matrix multiplication, 2008). A chain of additions is as
// long as a block is deep: its depth decides the bits.
constexpr std::int64_t depth_block = 256, row_block = 96, column_block = 1536;
constexpr std::int64_t page = 4096;

/// Memory that a thread keeps for packed blocks.
template <class T>
class Scratch {
 public:
  T* get(std::int64_t count) {
    if (count > capacity_) {
      data_.reset(static_cast<T*>(::operator new (static_cast<std::size_t>(count) * sizeof(T), std::align_val_t{64})));
      capacity_ = count;
    }
    return data_.get();
  }

 private:
  struct Free {
    void operator()(T* p) const { ::operator delete (p, std::align_val_t{64}); }
  };
  std::unique_ptr<T, Free> data_;
  std::int64_t capacity_ = 0;
};

/// Whether copies of a pay: where memory would be walked in steps that no cache line serves twice.
template <class T>
bool packs(const Matrix<T>& a, std::int64_t k, bool wide) {
  if (a.row_step != 1 && a.column_step != 1) return true;
  const std::int64_t step = a.row_step == 1 ? a.column_step : a.row_step;
  return wide && step * static_cast<std::int64_t>(sizeof(T)) >= page / 2 && k > 64;
}

template <class T>
bool packs(const Gathered<T>&, std::int64_t, bool) {
  return false;
}

/// The part of a matrix from a row and a column on.
template <class T>
Matrix<T> part(const Matrix<T>& a, std::int64_t row, std::int64_t column) {
  return {a.data + row * a.row_step + column * a.column_step, a.row_step, a.column_step};
}

template <class T>
Gathered<T> part(const Gathered<T>& a, std::int64_t row, std::int64_t column) {
  return {a.data, a.row + row, a.column + column};
}

/// Computes one tile.
template <class T>
void run_tile(const Tiles<T>& tile, std::int64_t rows, std::int64_t vectors, std::int64_t depth, const Matrix<T>& a,
              const Matrix<T>& b, const Start<T>& start, T* c, std::int64_t c_step, bool start_last) {
  const bool by_columns = a.row_step == 1;
  (by_columns ? tile.along_columns : tile.along_rows)[rows - 1][vectors - 1](
      depth, a.data, by_columns ? a.column_step : a.row_step, b.data, b.row_step, start.data, start.row_step, c, c_step,
      start_last);
}

template <class T>
void run_tile(const Tiles<T>& tile, std::int64_t rows, std::int64_t vectors, std::int64_t depth, const Gathered<T>& a,
              const Matrix<T>& b, const Start<T>& start, T* c, std::int64_t c_step, bool start_last) {
  tile.gathered[rows - 1][vectors - 1](depth, a.data, a.row, a.column, b.data, b.row_step, start.data, start.row_step,
                                       c, c_step, start_last);
}

/// `Left` is Matrix or Gathered.
template <class T, class Left>
struct Product {
  std::int64_t m, n, k;
  Left a;
  Matrix<T> b;
  Start<T> start;
  T* c;
  std::int64_t c_step;
  const Tiles<T>& tile = tiles<T>();

  std::int64_t panel() const { return tile.vectors * tile.lanes; }
  bool packs_a() const { return packs(a, k, n > 2 * panel()); }
  bool packs_b() const {
    return b.column_step != 1 || (m >= 8 * tile.rows && b.row_step * static_cast<std::int64_t>(sizeof(T)) >= page / 4);
  }

  /// How wide a panel that has so many columns lies in a packed block: whole vectors.
  std::int64_t packed_width(std::int64_t columns) const {
    return std::min(panel(), (columns + tile.lanes - 1) / tile.lanes * tile.lanes);
  }

  void compute(std::int64_t row_begin, std::int64_t row_end, std::int64_t column_begin, std::int64_t column_end) const;
  bool is_row(std::int64_t rows, std::int64_t columns) const;
  void compute_row(std::int64_t row, std::int64_t column_begin, std::int64_t column_end) const;
  void compute_block(std::int64_t rows_at, std::int64_t rows, std::int64_t columns_at, std::int64_t columns,
                     std::int64_t depth_at, std::int64_t depth, const T* packed_b) const;
  template <class Tile>
  void compute_tile(std::int64_t i, std::int64_t rows, std::int64_t j, std::int64_t columns, std::int64_t depth_at,
                    std::int64_t depth, const Tile& left, const Matrix<T>& right) const;
};

/// Rows of b [depth_at, + depth) as panels, one after the other, each row of the last filled up with zeros.
template <class T, class Left>
void pack_b(const Product<T, Left>& p, std::int64_t columns_at, std::int64_t columns, std::int64_t depth_at,
            std::int64_t depth, T* to) {
  for (std::int64_t j = 0; j < columns; j += p.panel()) {
    const std::int64_t count = std::min(p.panel(), columns - j), width = p.packed_width(count);
    const T* from = p.b.data + depth_at * p.b.row_step + (columns_at + j) * p.b.column_step;
    if (count < width) std::fill_n(to, depth * width, T{0});
    if (p.b.column_step == 1)
      for (std::int64_t k = 0; k < depth; ++k) std::copy_n(from + k * p.b.row_step, count, to + k * width);
    else
      transpose(count, depth, from, p.b.column_step, p.b.row_step, to, width);
    to += depth * width;
  }
}

/// Rows of a as tiles, one after the other, each column by column.
template <class T>
void pack_a(const Matrix<T>& a, std::int64_t height, std::int64_t rows, std::int64_t depth, T* to) {
  for (std::int64_t i = 0; i < rows; i += height) {
    const std::int64_t count = std::min(height, rows - i);
    const T* from = a.data + i * a.row_step;
    if (a.row_step == 1)
      for (std::int64_t k = 0; k < depth; ++k) std::copy_n(from + k * a.column_step, count, to + k * height);
    else
      transpose(count, depth, from, a.row_step, a.column_step, to, height);
    to += depth * height;
  }
}

template <class T, class Left>
void Product<T, Left>::compute(std::int64_t row_begin, std::int64_t row_end, std::int64_t column_begin,
                               std::int64_t column_end) const {
  if (is_row(row_end - row_begin, column_end - column_begin)) return compute_row(row_begin, column_begin, column_end);
  thread_local Scratch<T> scratch;
  const bool all = packs_b();
  for (std::int64_t j = column_begin; j < column_end; j += column_block) {
    const std::int64_t columns = std::min(column_block, column_end - j);
    // Of b that is read in place, only the last columns are copied: they fill no vector.
    const std::int64_t first = all ? 0 : columns / panel() * panel();
    const std::int64_t width = (columns - first + panel() - 1) / panel() * panel();
    // At least once: without depth the result is its start.
    for (std::int64_t p = 0; p == 0 || p < k; p += depth_block) {
      const std::int64_t depth = std::min(depth_block, k - p);
      T* packed = scratch.get(depth_block * width);
      pack_b(*this, j + first, columns - first, p, depth, packed);
      for (std::int64_t i = row_begin; i < row_end; i += row_block)
        compute_block(i, std::min(row_block, row_end - i), j, columns, p, depth, packed);
    }
  }
}

/// Whether it is one row, of b as it lies: every number of b is used once.
template <class T, class Left>
bool Product<T, Left>::is_row(std::int64_t rows, std::int64_t columns) const {
  if constexpr (std::is_same_v<Left, Matrix<T>>)
    return rows == 1 && a.column_step == 1 && b.column_step == 1 && columns >= tile.lanes && start.data != c;
  return false;
}

/// In panels of about as many vectors. Where the last columns fill no vector, their panel begins with some of those
/// before, whose sums are made again.
template <class T, class Left>
void Product<T, Left>::compute_row(std::int64_t row, std::int64_t column_begin, std::int64_t column_end) const {
  if constexpr (std::is_same_v<Left, Matrix<T>>) {
    const std::int64_t columns = column_end - column_begin, vectors = (columns + tile.lanes - 1) / tile.lanes;
    const std::int64_t least = columns % tile.lanes > 0 ? 2 : 1, most = Tiles<T>::row_vectors;
    const std::int64_t panels = std::max(least, (vectors + most - 1) / most);
    for (std::int64_t i = 0; i < panels; ++i) {
      const std::int64_t first = i * vectors / panels, count = (i + 1) * vectors / panels - first;
      const std::int64_t j = std::min(column_begin + first * tile.lanes, column_end - count * tile.lanes);
      T* const to = c + row * c_step + j;
      const T* from = start.data ? start.data + row * start.row_step + j : nullptr;
      for (std::int64_t p = 0; p == 0 || p < k; p += depth_block, from = to)
        tile.row[count - 1](std::min(depth_block, k - p), a.data + row * a.row_step + p, 0, b.data + p * b.row_step + j,
                            b.row_step, from, 0, to, 0, p > 0);
    }
  }
}

template <class T, class Left>
void Product<T, Left>::compute_block(std::int64_t rows_at, std::int64_t rows, std::int64_t columns_at,
                                     std::int64_t columns, std::int64_t depth_at, std::int64_t depth,
                                     const T* packed_b) const {
  thread_local Scratch<T> scratch;
  const bool a_packed = packs_a(), b_packed = packs_b();
  const T* packed_a = nullptr;
  if constexpr (std::is_same_v<Left, Matrix<T>>)
    if (a_packed) {
      T* block = scratch.get((row_block + Tiles<T>::most_rows) * depth_block);
      pack_a(part(a, rows_at, depth_at), tile.rows, rows, depth, block);
      packed_a = block;
    }
  for (std::int64_t j = 0; j < columns; j += panel()) {
    const std::int64_t width = std::min(panel(), columns - j);
    Matrix<T> right{b.data + depth_at * b.row_step + columns_at + j, b.row_step, 1};
    if (b_packed || width < panel()) right = {packed_b + (b_packed ? j * depth : 0), packed_width(width), 1};
    for (std::int64_t i = 0; i < rows; i += tile.rows) {
      const std::int64_t height = std::min<std::int64_t>(tile.rows, rows - i);
      if (packed_a)
        compute_tile(rows_at + i, height, columns_at + j, width, depth_at, depth,
                     Matrix<T>{packed_a + i * depth, 1, tile.rows}, right);
      else
        compute_tile(rows_at + i, height, columns_at + j, width, depth_at, depth, part(a, rows_at + i, depth_at),
                     right);
    }
  }
}

template <class T, class Left>
template <class Tile>
void Product<T, Left>::compute_tile(std::int64_t i, std::int64_t rows, std::int64_t j, std::int64_t columns,
                                    std::int64_t depth_at, std::int64_t depth, const Tile& left,
                                    const Matrix<T>& right) const {
  const std::int64_t vectors = (columns + tile.lanes - 1) / tile.lanes;
  T* const to = c + i * c_step + j;
  const bool start_last = depth_at > 0 || start.data == c;
  const Start<T> from = start_last   ? Start<T>{to, c_step}
                        : start.data ? Start<T>{start.data + i * start.row_step + j, start.row_step}
                                     : start;
  if (columns == vectors * tile.lanes)
    return run_tile(tile, rows, vectors, depth, left, right, from, to, c_step, start_last);
  // The last vector is not full: by way of a tile of its own.
  constexpr std::int64_t most = Tiles<T>::most_vectors * 64 / static_cast<std::int64_t>(sizeof(T));
  T whole[Tiles<T>::most_rows * most] = {};
  if (from.data)
    for (std::int64_t row = 0; row < rows; ++row)
      std::copy_n(from.data + row * from.row_step, columns, whole + row * most);
  run_tile(tile, rows, vectors, depth, left, right, {whole, most}, whole, most, start_last);
  for (std::int64_t row = 0; row < rows; ++row) std::copy_n(whole + row * most, columns, to + row * c_step);
}

template <class T, class Left>
void multiply(const Product<T, Left>& product) {
  const std::int64_t m = product.m, n = product.n;
  if (m == 0 || n == 0) return;
  // A multiply-add costs a fraction of what an elementary operation does elsewhere.
  const double operations = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(product.k) / 2;
  if (n >= m)
    parallel_for(n, product.tile.lanes, operations,
                 [&](std::int64_t begin, std::int64_t end) { product.compute(0, m, begin, end); });
  else
    parallel_for(m, product.tile.rows, operations,
                 [&](std::int64_t begin, std::int64_t end) { product.compute(begin, end, 0, n); });
}

}  // namespace

template <class T>
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const Matrix<T>& a, const Matrix<T>& b, const Start<T>& start,
          T* c) {
  multiply(Product<T, Matrix<T>>{m, n, k, a, b, start, c, n});
}

template <class T>
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const Gathered<T>& a, const Matrix<T>& b,
          const Start<T>& start, T* c, std::int64_t c_step) {
  multiply(Product<T, Gathered<T>>{m, n, k, a, b, start, c, c_step});
}

template void gemm(std::int64_t, std::int64_t, std::int64_t, const Matrix<float>&, const Matrix<float>&,
                   const Start<float>&, float*);
template void gemm(std::int64_t, std::int64_t, std::int64_t, const Matrix<double>&, const Matrix<double>&,
                   const Start<double>&, double*);
template void gemm(std::int64_t, std::int64_t, std::int64_t, const Gathered<float>&, const Matrix<float>&,
                   const Start<float>&, float*, std::int64_t);
template void gemm(std::int64_t, std::int64_t, std::int64_t, const Gathered<double>&, const Matrix<double>&,
                   const Start<double>&, double*, std::int64_t);

}  // namespace xg::kernels
