#pragma once

#include <xtensor/xadapt.hpp>
#include <xtensor/xnoalias.hpp>

#include <array>

#include "lib/array.hpp"

namespace xg::kernels {

/// How many elements fill a 64-byte vector. Elements are computed in whole vectors: the storage's padding goes along,
/// and threads' parts are cut between vectors, so that no element takes a scalar path, whose exp and tanh differ in the
/// last bit.
template <class T>
constexpr std::int64_t lanes = 64 / static_cast<std::int64_t>(sizeof(T));

/// The elements [begin, end) of a contiguous array as an xtensor expression, rounded up to whole vectors.
template <class T>
auto flat(const Array& array, std::int64_t begin, std::int64_t end) {
  const auto padded = static_cast<std::size_t>((end - begin + lanes<T> - 1) / lanes<T> * lanes<T>);
  return xt::adapt(array.data<T>() + begin, padded, xt::no_ownership(), std::array<std::size_t, 1>{padded});
}

}  // namespace xg::kernels
