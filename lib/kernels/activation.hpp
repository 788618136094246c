#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

// Activation functions of one floating array, in one pass each.

Array leaky_relu(const Array& x, double negative_slope);
/// scale x where x > 0, else scale alpha (e^x - 1).
Array elu(const Array& x, double alpha, double scale);
/// x Phi(x), Phi the normal distribution function.
Array gelu(const Array& x);
/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
Array gelu_by_tanh(const Array& x);
/// x sigmoid(x).
Array silu(const Array& x);
/// x tanh(ln(1 + e^x)).
Array mish(const Array& x);
/// x / 6 + 1/2, limited to [0, 1].
Array hard_sigmoid(const Array& x);
/// x / (1 + |x|).
Array softsign(const Array& x);

}  // namespace xg::kernels
