#pragma once

#include <cstdint>
#include <initializer_list>
#include <source_location>

#include "autograd/operand.hpp"

// The checks that operations share. Each throws an error that names the operation, the shapes and the user's line.

namespace xg {

/// Gives the numbers among operands the dtype they have beside the others, or beside each other if all are numbers.
void adapt_numbers(const char* op, std::initializer_list<Operand*> operands);

/// Makes two operands ready for an elementwise operation: numbers take their dtype from the other side, and the shapes
/// must broadcast.
void align(const char* op, Operand& a, Operand& b);

/// The same for an operation that computes integers in float32: so do numbers beside them.
void align_floating(const char* op, Operand& a, Operand& b);

/// Throws a ShapeError unless the shapes broadcast.
void check_broadcast(const char* op, const Operand& a, const Operand& b);

/// Throws unless the operand has a floating dtype.
void check_floating(const char* op, const Operand& x);

/// Throws a ValueError unless every label is a whole number in [0, classes).
void check_class_numbers(const char* op, const Tensor& labels, std::int64_t classes, std::source_location where);

}  // namespace xg
