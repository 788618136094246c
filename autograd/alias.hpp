#pragma once

#include "autograd/operand.hpp"

namespace xg {

/// The same values behind a node of its own, so that a gradient with respect to this use alone can be asked for.
Tensor alias(const Operand& x);

}  // namespace xg
