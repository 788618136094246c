#pragma once

#include <xtensor/xadapt.hpp>
#include <xtensor/xnoalias.hpp>

#include <array>

#include "lib/array.hpp"

namespace xg::kernels {

/// A contiguous array as a one-dimensional xtensor expression, rounded up to whole 64-byte vectors: the storage's padding
/// is computed along, so that no element takes a scalar path, whose exp and tanh differ in the last bit.
template <class T>
auto flat(const Array& array) {
  constexpr std::size_t lanes = 64 / sizeof(T);
  const std::size_t padded = (static_cast<std::size_t>(array.size()) + lanes - 1) / lanes * lanes;
  return xt::adapt(array.data<T>(), padded, xt::no_ownership(), std::array<std::size_t, 1>{padded});
}

}  // namespace xg::kernels
