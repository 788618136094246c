#include <cmath>
#include <functional>
#include <limits>

#include "lib/kernels/arithmetic.hpp"
#include "lib/kernels/bitwise.hpp"
#include "lib/kernels/compare.hpp"
#include "tests/lib/kernels/support.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

/// Pairs of operands in every way a loop over both may go: the first, the second.
struct Pair {
  const char* name;
  Array a, b;
};

/// Every second element, from the last to the first.
Array backwards(const Array& x) { return x.slice(0, x.shape()[0] - 1, x.shape()[0] / 2, -2); }

std::vector<Pair> pairs(DType dtype) {
  const Array row = sample({many}, dtype, 1), other = sample({many}, dtype, 2), wide = sample({2 * many}, dtype, 3);
  const Array number = sample({}, dtype, 4), columns = sample({many / 4, 4}, dtype, 5);
  return {
      {"one behind the other", row, other},
      {"a number on the right", row, number},
      {"a number on the left", number, row},
      {"a number of a row", row, other.slice(0, 7, 1, 1)},
      {"every second on the left", wide.slice(0, 1, many, 2), row},
      {"every second on the right", row, wide.slice(0, 0, many, 2)},
      {"both backwards", backwards(wide), backwards(wide).slice(0, 0, many, 1)},
      {"a row for each of two", wide.reshape({2, many}), row},
      {"a number for each of two rows", wide.reshape({2, many}), sample({2, 1}, dtype, 6)},
      {"a column and a row", sample({2, 1}, dtype, 7), row},
      {"transposed", columns.transposed(), sample({4, many / 4}, dtype, 8)},
      {"short rows", columns, sample({4}, dtype, 9)},
  };
}

/// The elements of an operand in the shape of the result, of one or two axes.
template <class T>
std::vector<T> spread(const Array& x, const Shape& shape) {
  Array whole = x.broadcast_to(shape);
  if (shape.rank() == 1) whole = whole.expand_dims(0);
  std::vector<T> values;
  values.reserve(static_cast<std::size_t>(shape.elements()));
  for (std::int64_t row = 0; row < whole.shape()[0]; ++row)
    for (std::int64_t column = 0; column < whole.shape()[1]; ++column)
      values.push_back(whole.data<T>()[row * whole.strides()[0] + column * whole.strides()[1]]);
  return values;
}

/// kernel(a, b), on two threads, is f of every two elements.
template <class T, class Out, class F>
void check(const char* op, Array (*kernel)(const Array&, const Array&), F f) {
  CAPTURE(op);
  for (const Pair& pair : pairs(dtype_of<T>())) {
    CAPTURE(pair.name);
    const Array out = on_two_threads([&] { return kernel(pair.a, pair.b); });
    const auto a = spread<T>(pair.a, out.shape()), b = spread<T>(pair.b, out.shape());
    CHECK(out.shape() == broadcast_shapes(pair.a.shape(), pair.b.shape()));
    CHECK(mismatches<Out>(out, [&](std::int64_t i) {
            return static_cast<Out>(f(a[static_cast<std::size_t>(i)], b[static_cast<std::size_t>(i)]));
          }) == 0);
  }
}

}  // namespace

TEST_CASE("broadcast: every way to walk two operands, on both sides of the threads' cut") {
  check<float, float>("subtract", kernels::subtract, std::minus<>());
}

TEST_CASE("broadcast: comparisons give flags by the same walk") {
  check<std::uint8_t, bool>("less_equal", kernels::less_equal, std::less_equal<>());
}

TEST_CASE("broadcast: comparisons of two dtypes are made in the one that holds both") {
  const Array whole = Array::from<std::int32_t>({1, 1, 2}, {3}), half = Array::from<float>({1.5F, 0.5F, 2.0F}, {3});
  CHECK(kernels::less(whole, half).to_vector<bool>() == std::vector<bool>{true, false, false});
  CHECK(kernels::less(half, whole).to_vector<bool>() == std::vector<bool>{false, true, false});
  CHECK(kernels::equal(whole, half).to_vector<bool>() == std::vector<bool>{false, false, true});
}

TEST_CASE("broadcast: every operation of two operands on both sides of the threads' cut") {
  const Array a = sample({many}, float64, 1), b = sample({many}, float64, 2, 0.5, 3);
  const double *x = a.data<double>(), *y = b.data<double>();
  const auto holds = [&](Array (*kernel)(const Array&, const Array&), auto f) {
    const Array out = on_two_threads([&] { return kernel(a, b); });
    CHECK(mismatches<double>(out, [&](std::int64_t i) { return f(x[i], y[i]); }) == 0);
  };
  holds(kernels::add, [](double p, double q) { return p + q; });
  holds(kernels::multiply, [](double p, double q) { return p * q; });
  holds(kernels::divide, [](double p, double q) { return p / q; });
  holds(kernels::maximum, [](double p, double q) { return p < q ? q : p; });
  holds(kernels::minimum, [](double p, double q) { return q < p ? q : p; });
}

TEST_CASE("broadcast: integers, booleans and bits on both sides of the threads' cut") {
  const Array a = sample({many}, int32, 1), b = sample({many}, int32, 2);
  const std::int32_t *x = a.data<std::int32_t>(), *y = b.data<std::int32_t>();
  const auto holds = [&]<class Out>(Array (*kernel)(const Array&, const Array&), auto f, Out) {
    const Array out = on_two_threads([&] { return kernel(a, b); });
    CHECK(mismatches<Out>(out, [&](std::int64_t i) { return static_cast<Out>(f(x[i], y[i])); }) == 0);
  };
  holds(kernels::equal, std::equal_to<>(), bool{});
  holds(kernels::not_equal, std::not_equal_to<>(), bool{});
  holds(
      kernels::logical_and, [](int p, int q) { return p != 0 && q != 0; }, bool{});
  holds(
      kernels::logical_or, [](int p, int q) { return p != 0 || q != 0; }, bool{});
  holds(
      kernels::logical_xor, [](int p, int q) { return (p != 0) != (q != 0); }, bool{});
  holds(kernels::bitwise_and, std::bit_and<>(), std::int32_t{});
  holds(kernels::bitwise_or, std::bit_or<>(), std::int32_t{});
  holds(kernels::bitwise_xor, std::bit_xor<>(), std::int32_t{});
}

TEST_CASE("broadcast: add_into adds to every element in place, whatever is broadcast to it") {
  for (const Shape& shape : {Shape{many}, Shape{}, Shape{1}}) {
    CAPTURE(shape.rank());
    const Array start = sample({many}, float32, 1), values = sample(shape, float32, 2);
    const Array sum = on_two_threads([&] {
      Array total = start.clone();
      kernels::add_into(total, values);
      return total;
    });
    const std::int64_t step = shape == Shape{many} ? 1 : 0;
    CHECK(mismatches<float>(
              sum, [&](std::int64_t i) { return start.data<float>()[i] + values.data<float>()[i * step]; }) == 0);
  }
}

TEST_CASE("broadcast: where picks by the flag of each element, over rows and strides of its own") {
  const Array flags = sample({1000, 3}, boolean, 1), wide = sample({1000, 140}, float32, 2);
  const Array a = wide.slice(1, 1, 70, 2), b = sample({70}, float32, 3);
  const Array out = kernels::where(flags.slice(1, 1, 1, 1), a, b);
  CHECK(out.shape() == Shape{1000, 70});
  CHECK(mismatches<float>(out, [&](std::int64_t i) {
          const std::int64_t row = i / 70, column = i % 70;
          return flags.data<bool>()[row * 3 + 1] ? wide.data<float>()[row * 140 + 2 * column + 1]
                                                 : b.data<float>()[column];
        }) == 0);
  const Array narrow = Array::full({2}, 1, int32), fine = Array::full({2}, 0.5, float64);
  for (const auto& [yes, no] : {std::pair(narrow, fine), std::pair(fine, narrow)}) {
    const Array both = kernels::where(Array::from(std::vector<double>{1, 0}, {2}).astype(boolean), yes, no);
    CHECK(both.dtype() == float64);
    CHECK(both.data<double>()[0] + both.data<double>()[1] == 1.5);
  }
  const Array mask = sample({70, 1000}, boolean, 4);
  const Array turned = kernels::where(mask.transposed(), a, b);
  CHECK(mismatches<float>(turned, [&](std::int64_t i) {
          const std::int64_t row = i / 70, column = i % 70;
          return mask.data<bool>()[column * 1000 + row] ? wide.data<float>()[row * 140 + 2 * column + 1]
                                                        : b.data<float>()[column];
        }) == 0);
}

TEST_CASE("broadcast: NaN and infinities are told in every dtype, wherever they lie") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  Array x = sample({1001}, float64);
  for (std::int64_t i = 0; i < x.size(); i += 7) x.data<double>()[i] = i % 3 == 0 ? nan : i % 3 == 1 ? inf : -inf;
  for (const DType dtype : {float32, float64}) {
    const Array y = x.astype(dtype);
    const auto v = y.to_vector<double>();
    const auto at = [&](std::int64_t i) { return v[static_cast<std::size_t>(i)]; };
    CHECK(mismatches<bool>(kernels::isnan(y), [&](std::int64_t i) { return at(i) != at(i); }) == 0);
    CHECK(mismatches<bool>(kernels::isinf(y), [&](std::int64_t i) { return std::abs(at(i)) == inf; }) == 0);
    CHECK(mismatches<bool>(kernels::isfinite(y), [&](std::int64_t i) { return std::abs(at(i)) < inf; }) == 0);
  }
  CHECK(mismatches<bool>(kernels::isfinite(sample({100}, int64)), [](std::int64_t) { return true; }) == 0);
}
