#pragma once

#include "nn/module.hpp"

namespace xg::nn {

/// Puts values, of any shape, into the place of a buffer of a module or of one below it: a state, which comes to be an
/// array of its own.
void replace_buffer(Module& root, const Tensor& buffer, const Array& value);

}  // namespace xg::nn
