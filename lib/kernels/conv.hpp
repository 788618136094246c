#pragma once

#include <array>
#include <cstdint>

#include "lib/array.hpp"

namespace xg::kernels {

/// Three extents: of depth, height and width. One- and two-dimensional convolutions have 1 in front.
using Spatial = std::array<std::int64_t, 3>;

/// A convolution of x (batch, spatial axes, channels) with w (spatial axes, channels / groups, features), which gives
/// y (batch, spatial axes, features): y[o] = sum over k of x[o stride + k dilation - before] w[k], zeros outside.
struct Convolution {
  std::int64_t batch, channels, features, groups;
  Spatial in, out, kernel, stride, dilation, before;
};

// Products of gathered matrices, for blocks of images: what they need beside the result is bounded by one image or a
// few MB, whatever the batch. All arrays floating and of one dtype; spatial axes are as many as the arrays have.

/// y from x and w; `bias` (features) is added unless it is undefined.
Array conv(const Array& x, const Array& w, const Array& bias, const Convolution& c, const Shape& y);
/// x's gradient from y's: the convolution's transpose.
Array conv_transpose(const Array& dy, const Array& w, const Convolution& c, const Shape& x);
/// w's gradient from y's.
Array conv_kernel(const Array& x, const Array& dy, const Convolution& c, const Shape& w);

/// The windows of x themselves, each as a row in the order of a kernel's elements: (batch, out, kernel x channels).
Array unfold(const Array& x, const Convolution& c, const Shape& patches);
/// Its transpose: rows added up where their elements came from.
Array fold(const Array& patches, const Convolution& c, const Shape& x);

}  // namespace xg::kernels
