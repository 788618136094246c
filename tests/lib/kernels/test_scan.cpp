#include "lib/kernels/scan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tests/lib/kernels/support.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

/// The places of the elements of every line along an axis, in order.
template <class F>
void for_each_line(const Shape& shape, std::size_t axis, F f) {
  const Strides strides = contiguous_strides(shape);
  std::vector<std::int64_t> places(static_cast<std::size_t>(shape[axis]));
  for (std::int64_t start = 0; start < shape.elements(); ++start) {
    if (index_of(start, shape)[axis] != 0) continue;
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = start + static_cast<std::int64_t>(i) * strides[axis];
    f(places);
  }
}

/// A scan of whole numbers along every axis, against a loop over each line: `step(result so far, element)`.
template <class T, class Out, class F>
void check_running(Array (*kernel)(const Array&, std::size_t), std::int64_t above, F step) {
  const Array x = Generator(4).integers({3, 70, 5}, 0, above).astype(dtype_of<T>());
  for (const std::size_t axis : {0, 1, 2})
    for (const Array& each : {x, x.permute({2, 1, 0}), x.slice(1, 69, 35, -2)}) {
      CAPTURE(axis);
      const Array got = kernel(each, axis);
      std::int64_t wrong = 0;
      for_each_line(each.shape(), axis, [&](const std::vector<std::int64_t>& places) {
        Out so_far{};
        for (std::size_t i = 0; i < places.size(); ++i) {
          const auto value = static_cast<Out>(element<T>(each, places[i]));
          so_far = i == 0 ? value : step(so_far, value);
          wrong += got.data<Out>()[places[i]] != so_far;
        }
      });
      CHECK(wrong == 0);
    }
}

/// Few different numbers, NaN among them, so that there are ties.
Array with_ties(const Shape& shape, DType dtype) {
  Array x = Generator(6).integers(shape, 0, 9).astype(dtype);
  if (is_floating(dtype)) {
    dispatch_floating(dtype, [&]<class T>() {
      for (std::int64_t i = 0; i < x.size(); ++i)
        if (x.data<T>()[i] == T{8}) x.data<T>()[i] = std::numeric_limits<T>::quiet_NaN();
    });
  }
  return x;
}

template <class T>
void check_argsort(const Array& x, std::size_t axis, bool descending) {
  const Array got = kernels::argsort(x, axis, descending);
  std::int64_t wrong = 0;
  for_each_line(x.shape(), axis, [&](const std::vector<std::int64_t>& places) {
    std::vector<std::int64_t> seen;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const std::int64_t index = got.data<std::int64_t>()[places[i]];
      seen.push_back(index);
      if (i == 0) continue;
      const std::int64_t last = got.data<std::int64_t>()[places[i - 1]];
      const T a = element<T>(x, places[static_cast<std::size_t>(last)]);
      const T b = element<T>(x, places[static_cast<std::size_t>(index)]);
      const bool tie = a == b || (a != a && b != b);
      const bool rises = a < b || (a == a && b != b);
      const bool ordered = tie ? last < index : rises != descending;
      wrong += !ordered;
    }
    std::sort(seen.begin(), seen.end());
    for (std::size_t i = 0; i < seen.size(); ++i) wrong += seen[i] != static_cast<std::int64_t>(i);
  });
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("cumsum and cumprod: every line along every axis, in any layout and dtype") {
  const auto add = [](auto a, auto b) { return a + b; };
  check_running<float, float>(kernels::cumsum, 100, add);
  check_running<double, double>(kernels::cumsum, 100, add);
  check_running<std::uint8_t, std::int64_t>(kernels::cumsum, 100, add);
  check_running<bool, std::int64_t>(kernels::cumsum, 2, add);
  check_running<std::int64_t, std::int64_t>(kernels::cumsum, 100, add);
  const auto multiply = [](auto a, auto b) { return a * b; };
  check_running<double, double>(kernels::cumprod, 3, multiply);
  check_running<std::int32_t, std::int64_t>(kernels::cumprod, 2, multiply);
}

TEST_CASE("running_argmax and running_argmin: the first best so far, the first NaN from there on") {
  for (const DType dtype : {float32, int64}) {
    const Array x = with_ties({3, 70, 5}, dtype);
    dispatch(dtype, [&]<class T>() {
      for (const std::size_t axis : {0, 1, 2})
        for (const bool largest : {true, false}) {
          const Array got = largest ? kernels::running_argmax(x, axis) : kernels::running_argmin(x, axis);
          std::int64_t wrong = 0;
          for_each_line(x.shape(), axis, [&](const std::vector<std::int64_t>& places) {
            std::size_t best = 0;
            for (std::size_t i = 0; i < places.size(); ++i) {
              const T value = x.data<T>()[places[i]], top = x.data<T>()[places[best]];
              if (top == top && (value != value || (largest ? value > top : value < top))) best = i;
              wrong += got.data<std::int64_t>()[places[i]] != static_cast<std::int64_t>(best);
            }
          });
          CHECK(wrong == 0);
        }
    });
  }
}

TEST_CASE("argsort: lines longer than a sort takes at once, equal elements in their order, NaN the largest") {
  for (const bool descending : {false, true})
    for (const std::size_t axis : {0, 1}) {
      check_argsort<float>(with_ties({100, 90}, float32), axis, descending);
      check_argsort<double>(with_ties({100, 90}, float64), axis, descending);
      check_argsort<std::int64_t>(with_ties({100, 90}, int64), axis, descending);
      check_argsort<std::uint8_t>(with_ties({100, 90}, uint8).transposed(), axis, descending);
      check_argsort<float>(sample({40, 1000}, float32), axis, descending);
    }
}
