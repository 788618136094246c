#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace xg::nn {

/// A copy of a part that is an M: by M's own clone(), its own copy(), or as a new one that gets the values. What M
/// inherits of these would copy another class. `Base` is Module.
template <class M, class Base>
std::shared_ptr<Base> copied_as(const Base& part) {
  const M& original = static_cast<const M&>(part);
  if constexpr (requires {
                  { original.clone() } -> std::same_as<M>;
                }) {
    return std::make_shared<M>(original.clone());
  } else if constexpr (std::is_same_v<decltype(&M::copy), std::shared_ptr<Base> (M::*)() const>) {
    return original.copy();
  } else if constexpr (std::default_initializable<M>) {
    M made;
    made.assign_state(original);
    return std::make_shared<M>(std::move(made));
  } else {
    return original.Base::copy();
  }
}

}  // namespace xg::nn
