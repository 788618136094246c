#include "lib/kernels/gemm/gemm.hpp"

#include <algorithm>
#include <memory>
#include <new>

#include "lib/kernels/gemm/tiles.hpp"
#include "lib/kernels/transpose.hpp"
#include "lib/parallel.hpp"

namespace xg::kernels {
namespace {

// Blocks, in elements, so that a packed block of a (rows x depth) stays in the second cache and one panel of b in the
// first (Goto and van de Geijn, Anatomy of high-performance matrix multiplication, 2008).
constexpr std::int64_t depth_block = 256, row_block = 96, column_block = 1536;
/// The depth where nothing is packed but the last columns.
constexpr std::int64_t long_depth_block = 1024;
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

template <class T>
struct Product {
  std::int64_t m, n, k;
  Matrix<T> a, b;
  Start<T> start;
  T* c;
  const Tiles<T>& tile = tiles<T>();

  std::int64_t panel() const { return tile.vectors * tile.lanes; }
  /// Copies pay where memory would be walked in steps that no cache line serves twice.
  bool packs_a() const {
    if (a.row_step != 1 && a.column_step != 1) return true;
    const std::int64_t step = a.row_step == 1 ? a.column_step : a.row_step;
    return n > 2 * panel() && step * static_cast<std::int64_t>(sizeof(T)) >= page / 2 && k > 64;
  }
  bool packs_b() const {
    return b.column_step != 1 || (m >= 8 * tile.rows && b.row_step * static_cast<std::int64_t>(sizeof(T)) >= page / 4);
  }

  void compute(std::int64_t row_begin, std::int64_t row_end, std::int64_t column_begin, std::int64_t column_end) const;
  void compute_block(std::int64_t rows_at, std::int64_t rows, std::int64_t columns_at, std::int64_t columns,
                     std::int64_t depth_at, std::int64_t depth, const T* packed_b) const;
  void compute_tile(std::int64_t i, std::int64_t rows, std::int64_t j, std::int64_t columns, std::int64_t depth_at,
                    std::int64_t depth, const Matrix<T>& left, const Matrix<T>& right) const;
};

/// Rows of b [depth_at, + depth) as panels, one after the other, each row of a panel filled up with zeros.
template <class T>
void pack_b(const Product<T>& p, std::int64_t columns_at, std::int64_t columns, std::int64_t depth_at,
            std::int64_t depth, T* to) {
  const std::int64_t width = p.panel();
  for (std::int64_t j = 0; j < columns; j += width) {
    const std::int64_t count = std::min(width, columns - j);
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
void pack_a(const Product<T>& p, std::int64_t rows_at, std::int64_t rows, std::int64_t depth_at, std::int64_t depth,
            T* to) {
  const std::int64_t height = p.tile.rows;
  for (std::int64_t i = 0; i < rows; i += height) {
    const std::int64_t count = std::min(height, rows - i);
    const T* from = p.a.data + (rows_at + i) * p.a.row_step + depth_at * p.a.column_step;
    if (p.a.row_step == 1)
      for (std::int64_t k = 0; k < depth; ++k) std::copy_n(from + k * p.a.column_step, count, to + k * height);
    else
      transpose(count, depth, from, p.a.row_step, p.a.column_step, to, height);
    to += depth * height;
  }
}

template <class T>
void Product<T>::compute(std::int64_t row_begin, std::int64_t row_end, std::int64_t column_begin,
                         std::int64_t column_end) const {
  thread_local Scratch<T> scratch;
  const bool all = packs_b();
  const std::int64_t most_depth = all || packs_a() ? depth_block : long_depth_block;
  for (std::int64_t j = column_begin; j < column_end; j += column_block) {
    const std::int64_t columns = std::min(column_block, column_end - j);
    // Of b that is read in place, only the last columns are copied: they fill no vector.
    const std::int64_t first = all ? 0 : columns / panel() * panel();
    const std::int64_t width = (columns - first + panel() - 1) / panel() * panel();
    // At least once: without depth the result is its start.
    for (std::int64_t p = 0; p == 0 || p < k; p += most_depth) {
      const std::int64_t depth = std::min(most_depth, k - p);
      T* packed = scratch.get(most_depth * width);
      pack_b(*this, j + first, columns - first, p, depth, packed);
      for (std::int64_t i = row_begin; i < row_end; i += row_block)
        compute_block(i, std::min(row_block, row_end - i), j, columns, p, depth, packed);
    }
  }
}

template <class T>
void Product<T>::compute_block(std::int64_t rows_at, std::int64_t rows, std::int64_t columns_at, std::int64_t columns,
                               std::int64_t depth_at, std::int64_t depth, const T* packed_b) const {
  thread_local Scratch<T> scratch;
  const bool a_packed = packs_a(), b_packed = packs_b();
  const T* packed_a = nullptr;
  if (a_packed) {
    T* block = scratch.get((row_block + Tiles<T>::most_rows) * depth_block);
    pack_a(*this, rows_at, rows, depth_at, depth, block);
    packed_a = block;
  }
  for (std::int64_t j = 0; j < columns; j += panel()) {
    const std::int64_t width = std::min(panel(), columns - j);
    Matrix<T> right{b.data + depth_at * b.row_step + columns_at + j, b.row_step, 1};
    if (b_packed || width < panel()) right = {packed_b + (b_packed ? j * depth : 0), panel(), 1};
    for (std::int64_t i = 0; i < rows; i += tile.rows) {
      Matrix<T> left{a.data + (rows_at + i) * a.row_step + depth_at * a.column_step, a.row_step, a.column_step};
      if (a_packed) left = {packed_a + i * depth, 1, tile.rows};
      compute_tile(rows_at + i, std::min<std::int64_t>(tile.rows, rows - i), columns_at + j, width, depth_at, depth,
                   left, right);
    }
  }
}

template <class T>
void Product<T>::compute_tile(std::int64_t i, std::int64_t rows, std::int64_t j, std::int64_t columns,
                              std::int64_t depth_at, std::int64_t depth, const Matrix<T>& left,
                              const Matrix<T>& right) const {
  const std::int64_t vectors = (columns + tile.lanes - 1) / tile.lanes;
  const bool by_columns = left.row_step == 1;
  const Tile<T> run = (by_columns ? tile.along_columns : tile.along_rows)[rows - 1][vectors - 1];
  const std::int64_t a_step = by_columns ? left.column_step : left.row_step;
  T* const to = c + i * n + j;
  const Start<T> from = depth_at > 0 ? Start<T>{to, n}
                        : start.data ? Start<T>{start.data + i * start.row_step + j, start.row_step}
                                     : start;
  if (columns == vectors * tile.lanes)
    return run(depth, left.data, a_step, right.data, right.row_step, from.data, from.row_step, to, n);
  // The last vector is not full: by way of a tile of its own.
  constexpr std::int64_t most = Tiles<T>::most_vectors * 64 / static_cast<std::int64_t>(sizeof(T));
  T whole[Tiles<T>::most_rows * most] = {};
  if (from.data)
    for (std::int64_t row = 0; row < rows; ++row)
      std::copy_n(from.data + row * from.row_step, columns, whole + row * most);
  run(depth, left.data, a_step, right.data, right.row_step, whole, most, whole, most);
  for (std::int64_t row = 0; row < rows; ++row) std::copy_n(whole + row * most, columns, to + row * n);
}

}  // namespace

template <class T>
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const Matrix<T>& a, const Matrix<T>& b, const Start<T>& start,
          T* c) {
  if (m == 0 || n == 0) return;
  const Product<T> product{m, n, k, a, b, start, c};
  // A multiply-add costs a fraction of what an elementary operation does elsewhere.
  const double operations = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) / 2;
  if (n >= m)
    parallel_for(n, product.tile.lanes, operations,
                 [&](std::int64_t begin, std::int64_t end) { product.compute(0, m, begin, end); });
  else
    parallel_for(m, product.tile.rows, operations,
                 [&](std::int64_t begin, std::int64_t end) { product.compute(begin, end, 0, n); });
}

template void gemm(std::int64_t, std::int64_t, std::int64_t, const Matrix<float>&, const Matrix<float>&,
                   const Start<float>&, float*);
template void gemm(std::int64_t, std::int64_t, std::int64_t, const Matrix<double>&, const Matrix<double>&,
                   const Start<double>&, double*);

}  // namespace xg::kernels
