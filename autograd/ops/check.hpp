#pragma once

#include <source_location>

#include "autograd/operand.hpp"

// The checks that operations share. Each throws an error that names the operation, the shapes and the user's line.

namespace xg {

/// Makes two operands ready for an elementwise operation: numbers take their dtype from the other side, and the shapes
/// must broadcast.
void align(const char* op, Operand& a, Operand& b);

/// Throws unless the operand has a floating dtype.
void check_floating(const char* op, const Operand& x);

}  // namespace xg
