#include "lib/kernels/gemm/tiles.hpp"

namespace xg::kernels {

#ifdef __x86_64__
namespace {

bool has_avx512() {
  return __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

}  // namespace

template <>
const Tiles<float>& tiles() {
  static const auto& best = has_avx512() ? avx512_tiles_float : has_avx2() ? avx2_tiles_float : base_tiles_float;
  return best;
}

template <>
const Tiles<double>& tiles() {
  static const auto& best = has_avx512() ? avx512_tiles_double : has_avx2() ? avx2_tiles_double : base_tiles_double;
  return best;
}
#else
template <>
const Tiles<float>& tiles() {
  return base_tiles_float;
}

template <>
const Tiles<double>& tiles() {
  return base_tiles_double;
}
#endif

}  // namespace xg::kernels
