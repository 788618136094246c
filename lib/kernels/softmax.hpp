#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

// Over the last axis of a floating array, the largest element subtracted first.

Array softmax(const Array& x);
Array log_softmax(const Array& x);
/// y * (dy - sum(dy * y)): the gradient of y = softmax(x).
Array softmax_gradient(const Array& dy, const Array& y);

}  // namespace xg::kernels
