#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

// Activation functions of one floating array and their derivatives, in one pass each. Where a factor is infinite their
// values are the limits: 0 where x falls, x or 1 where it rises.

Array leaky_relu(const Array& x, double negative_slope);
/// scale x where x > 0, else scale alpha (e^x - 1).
Array elu(const Array& x, double alpha, double scale);
/// scale where x > 0, else scale alpha e^x.
Array elu_slope(const Array& x, double alpha, double scale);
/// x Phi(x), Phi the normal distribution function.
Array gelu(const Array& x);
/// Phi(x) + x phi(x), phi the normal density.
Array gelu_slope(const Array& x);
/// dy times that.
Array gelu_gradient(const Array& dy, const Array& x);
/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 = x sigmoid(z) for z = sqrt(8 / pi) (x + 0.044715 x^3).
Array gelu_by_tanh(const Array& x);
/// sigmoid(z) (1 + x z' sigmoid(-z)).
Array gelu_by_tanh_slope(const Array& x);
/// x sigmoid(x).
Array silu(const Array& x);
/// sigmoid(x) (1 + x sigmoid(-x)).
Array silu_slope(const Array& x);
/// x tanh(ln(1 + e^x)) = x (e^2x + 2 e^x) / (e^2x + 2 e^x + 2).
Array mish(const Array& x);
/// e^x (4 (x + 1) + (4 x + 6) e^x + 4 e^2x + e^3x) / (e^2x + 2 e^x + 2)^2.
Array mish_slope(const Array& x);
/// (x + 3) / 6, limited to [0, 1].
Array hard_sigmoid(const Array& x);
/// x / (1 + |x|).
Array softsign(const Array& x);
/// 1 / (1 + |x|)^2.
Array softsign_slope(const Array& x);

}  // namespace xg::kernels
