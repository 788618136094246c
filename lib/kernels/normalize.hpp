#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

/// (x - mean) / sqrt(variance + epsilon) over the last axis of a floating array.
Array standardize(const Array& x, double epsilon);
/// Its gradient from that of its result y: (dy - mean(dy) - y mean(dy y)) / sqrt(variance + epsilon).
Array standardize_gradient(const Array& dy, const Array& x, const Array& y, double epsilon);

}  // namespace xg::kernels
