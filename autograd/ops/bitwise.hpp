#pragma once

#include "autograd/operand.hpp"

namespace xg {

// Bits of integers and booleans, element by element, without gradient. Shapes broadcast, dtypes promote; floating
// tensors are a DTypeError.

/// Bits that both have.
XG_API Tensor bitwise_and(Operand a, Operand b);
/// Bits that either has.
XG_API Tensor bitwise_or(Operand a, Operand b);
/// Bits that one of both has.
XG_API Tensor bitwise_xor(Operand a, Operand b);
/// Every bit inverted; of booleans the other one.
XG_API Tensor bitwise_not(const Operand& x);

}  // namespace xg
