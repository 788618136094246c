#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/array.hpp"

namespace xg::kernels {

/// The iteration space that N strided operands share: axes of extent 1 are dropped and neighbours merged where every
/// operand allows it, so that contiguous operands become one long row.
template <std::size_t N>
struct Space {
  std::size_t rank = 0;
  std::array<std::int64_t, Shape::max_rank> extent{};
  std::array<std::array<std::int64_t, Shape::max_rank>, N> stride{};
};

template <std::size_t N>
Space<N> shared_space(const Shape& shape, const std::array<Strides, N>& strides) {
  Space<N> space;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    bool merges = space.rank > 0;
    for (std::size_t n = 0; merges && n < N; ++n)
      merges = space.stride[n][space.rank - 1] == strides[n][axis] * shape[axis];
    if (!merges) space.extent[space.rank++] = 1;
    space.extent[space.rank - 1] *= shape[axis];
    for (std::size_t n = 0; n < N; ++n) space.stride[n][space.rank - 1] = strides[n][axis];
  }
  if (space.rank == 0) space.extent[space.rank++] = 1;
  return space;
}

/// Calls `row(offsets, count, steps)` for every innermost row: where each operand's row starts, how many elements it
/// has, and how far apart they are.
template <std::size_t N, class Row>
void for_each_row(const Shape& shape, const std::array<Strides, N>& strides, Row row) {
  for (std::size_t axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] == 0) return;
  const Space<N> space = shared_space<N>(shape, strides);
  const std::size_t inner = space.rank - 1;
  std::array<std::int64_t, N> offset{}, step{};
  for (std::size_t n = 0; n < N; ++n) step[n] = space.stride[n][inner];
  std::array<std::int64_t, Shape::max_rank> index{};
  while (true) {
    row(offset, space.extent[inner], step);
    std::size_t axis = inner;
    while (axis-- > 0) {
      for (std::size_t n = 0; n < N; ++n) offset[n] += space.stride[n][axis];
      if (++index[axis] < space.extent[axis]) break;
      for (std::size_t n = 0; n < N; ++n) offset[n] -= space.stride[n][axis] * space.extent[axis];
      index[axis] = 0;
    }
    if (axis == static_cast<std::size_t>(-1)) return;
  }
}

}  // namespace xg::kernels
