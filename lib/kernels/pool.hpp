#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "lib/array.hpp"

namespace xg::kernels {

/// The windows along an axis, one for every position of the output; one of one element unless they are set. The caller
/// has checked that none is empty and that nothing overflows.
struct AxisWindows {
  std::int64_t extent = 1, count = 1;             // of the input and of the output
  std::int64_t size = 1, stride = 1, before = 0;  // of windows at equal distances, the first one `before` outside
  bool even = false;                              // they share the axis evenly instead

  /// Window i: [begin, end) of the input.
  std::pair<std::int64_t, std::int64_t> operator[](std::int64_t i) const {
    if (even) return {i * extent / count, ((i + 1) * extent + count - 1) / count};
    const std::int64_t start = i * stride - before;
    return {std::max<std::int64_t>(0, start), std::min(extent, start + size)};
  }
};
/// Those along depth, height and width.
using Windows = std::array<AxisWindows, 3>;

/// The largest element of every window and channel of x (batch, spatial axes, channels), NaN if there is one, and its
/// place in the flattened x, which is written to `places` (int64, of the result's shape).
Array max_pool(const Array& x, const Windows& windows, Array& places);

/// The mean of every window and channel.
Array average_pool(const Array& x, const Windows& windows, const Shape& y);
/// Its transpose: dy's elements shared evenly by their windows, added up in the shape of x.
Array average_pool_transpose(const Array& dy, const Windows& windows, const Shape& x);

}  // namespace xg::kernels
