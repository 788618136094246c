#pragma once

#include "autograd/operand.hpp"

namespace xg {

// The identity, with another gradient.

/// x, through which no gradient flows: x.detach() as an operation.
XG_API Tensor stop_gradient(const Operand& x);
/// x, with the gradient -scale dy (Ganin and Lempitsky, Unsupervised domain adaptation by backpropagation, 2015).
XG_API Tensor reverse_gradient(const Operand& x, double scale = 1);

}  // namespace xg
