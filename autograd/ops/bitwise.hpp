#pragma once

#include "autograd/operand.hpp"

namespace xg {

// Bits of integers and booleans, element by element, without gradient. Shapes broadcast, dtypes promote; floating
// tensors are a DTypeError.

XG_API Tensor bitwise_and(Operand a, Operand b);
XG_API Tensor bitwise_or(Operand a, Operand b);
XG_API Tensor bitwise_xor(Operand a, Operand b);
/// Every bit inverted; of booleans the other one.
XG_API Tensor bitwise_not(const Operand& x);

}  // namespace xg
