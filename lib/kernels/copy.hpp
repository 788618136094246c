#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

/// Writes `from`, converted to the dtype of `to`, into `to`, which has the same shape and other elements. Any strides.
void copy(const Array& from, Array& to);

}  // namespace xg::kernels
