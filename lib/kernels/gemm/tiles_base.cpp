#include "lib/kernels/gemm/tile.hpp"

namespace xg::kernels {

// For every processor that the library as a whole is compiled for.
const Tiles<float> base_tiles_float = make_tiles<float, 16, 6, 2>();
const Tiles<double> base_tiles_double = make_tiles<double, 16, 6, 2>();

}  // namespace xg::kernels
