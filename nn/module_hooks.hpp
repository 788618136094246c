#pragma once

#include "autograd/hooks.hpp"
#include "nn/module.hpp"

namespace xg::nn {

/// What is called after a pass of a module, and in the backward pass.
struct Module::Hooks {
  HookList<ForwardHook> forward = {};    ///< after each pass
  HookList<BackwardHook> backward = {};  ///< when the gradient of an output is known
};

}  // namespace xg::nn
