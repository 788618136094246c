#pragma once

#include "autograd/operand.hpp"
#include "lib/random.hpp"

namespace xg {

/// (e^x - e^-x) / (e^x + e^-x). Gradient: dy (1 - y^2).
XG_API Tensor tanh(const Operand& x);
/// dy (1 - y^2) in one pass, for y = tanh(x): two floating tensors of one shape and dtype.
XG_API Tensor tanh_gradient(const Operand& dy, const Operand& y);
/// 1 / (1 + e^-x). Gradient: dy y (1 - y).
XG_API Tensor sigmoid(const Operand& x);
/// max(x, 0). The gradient at 0 is 0.
XG_API Tensor relu(const Operand& x);
/// ln(1 + e^x), without overflow. Gradient: dy sigmoid(x).
XG_API Tensor softplus(const Operand& x);
/// ln sigmoid(x) = -softplus(-x), without overflow. Gradient: dy sigmoid(-x).
XG_API Tensor log_sigmoid(const Operand& x);
/// x where x > 0, else negative_slope x. The gradient at 0 is that of the negative side.
XG_API Tensor leaky_relu(const Operand& x, double negative_slope = 0.01);
/// x where x > 0, else alpha (e^x - 1) (Clevert, Unterthiner and Hochreiter, 2016).
XG_API Tensor elu(const Operand& x, double alpha = 1);
/// 1.0507 elu(x, 1.6733): keeps mean 0 and variance 1 (Klambauer and others, Self-normalizing neural networks, 2017).
XG_API Tensor selu(const Operand& x);
/// x Phi(x), Phi the normal distribution function (Hendrycks and Gimpel, 2016); approximate: by
/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
XG_API Tensor gelu(const Operand& x, bool approximate = false);
/// x sigmoid(x), also called swish.
XG_API Tensor silu(const Operand& x);
/// x tanh(softplus(x)) (Misra, 2019).
XG_API Tensor mish(const Operand& x);
/// x / 6 + 1/2, limited to [0, 1], as PyTorch defines it.
XG_API Tensor hard_sigmoid(const Operand& x);
/// x limited to [-1, 1].
XG_API Tensor hard_tanh(const Operand& x);
/// x / (1 + |x|).
XG_API Tensor softsign(const Operand& x);
/// e^x / sum(e^x) along an axis, the maximum subtracted first. Gradient: y (dy - sum(dy y)).
XG_API Tensor softmax(const Operand& x, int axis = -1);
/// ln softmax(x), computed without the quotient. Gradient: dy - softmax(x) sum(dy).
XG_API Tensor log_softmax(const Operand& x, int axis = -1);
/// Sets each element to 0 with probability `rate`, else divides it by 1 - rate; one draw of the generator is used. Rate
/// 0 is the identity, rate 1 gives zeros; a rate outside [0, 1] is a ValueError.
XG_API Tensor dropout(const Operand& x, double rate, Generator& generator);

}  // namespace xg
