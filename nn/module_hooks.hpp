#pragma once

#include "autograd/hooks.hpp"
#include "nn/module.hpp"

namespace xg::nn {

/// What is called after a pass of a module, and in the backward pass.
struct Module::Hooks {
  HookList<ForwardHook> forward = {};    ///< after a pass
  HookList<BackwardHook> backward = {};  ///< in the backward pass

  /// The output of a pass as the hooks leave it. They may move the module, or end it.
  Tensor follow(const std::shared_ptr<Anchor>& module, const Tensor& x, Tensor y, std::source_location where) const;
  /// The same for several outputs, each with the first input.
  Tensors follow(const std::shared_ptr<Anchor>& module, const Tensors& inputs, Tensors outputs,
                 std::source_location where) const;
};

}  // namespace xg::nn
