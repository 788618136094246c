#pragma once

#include "autograd/hooks.hpp"
#include "nn/module.hpp"

namespace xg::nn {

/// What is called after a pass of a module, and in the backward pass.
struct Module::Hooks {
  HookList<ForwardHook> forward = {};    ///< after a pass
  HookList<BackwardHook> backward = {};  ///< in the backward pass
};

}  // namespace xg::nn
