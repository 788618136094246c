#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

// Of integers and booleans that broadcast.

Array bitwise_and(const Array& a, const Array& b);
Array bitwise_or(const Array& a, const Array& b);
Array bitwise_xor(const Array& a, const Array& b);
Array bitwise_not(const Array& x);

}  // namespace xg::kernels
