#pragma once

#ifdef __SSE2__
#include <immintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace xg::kernels {

// Several numbers in one vector register, in the compiler's vector types: arithmetic, comparisons and ?: work element
// by element, and with single numbers as the other operand. Functions that are templates on V take a Pack or one
// number.

/// How many bytes the widest vectors of the instruction set have.
inline constexpr std::size_t pack_bytes = __BIGGEST_ALIGNMENT__ < 64 ? __BIGGEST_ALIGNMENT__ : 64;

namespace detail {

template <class T>
struct PackOf {
  typedef T type __attribute__((vector_size(pack_bytes)));
};

/// How a floating number is laid out.
template <class T>
struct Layout;
template <>
struct Layout<float> {
  using Bits = std::uint32_t;
  static constexpr int mantissa_bits = 23;
  static constexpr Bits bias = 127;
};
template <>
struct Layout<double> {
  using Bits = std::uint64_t;
  static constexpr int mantissa_bits = 52;
  static constexpr Bits bias = 1023;
};

template <class V>
struct ElementOf {
  using type = std::remove_cvref_t<decltype(V{}[0])>;
  using Bits = typename PackOf<typename Layout<type>::Bits>::type;
};
template <class V>
requires std::is_floating_point_v<V>
struct ElementOf<V> {
  using type = V;
  using Bits = typename Layout<V>::Bits;
};

}  // namespace detail

template <class T>
using Pack = typename detail::PackOf<T>::type;
/// The type of one number, and the integers that its bits, or those of all in a pack, are.
template <class V>
using Element = typename detail::ElementOf<V>::type;
template <class V>
using Bits = typename detail::ElementOf<V>::Bits;
template <class V>
using Layout = detail::Layout<Element<V>>;

template <class V>
[[gnu::always_inline]] inline Bits<V> bits_of(V x) {
  return std::bit_cast<Bits<V>>(x);
}

template <class V>
inline constexpr typename Layout<V>::Bits sign_bit = typename Layout<V>::Bits{1} << (8 * sizeof(Element<V>) - 1);

template <class V>
[[gnu::always_inline]] inline V magnitude(V x) {
  return std::bit_cast<V>(bits_of(x) & ~sign_bit<V>);
}

template <class V>
[[gnu::always_inline]] inline V negative_magnitude(V x) {
  return std::bit_cast<V>(bits_of(x) | sign_bit<V>);
}

/// `size`, which is not negative, with the sign of `x`.
template <class V>
[[gnu::always_inline]] inline V with_sign(V size, V x) {
  return std::bit_cast<V>(bits_of(size) | (bits_of(x) & sign_bit<V>));
}

/// The larger and the smaller of a limit and x; NaN for an x that is.
template <class V>
[[gnu::always_inline]] inline V at_least(V limit, V x) {
  return x < limit ? limit : x;
}
template <class V>
[[gnu::always_inline]] inline V at_most(V limit, V x) {
  return x > limit ? limit : x;
}

// g++ 12 makes two instructions of what is one, and warns of its own _mm512_max_ps, which has no mask.
#if defined(__AVX512F__)
[[gnu::always_inline]] inline Pack<float> at_least(Pack<float> limit, Pack<float> x) {
  return _mm512_maskz_max_ps(0xFFFF, limit, x);
}
[[gnu::always_inline]] inline Pack<float> at_most(Pack<float> limit, Pack<float> x) {
  return _mm512_maskz_min_ps(0xFFFF, limit, x);
}
[[gnu::always_inline]] inline Pack<double> at_least(Pack<double> limit, Pack<double> x) {
  return _mm512_maskz_max_pd(0xFF, limit, x);
}
[[gnu::always_inline]] inline Pack<double> at_most(Pack<double> limit, Pack<double> x) {
  return _mm512_maskz_min_pd(0xFF, limit, x);
}
#elif defined(__AVX__)
[[gnu::always_inline]] inline Pack<float> at_least(Pack<float> limit, Pack<float> x) { return _mm256_max_ps(limit, x); }
[[gnu::always_inline]] inline Pack<float> at_most(Pack<float> limit, Pack<float> x) { return _mm256_min_ps(limit, x); }
[[gnu::always_inline]] inline Pack<double> at_least(Pack<double> limit, Pack<double> x) {
  return _mm256_max_pd(limit, x);
}
[[gnu::always_inline]] inline Pack<double> at_most(Pack<double> limit, Pack<double> x) {
  return _mm256_min_pd(limit, x);
}
#elif defined(__SSE2__)
[[gnu::always_inline]] inline Pack<float> at_least(Pack<float> limit, Pack<float> x) { return _mm_max_ps(limit, x); }
[[gnu::always_inline]] inline Pack<float> at_most(Pack<float> limit, Pack<float> x) { return _mm_min_ps(limit, x); }
[[gnu::always_inline]] inline Pack<double> at_least(Pack<double> limit, Pack<double> x) { return _mm_max_pd(limit, x); }
[[gnu::always_inline]] inline Pack<double> at_most(Pack<double> limit, Pack<double> x) { return _mm_min_pd(limit, x); }
#endif

/// x limited to [low, high]; NaN stays NaN.
template <class V>
[[gnu::always_inline]] inline V limited(V x, Element<V> low, Element<V> high) {
  return at_most(V{} + high, at_least(V{} + low, x));
}

}  // namespace xg::kernels
