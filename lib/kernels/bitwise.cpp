#include "lib/kernels/bitwise.hpp"

#include <type_traits>

#include "lib/kernels/broadcast.hpp"

namespace xg::kernels {
namespace {

template <class F>
Array combined(const Array& a, const Array& b, F f) {
  const DType dtype = promote(a.dtype(), b.dtype());
  Array out = Array::empty(broadcast_shape(a, b), dtype);
  const Array x = a.astype(dtype), y = b.astype(dtype);
  dispatch(dtype, [&]<class T>() {
    if constexpr (std::is_integral_v<T>)
      broadcast_loop<T, T>(x, y, out, [f](T p, T q) { return static_cast<T>(f(p, q)); });
    else
      throw DTypeError(concat("integers or booleans expected, got ", dtype));
  });
  return out;
}

}  // namespace

Array bitwise_and(const Array& a, const Array& b) {
  return combined(a, b, [](auto x, auto y) { return x & y; });
}

Array bitwise_or(const Array& a, const Array& b) {
  return combined(a, b, [](auto x, auto y) { return x | y; });
}

Array bitwise_xor(const Array& a, const Array& b) {
  return combined(a, b, [](auto x, auto y) { return x ^ y; });
}

Array bitwise_not(const Array& x) {
  // All bits: -1, or the largest number of an unsigned type.
  const int ones = x.dtype() == boolean ? 1 : x.dtype() == uint8 ? 255 : -1;
  return bitwise_xor(x, Array::full({}, ones, x.dtype()));
}

}  // namespace xg::kernels
