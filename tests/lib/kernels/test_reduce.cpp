#include "lib/kernels/reduce.hpp"

#include <cmath>
#include <limits>

#include "tests/lib/kernels/support.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

/// Rows and columns around the lanes (8, 64), the short rows (128) and the blocks (1,024) of the kernels.
constexpr std::int64_t extents[] = {1, 7, 8, 63, 64, 65, 127, 128, 129, 191, 200, 1023, 1024, 1025, 2500};

kernels::AxisMask mask(std::initializer_list<std::size_t> axes) {
  kernels::AxisMask result{};
  for (const std::size_t axis : axes) result[axis] = true;
  return result;
}

/// For every element, f(place in the result, element).
template <class T, class F>
void for_each_folded(const Array& x, const kernels::AxisMask& axes, F f) {
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const auto index = index_of(i, x.shape());
    std::int64_t place = 0;
    for (std::size_t axis = 0; axis < x.rank(); ++axis)
      if (!axes[axis]) place = place * x.shape()[axis] + index[axis];
    f(place, element<T>(x, i));
  }
}

/// Sums of whole numbers are exact.
template <class T, class Sum>
void check_sum(const Array& x, const kernels::AxisMask& axes) {
  const Array got = kernels::sum(x, axes);
  std::vector<double> expected(static_cast<std::size_t>(got.size()));
  for_each_folded<T>(x, axes, [&](std::int64_t place, T value) {
    expected[static_cast<std::size_t>(place)] += static_cast<double>(value);
  });
  CHECK(mismatches<Sum>(got, [&](std::int64_t i) { return static_cast<Sum>(expected[static_cast<std::size_t>(i)]); }) ==
        0);
}

template <class T, class Sum>
void check_sums() {
  constexpr DType dtype = dtype_of<T>();
  for (const std::int64_t extent : extents) {
    CAPTURE(extent);
    check_sum<T, Sum>(whole_sample({3, extent}, dtype), mask({1}));
    check_sum<T, Sum>(whole_sample({extent, 5}, dtype), mask({0}));
    check_sum<T, Sum>(whole_sample({2, extent, 3}, dtype), mask({1}));
  }
  check_sum<T, Sum>(whole_sample({3, 1100}, dtype), mask({0, 1}));
  check_sum<T, Sum>(whole_sample({3, 1100, 2}, dtype), mask({0, 2}));
  check_sum<T, Sum>(whole_sample({40, 30, 2}, dtype), mask({0, 1}));
  check_sum<T, Sum>(whole_sample({1100, 3}, dtype).transposed(), mask({0}));
  check_sum<T, Sum>(whole_sample({1100, 6}, dtype).slice(1, 1, 3, 2), mask({0}));
}

/// n rows that hold `special` at another place each, among random numbers in [-1, 1).
Array with_diagonal(std::int64_t n, DType dtype, double special) {
  Array x = sample({n, n}, float64, 5, -1, 1);
  for (std::int64_t i = 0; i < n; ++i) x.data<double>()[i * (n + 1)] = special;
  return x.astype(dtype);
}

using Extreme = Array (*)(const Array&, const kernels::AxisMask&);
using ExtremeIndex = Array (*)(const Array&, std::size_t);

/// Along both axes `special` is found in every place.
template <class T>
void check_extreme(Extreme kernel, ExtremeIndex index, double special) {
  for (const std::int64_t n : {1, 2, 63, 64, 65, 127, 128, 129, 200}) {
    CAPTURE(n);
    const Array x = with_diagonal(n, dtype_of<T>(), special);
    const auto found = [&](std::int64_t) { return static_cast<T>(special); };
    const auto is_nan = [](const Array& values) {
      std::int64_t count = 0;
      for (std::int64_t i = 0; i < values.size(); ++i) count += values.data<T>()[i] != values.data<T>()[i];
      return count;
    };
    for (const std::size_t axis : {std::size_t{0}, std::size_t{1}}) {
      CAPTURE(axis);
      const Array best = kernel(x, mask({axis}));
      CHECK(best.size() == n);
      if (special != special)
        CHECK(is_nan(best) == n);
      else
        CHECK(mismatches<T>(best, found) == 0);
      CHECK(mismatches<std::int64_t>(index(x, axis), [](std::int64_t i) { return i; }) == 0);
    }
  }
}

}  // namespace

TEST_CASE("sum: rows and columns around every lane and block, in every dtype") {
  check_sums<float, float>();
  check_sums<double, double>();
  check_sums<std::int32_t, std::int64_t>();
  check_sums<std::int64_t, std::int64_t>();
  check_sums<std::uint8_t, std::int64_t>();
  check_sums<bool, std::int64_t>();
}

TEST_CASE("sum: blocks are added in double, so that many small ones beside a large one count") {
  constexpr std::int64_t blocks = 9, block = 1024;
  Array x = Array::zeros({blocks * block});
  x.data<float>()[0] = 0x1p24F;
  for (std::int64_t i = 1; i < blocks; ++i) x.data<float>()[i * block] = 1;
  CHECK(kernels::sum(x, mask({0})).item<double>() == 0x1p24 + 8);
  const Array columns = x.reshape({blocks * block, 1}).broadcast_to({blocks * block, 2}).contiguous();
  CHECK(kernels::sum(columns, mask({0})).to_vector<double>() == std::vector<double>(2, 0x1p24 + 8));
  Array roots = Array::zeros({blocks * block});
  roots.data<float>()[0] = 0x1p12F;
  for (std::int64_t i = 1; i < blocks; ++i) roots.data<float>()[i * block] = 1;
  CHECK(kernels::sum_squares(roots).item<double>() == 0x1p24 + 8);
}

TEST_CASE("sum: a row's sum does not depend on the rows beside it") {
  const Array x = sample({70, 2500}, float32);
  const Array all = kernels::sum(x, mask({1}));
  for (std::int64_t row = 0; row < 70; ++row)
    CHECK(kernels::sum(x.slice(0, row, 1, 1), mask({1})).item<float>() == all.data<float>()[row]);
}

TEST_CASE("sum_squares: around every lane and block, in any layout") {
  for (const std::int64_t extent : extents) {
    CAPTURE(extent);
    const Array x = whole_sample({extent}, float64);
    double expected = 0;
    for (std::int64_t i = 0; i < extent; ++i) expected += x.data<double>()[i] * x.data<double>()[i];
    CHECK(kernels::sum_squares(x).item<double>() == expected);
    CHECK(kernels::sum_squares(x.slice(0, extent - 1, extent, -1)).item<double>() == expected);
  }
}

TEST_CASE("norm: around every lane and block, of rows and of columns") {
  for (const std::int64_t extent : extents) {
    CAPTURE(extent);
    const Array ones = Array::full({3, extent}, 1, float64);
    const double expected = std::sqrt(static_cast<double>(extent));
    CHECK(mismatches<double>(kernels::norm(ones, mask({1})), [&](std::int64_t) { return expected; }) == 0);
    const Array columns = ones.transposed();
    CHECK(mismatches<double>(kernels::norm(columns, mask({0})), [&](std::int64_t) { return expected; }) == 0);
  }
}

TEST_CASE("max and min: in every place of a row and of a column") {
  check_extreme<float>(kernels::max, kernels::argmax, 5);
  check_extreme<double>(kernels::max, kernels::argmax, 5);
  check_extreme<std::int64_t>(kernels::max, kernels::argmax, 5);
  check_extreme<std::uint8_t>(kernels::max, kernels::argmax, 5);
  check_extreme<float>(kernels::min, kernels::argmin, -5);
  check_extreme<double>(kernels::min, kernels::argmin, -5);
  check_extreme<std::int32_t>(kernels::min, kernels::argmin, -5);
}

TEST_CASE("max and min: NaN in any place of a row or a column wins") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  check_extreme<float>(kernels::max, kernels::argmax, nan);
  check_extreme<double>(kernels::max, kernels::argmax, nan);
  check_extreme<float>(kernels::min, kernels::argmin, nan);
  check_extreme<double>(kernels::min, kernels::argmin, nan);
}

TEST_CASE("max and min: infinities, and several axes") {
  const double inf = std::numeric_limits<double>::infinity();
  const Array low = Array::full({3, 200}, -inf), high = Array::full({200, 3}, inf);
  CHECK(kernels::max(low, mask({1})).to_vector<double>() == std::vector<double>(3, -inf));
  CHECK(kernels::min(high, mask({0})).to_vector<double>() == std::vector<double>(3, inf));
  const Array x = sample({5, 130, 4}, float32);
  for (const auto& axes :
       {mask({0}), mask({1}), mask({2}), mask({0, 2}), mask({0, 1}), mask({1, 2}), mask({0, 1, 2})}) {
    const Array top = kernels::max(x, axes), bottom = kernels::min(x, axes);
    std::vector<float> largest(static_cast<std::size_t>(top.size()), -9), smallest(largest.size(), 9);
    for_each_folded<float>(x, axes, [&](std::int64_t place, float value) {
      const auto at = static_cast<std::size_t>(place);
      largest[at] = std::max(largest[at], value);
      smallest[at] = std::min(smallest[at], value);
    });
    CHECK(top.to_vector<float>() == largest);
    CHECK(bottom.to_vector<float>() == smallest);
  }
}

TEST_CASE("argmax and argmin: the first of equal ones, in long rows and columns of several axes") {
  Array x = Array::zeros({3, 200, 4});
  for (std::int64_t i = 0; i < 3; ++i)
    for (std::int64_t k = 0; k < 4; ++k)
      for (const std::int64_t place : {60 + 20 * i + k, std::int64_t{150}, std::int64_t{199}})
        x.data<float>()[(i * 200 + place) * 4 + k] = 2;
  const auto first = [](std::int64_t i) { return 60 + 20 * (i / 4) + i % 4; };
  CHECK(mismatches<std::int64_t>(kernels::argmax(x, 1), first) == 0);
  Array negative = x.clone();
  for (std::int64_t i = 0; i < x.size(); ++i) negative.data<float>()[i] *= -1;
  CHECK(mismatches<std::int64_t>(kernels::argmin(negative, 1), first) == 0);
  CHECK(kernels::argmax(Array::zeros({200}), 0).item<int>() == 0);
}
