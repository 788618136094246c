#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "lib/array.hpp"

namespace xg::kernels {

/// The windows along an axis: [begin, end) of the input for every position of the output.
using AxisWindows = std::vector<std::pair<std::int64_t, std::int64_t>>;
/// Those along depth, height and width; axes that the arrays do not have hold one window of one element.
using Windows = std::array<AxisWindows, 3>;

/// The largest element of every window and channel of x (batch, spatial axes, channels), NaN if there is one, and its
/// place in the flattened x (int64).
struct MaxPooled {
  Array values, places;
};
MaxPooled max_pool(const Array& x, const Windows& windows, const Shape& y);

/// The mean of every window and channel.
Array average_pool(const Array& x, const Windows& windows, const Shape& y);
/// Its transpose: dy's elements shared evenly by their windows, added up in the shape of x.
Array average_pool_transpose(const Array& dy, const Windows& windows, const Shape& x);

}  // namespace xg::kernels
