#pragma once

#include <concepts>
#include <source_location>

#include "nn/module.hpp"

namespace xg::nn {

/// A copy with parameters of its own: built, frozen and in the modes as the original, without its hooks, gradients and
/// what compile() was given. Of a struct of the user's a new one is made by default, which then gets the values.
template <std::derived_from<Module> M>
M clone(const M& module, std::source_location where = std::source_location::current()) {
  if constexpr (requires {
                  { module.clone() } -> std::same_as<M>;
                }) {
    return module.clone();
  } else {
    static_assert(std::default_initializable<M>,
                  "a module that nn::clone() copies needs a constructor without arguments");
    M copy;
    copy.assign_state(module, where);
    return copy;
  }
}

}  // namespace xg::nn
