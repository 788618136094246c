#pragma once

#include <cstdint>

namespace xg::kernels {

/// Computes a tile of a product in registers: c = start + a b, or c += start + a b if it `adds`, for some rows and
/// whole vectors of columns. Every element is one chain of additions in the order of k, so its bits do not depend on
/// the tile it lies in, nor on the width of a vector. `start` is null for zeros.
template <class T>
using Tile = void (*)(std::int64_t k, const T* a, std::int64_t a_step, const T* b, std::int64_t b_step, const T* start,
                      std::int64_t start_step, T* c, std::int64_t c_step, bool start_last);

/// The same for elements of a at a[row[i] + column[p]].
template <class T>
using GatheredTile = void (*)(std::int64_t k, const T* a, const std::int64_t* row, const std::int64_t* column,
                              const T* b, std::int64_t b_step, const T* start, std::int64_t start_step, T* c,
                              std::int64_t c_step, bool start_last);

/// The tiles of one instruction set.
template <class T>
struct Tiles {
  static constexpr int most_rows = 8, most_vectors = 3, row_vectors = 12;

  int rows, vectors;  ///< the largest tile: as many as the registers hold
  int lanes;          ///< elements of a vector
  /// [rows - 1][vectors - 1]: a's elements of one row lie side by side, `a_step` is the step from row to row.
  Tile<T> along_rows[most_rows][most_vectors];
  /// The same, but a's elements of one column lie side by side, `a_step` is the step from column to column.
  Tile<T> along_columns[most_rows][most_vectors];
  GatheredTile<T> gathered[most_rows][most_vectors];
  /// [vectors - 1]: of one row, as wide as many chains of additions must be for none to wait for another.
  Tile<T> row[row_vectors];
};

/// The best ones for this processor.
template <class T>
const Tiles<T>& tiles();

extern const Tiles<float> base_tiles_float;
extern const Tiles<double> base_tiles_double;
#ifdef __x86_64__
extern const Tiles<float> avx2_tiles_float, avx512_tiles_float;
extern const Tiles<double> avx2_tiles_double, avx512_tiles_double;
#endif

}  // namespace xg::kernels
