#pragma once

#include <source_location>
#include <string>
#include <vector>

#include "autograd/tensor.hpp"

namespace xg {

/// The sum over all labels that the result does not have of the product of the operands' elements, in NumPy's language:
/// `einsum("bij,bjk->bik", {a, b})`. A letter names an axis; one that occurs twice in an operand takes its diagonal;
/// "..." stands for axes that broadcast. Without "->" the result has the labels that occur once, in alphabetical order.
/// Operands are contracted in pairs by matmul, the cheapest pair first. All floating and of one dtype. Gradients are
/// those of the operations it is made of. A spec that does not fit is a ValueError, an extent that differs a
/// ShapeError.
XG_API Tensor einsum(const std::string& spec, const std::vector<Tensor>& operands,
                     std::source_location where = std::source_location::current());

}  // namespace xg
