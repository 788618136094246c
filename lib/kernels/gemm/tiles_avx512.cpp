#include "lib/kernels/gemm/tile.hpp"

namespace xg::kernels {

// 24 of the 32 registers hold sums.
const Tiles<float> avx512_tiles_float = make_tiles<float, 64, 8, 3>();
const Tiles<double> avx512_tiles_double = make_tiles<double, 64, 8, 3>();

}  // namespace xg::kernels
