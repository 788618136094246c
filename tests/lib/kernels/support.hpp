#pragma once

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "lib/array.hpp"
#include "lib/parallel.hpp"
#include "lib/random.hpp"
#include "tests/support/threads.hpp"

namespace xg::testing {

/// More elements than one thread takes of a plain loop, and no multiple of any vector, block or grain.
inline constexpr std::int64_t many = 1'200'007;
/// The same for a function like exp, which costs as much as ten additions.
inline constexpr std::int64_t many_costly = 120'007;

/// True if both hold the same bytes, one behind the other.
inline bool same_bits(const Array& a, const Array& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() && a.is_contiguous() && b.is_contiguous() &&
         std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

/// What f gives on two threads, which must be the bits that it gives on one.
template <class F>
Array on_two_threads(F f) {
  Array one, two;
  {
    const Threads single(1);
    one = f();
  }
  {
    const Threads pair(2);
    REQUIRE(detail::worthwhile_threads(many, static_cast<double>(many)) == 2);
    two = f();
  }
  CHECK(same_bits(one, two));
  return two;
}

/// Random numbers: floating ones in [low, high), whole ones below 100, flags.
inline Array sample(const Shape& shape, DType dtype, std::uint64_t seed = 1, double low = -3, double high = 3) {
  if (is_floating(dtype)) return Generator(seed).uniform(shape, low, high, dtype);
  return Generator(seed).integers(shape, 0, dtype == boolean ? 2 : 100).astype(dtype);
}

/// Random whole numbers below 100: their sums are exact in every dtype that holds them, in any order.
inline Array whole_sample(const Shape& shape, DType dtype, std::uint64_t seed = 1) {
  return Generator(seed).integers(shape, 0, 100).astype(dtype);
}

/// The index of an element in row-major order.
inline std::vector<std::int64_t> index_of(std::int64_t place, const Shape& shape) {
  std::vector<std::int64_t> index(shape.rank());
  for (std::size_t axis = shape.rank(); axis-- > 0; place /= shape[axis]) index[axis] = place % shape[axis];
  return index;
}

/// An element by its place in row-major order, found by the strides alone.
template <class T>
T element(const Array& x, std::int64_t place) {
  const auto index = index_of(place, x.shape());
  std::int64_t offset = 0;
  for (std::size_t axis = 0; axis < x.rank(); ++axis) offset += index[axis] * x.strides()[axis];
  return x.data<T>()[offset];
}

/// How many elements of a contiguous array differ from expected(place).
template <class T, class F>
std::int64_t mismatches(const Array& got, F expected) {
  REQUIRE(got.is_contiguous());
  const T* values = got.data<T>();
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < got.size(); ++i) count += !(values[i] == expected(i));
  return count;
}

}  // namespace xg::testing
