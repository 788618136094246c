#pragma once

#include <type_traits>

namespace xg::kernels {

namespace detail {

template <class T, bool integer = std::is_integral_v<T>>
struct Wrapping {
  using type = T;
};

template <class T>
struct Wrapping<T, true> {
  using type = std::make_unsigned_t<decltype(T{} + T{})>;
};

}  // namespace detail

/// The type in which T's sums, differences and products are computed: one without sign for integers, so that they wrap
/// around, as in NumPy, where C++ leaves an overflow undefined.
template <class T>
using Wrapping = typename detail::Wrapping<T>::type;

/// f of one or two elements, computed in that type.
template <class F>
auto wrapping(F f) {
  return [f]<class T>(T x, auto... y) {
    return static_cast<T>(f(static_cast<Wrapping<T>>(x), static_cast<Wrapping<T>>(y)...));
  };
}

}  // namespace xg::kernels
