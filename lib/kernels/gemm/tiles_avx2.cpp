#include "lib/kernels/gemm/tile.hpp"

namespace xg::kernels {

// 12 of the 16 registers hold sums.
const Tiles<float> avx2_tiles_float = make_tiles<float, 32, 6, 2>();
const Tiles<double> avx2_tiles_double = make_tiles<double, 32, 6, 2>();

}  // namespace xg::kernels
