#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "nn/module.hpp"

namespace xg::nn {

// A module's class is known where it is declared, and not later on: it is noted how it is copied, by its own clone(),
// its own copy(), or as a new one that gets the values. What it inherits of these would copy another class.
template <class M>
std::shared_ptr<M> Module::shared(M module) {
  auto owned = std::make_shared<M>(std::move(module));
  static_cast<Module&>(*owned).copier_ = [](const Module& part) -> std::shared_ptr<Module> {
    const M& original = static_cast<const M&>(part);
    if constexpr (requires {
                    { original.clone() } -> std::same_as<M>;
                  }) {
      return shared<M>(original.clone());
    } else if constexpr (std::is_same_v<decltype(&M::copy), std::shared_ptr<Module> (M::*)() const>) {
      return original.copy();
    } else if constexpr (std::default_initializable<M>) {
      M made;
      made.assign_state(original);
      return shared<M>(std::move(made));
    } else {
      return original.Module::copy();
    }
  };
  return owned;
}

}  // namespace xg::nn
