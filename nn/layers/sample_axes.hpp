#pragma once

namespace xg::nn::detail {

/// What errors call the axes of a sample with so many spatial ones.
inline constexpr const char* sample_axes[] = {"", "length, channels", "height, width, channels",
                                              "depth, height, width, channels"};

}  // namespace xg::nn::detail
