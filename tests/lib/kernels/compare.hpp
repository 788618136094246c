#pragma once

#include <cmath>
#include <vector>

#include "tests/lib/kernels/support.hpp"

namespace xg::testing {

// What plain loops in double compute is what kernels are compared with.

/// Random numbers, the same for the same seed.
inline Array random(const Shape& shape, std::uint64_t seed, DType dtype = float32, double low = -1, double high = 1) {
  return sample(shape, dtype, seed, low, high);
}

/// The elements, to be computed with.
inline std::vector<double> numbers(const Array& x) { return x.to_vector<double>(); }

/// x[i], for the kind of index that shapes have.
inline double at(const std::vector<double>& x, std::int64_t i) { return x.at(static_cast<std::size_t>(i)); }

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

/// What f gives on one thread, after a check that two to four give the same bits.
template <class F>
Array on_threads(F f) {
  const auto on = [&](int count) {
    const Threads threads(count);
    return f();
  };
  const Array one = on(1);
  for (const int count : {2, 3, 4}) CHECK_MESSAGE(same_bits(on(count), one), count, " threads");
  return one;
}

}  // namespace xg::testing
