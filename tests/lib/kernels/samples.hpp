#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "lib/array.hpp"
#include "lib/parallel.hpp"
#include "lib/random.hpp"

namespace xg::testing {

/// Random numbers, the same for the same seed.
inline Array random(const Shape& shape, std::uint64_t seed, DType dtype = float32, double low = -1, double high = 1) {
  return Generator(seed).uniform(shape, low, high, dtype);
}

/// The elements, to be computed with by plain loops.
inline std::vector<double> numbers(const Array& x) { return x.to_vector<double>(); }

/// numbers(x)[i], for any kind of index.
inline double at(const std::vector<double>& x, std::int64_t i) { return x.at(static_cast<std::size_t>(i)); }

inline bool same_bits(const Array& a, const Array& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(a.contiguous().raw(), b.contiguous().raw(), a.bytes()) == 0;
}

/// What f gives on one thread, after a check that two to four give the same bits.
template <class F>
Array on_threads(F f) {
  set_num_threads(1);
  const Array one = f();
  for (const int threads : {2, 3, 4}) {
    set_num_threads(threads);
    CHECK_MESSAGE(same_bits(f(), one), threads, " threads");
  }
  set_num_threads(0);
  return one;
}

/// Every element within `error` of what it should be.
inline void check_near(const Array& got, const std::vector<double>& expected, double error) {
  const std::vector<double> values = numbers(got);
  REQUIRE(values.size() == expected.size());
  std::size_t wrong = 0, first = 0;
  for (std::size_t i = values.size(); i-- > 0;)
    if (!(std::abs(values[i] - expected[i]) <= error)) {
      ++wrong;
      first = i;
    }
  CHECK_MESSAGE(wrong == 0, wrong, " elements are wrong, the first, ", first, ", is ", values[first], " instead of ",
                expected[first]);
}

}  // namespace xg::testing
