#pragma once

#include <cstdint>
#include <source_location>

#include "autograd/tensor.hpp"

namespace xg::data {

/// Each sample as one row: (N, ...) becomes (N, product of the rest).
XG_API Tensor flatten(const Tensor& samples, std::source_location where = std::source_location::current());
/// float32 values divided by 255: uint8 pixels in [0, 1]. Another dtype is a DTypeError.
XG_API Tensor scale(const Tensor& pixels, std::source_location where = std::source_location::current());
/// Class numbers (N), or (N, 1), as a one-hot float32 matrix (N, classes); by default one more class than the largest
/// number. What is no class number, such as a negative one, 0.5 or NaN, is a ValueError.
XG_API Tensor to_categorical(const Tensor& labels, std::int64_t classes = 0,
                             std::source_location where = std::source_location::current());

}  // namespace xg::data
