#pragma once

#include "lib/kernels/pack.hpp"

namespace xg::kernels {

// Arithmetic on numbers of twice the precision, for arguments whose last bit matters, such as a large one of e^x.

/// high + low, low much smaller.
template <class V>
struct Twofold {
  V high;
  V low;
};

/// The first half of the digits of x.
template <class V>
[[gnu::always_inline]] inline V leading(V x) {
  constexpr int dropped = Layout<V>::mantissa_bits / 2 + 1;
  return std::bit_cast<V>(bits_of(x) & ~((typename Layout<V>::Bits{1} << dropped) - 1));
}

/// x^2.
template <class V>
[[gnu::always_inline]] inline Twofold<V> exact_square(V x) {
  const V head = leading(x);
  return {head * head, (x - head) * (x + head)};
}

/// a b (Dekker, 1971).
template <class V>
[[gnu::always_inline]] inline Twofold<V> exact_product(V a, V b) {
  const V product = a * b, a_head = leading(a), b_head = leading(b), a_rest = a - a_head, b_rest = b - b_head;
  return {product, ((a_head * b_head - product) + a_head * b_rest + a_rest * b_head) + a_rest * b_rest};
}

/// a + b (Knuth, The Art of Computer Programming, 4.2.2).
template <class V>
[[gnu::always_inline]] inline Twofold<V> exact_sum(V a, V b) {
  const V sum = a + b, part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}

}  // namespace xg::kernels
