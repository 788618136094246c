#include <doctest/doctest.h>

#include <bit>
#include <cstdlib>
#include <iostream>

#include "autograd/engine.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/trigonometry.hpp"
#include "lib/parallel.hpp"
#include "lib/random.hpp"
#include "tests/autograd/op_cases.hpp"
#include "tests/autograd/ranges.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

template <class T>
using Numbers = std::vector<T>;

/// Both signs of every exponent: the powers of two, their neighbours, and `between` numbers at random.
template <class T>
void every_exponent(int between, Generator& generator, Numbers<T>& points) {
  using Limits = std::numeric_limits<T>;
  for (int exponent = Limits::min_exponent - Limits::digits; exponent < Limits::max_exponent; ++exponent) {
    const T power = std::ldexp(T{1}, exponent);
    points.insert(points.end(), {power, std::nextafter(power, T{0}), std::nextafter(power, Limits::max())});
    for (const double part : generator.uniform({between}, 1, 2, float64).to_vector<double>())
      points.push_back(static_cast<T>(part) * power);
  }
  const Numbers<T> positive = points;
  for (const T x : positive) points.push_back(-x);
}

/// A point's neighbours, the nearest ones all and then at twice the distance each time.
template <class T>
void neighbours(T point, int nearest, Numbers<T>& points) {
  for (const T direction : {-std::numeric_limits<T>::infinity(), std::numeric_limits<T>::infinity()}) {
    T x = point;
    for (int i = 0; i < nearest; ++i) {
      points.push_back(x);
      x = std::nextafter(x, direction);
    }
    for (T distance = std::fabs(x - point); distance < 1; distance *= 2)
      points.push_back(direction < 0 ? point - distance : point + distance);
  }
}

template <class T>
Numbers<T> points_of(const RangeCase& function, int density) {
  using Limits = std::numeric_limits<T>;
  Generator generator(1);
  Numbers<T> points;
  every_exponent<T>((sizeof(T) == sizeof(float) ? 8 : 1) * density, generator, points);
  points.insert(points.end(), {T{0}, -T{0}, Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), Limits::max(),
                               Limits::lowest()});
  for (const double point : function.critical) neighbours(static_cast<T>(point), 32 * density, points);
  for (const double width : {1.5, 6.0, 20.0, 110.0, 760.0})
    if (width <= function.widest)
      for (const double x : generator.uniform({2000 * density}, -width, width, float64).template to_vector<double>())
        points.push_back(static_cast<T>(x));
  return points;
}

/// The distance of a number's neighbours, for subnormal ones too.
template <class T>
Wide unit(Wide x) {
  using Limits = std::numeric_limits<T>;
  if (!(std::fabs(x) >= Limits::min())) return Limits::denorm_min();
  return std::ldexp(Wide{1}, std::ilogb(std::fmin(std::fabs(x), Wide{Limits::max()})) - Limits::digits + 1);
}

/// How many units `got` is away; infinite if it is in another class.
template <class T>
double error(T got, Wide want, Wide scale) {
  constexpr double wrong = std::numeric_limits<double>::infinity();
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : wrong;
  const Wide limit = std::numeric_limits<T>::max(), largest_unit = unit<T>(limit);
  // Beyond the range infinity is right, and so is the largest number within the bound.
  if (std::isinf(want) && !std::isinf(got)) return wrong;
  const Wide number = std::isinf(got) ? std::copysign(limit + largest_unit, Wide{got}) : Wide{got};
  const Wide wanted = std::fmax(-limit - largest_unit, std::fmin(want, limit + largest_unit));
  if (want == 0 && scale == 0 && got != 0) return wrong;
  return static_cast<double>(std::fabs(number - wanted) / unit<T>(std::fmax(std::fabs(wanted), scale)));
}

/// The worst point of a function, and whether it is within the bound.
template <class T>
struct Worst {
  double ulps = 0;
  T at = 0, got = 0;
  Wide want = 0;

  void see(T x, T value, Wide reference, Wide scale) {
    const double now = error(value, reference, scale);
    if (!(now > ulps)) return;
    *this = {now, x, value, reference};
  }
};

template <class T>
void report(const std::string& name, const char* what, const Worst<T>& worst, const Bound& bound) {
  if (std::getenv("RANGES"))
    std::cout << name << ' ' << what << (sizeof(T) == 4 ? " f32 " : " f64 ") << worst.ulps << " at " << worst.at
              << " got " << worst.got << " want " << worst.want << std::endl;
  CHECK_MESSAGE(worst.ulps <= bound.ulps, name, what, dtype_of<T>(), ": ", worst.ulps, " units in the last place at ",
                worst.at, ": ", worst.got, ", expected ", static_cast<double>(worst.want));
}

template <class T>
void hold(const RangeCase& function, int density) {
  const Numbers<T> points = points_of<T>(function, density);
  const Tensor x = Tensor(Array::from(points, {static_cast<std::int64_t>(points.size())})).set_requires_grad();
  const Tensor y = function.function(x);
  const Numbers<T> values = y.to_vector<T>(), slopes = grad(sum(y), x).template to_vector<T>();
  Worst<T> value, slope;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Wide at = points[i];
    const auto scale = [&](const Bound& bound) { return bound.scale ? bound.scale(at) : Wide{0}; };
    value.see(points[i], values[i], function.value(at), scale(function.value_bound));
    const bool inside = std::isnan(at) ? function.smooth : at >= function.first && at <= function.last;
    if (inside) slope.see(points[i], slopes[i], function.slope(at), scale(function.slope_bound));
  }
  report(function.name, ", value, ", value, function.value_bound);
  report(function.name, ", slope, ", slope, function.slope_bound);
}

}  // namespace

TEST_CASE("ranges: exp is finite up to the largest number and subnormal down to the smallest") {
  CHECK(exp(Tensor({709.78}, float64)).item() == doctest::Approx(1.792824e308).epsilon(1e-4));
  CHECK(exp(Tensor(88.72f)).item() == doctest::Approx(3.4024e38).epsilon(1e-3));
  CHECK(exp(Tensor(-100.0f)).item<float>() == std::exp(-100.0f));
  CHECK(exp(Tensor({-745.0}, float64)).item() == std::numeric_limits<double>::denorm_min());
  CHECK(std::isfinite(expm1(Tensor({709.78}, float64)).item()));
  CHECK(sigmoid(Tensor(-100.0f)).item<float>() == std::exp(-100.0f));
  CHECK(softplus(Tensor(-100.0f)).item<float>() == std::exp(-100.0f));
}

TEST_CASE("ranges: activation functions and their gradients are their limits at 1e30 and infinity") {
  const std::vector<Function> functions{
      [](const Inputs& v) { return gelu(v[0], true); }, [](const Inputs& v) { return gelu(v[0]); },
      [](const Inputs& v) { return silu(v[0]); }, [](const Inputs& v) { return mish(v[0]); },
      [](const Inputs& v) { return elu(v[0]); }};
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const Function& function : functions) {
    const Tensor x = Tensor{1e30f, infinity, -1e30f, -infinity}.set_requires_grad(), y = function({x});
    const auto values = y.to_vector<float>();
    CHECK(values[0] == 1e30f);
    CHECK(values[1] == infinity);
    CHECK(values[2] == values[3]);
    CHECK((values[2] == 0 || values[2] == -1));
    CHECK(grad(sum(y), x).to_vector<float>() == std::vector<float>{1, 1, 0, 0});
  }
}

TEST_CASE("ranges: gradients hold where squares or cubes of their factors overflow or underflow") {
  const auto gradient = [](const Function& function, float at, float dy) {
    const Tensor x = Tensor{at}.set_requires_grad();
    return grad(sum(function({x}) * dy), x).item<float>();
  };
  CHECK(gradient([](const Inputs& v) { return atan(v[0]); }, 1e20f, 1e20f) == doctest::Approx(1e-20));
  CHECK(gradient([](const Inputs& v) { return asinh(v[0]); }, 1e20f, 1) == doctest::Approx(1e-20));
  CHECK(gradient([](const Inputs& v) { return acosh(v[0]); }, 1e20f, 1) == doctest::Approx(1e-20));
  CHECK(gradient([](const Inputs& v) { return softsign(v[0]); }, 1e20f, 1) == doctest::Approx(1e-40f));
  CHECK(gradient([](const Inputs& v) { return reciprocal(v[0]); }, 1e25f, 1e30f) == doctest::Approx(-1e-20));
  CHECK(gradient([](const Inputs& v) { return rsqrt(v[0]); }, 1e-30f, 1e-30f) == doctest::Approx(-5e14));
  CHECK(gradient([](const Inputs& v) { return expm1(v[0]); }, -80, 1) == std::exp(-80.0f));
  CHECK(gradient([](const Inputs& v) { return elu(v[0]); }, -80, 1) == doctest::Approx(std::exp(-80.0f)));
  CHECK(gradient([](const Inputs& v) { return selu(v[0]); }, -80, 1) > 0);
  CHECK(gradient([](const Inputs& v) { return sigmoid(v[0]); }, 80, 1) == doctest::Approx(std::exp(-80.0f)));
}

TEST_CASE("ranges: an element's bits do not depend on its place or on the threads") {
  const std::vector<Tensor (*)(const Operand&)> functions{exp,      expm1, log,  log1p, tanh,    sigmoid,
                                                          softplus, selu,  silu, mish,  softsign};
  const auto bits = [](const Tensor& x) {
    std::vector<std::uint64_t> result;
    for (const double value : x.to_vector<double>()) result.push_back(std::bit_cast<std::uint64_t>(value));
    return result;
  };
  const std::int64_t count = 100'003;
  for (const DType dtype : {float32, float64}) {
    const Tensor x = Generator(3).uniform({count}, 0.001, 20, dtype);
    for (const auto function : functions) {
      set_num_threads(1);
      const Tensor whole = function(x);
      set_num_threads(2);
      CHECK(bits(function(x)) == bits(whole));
      for (const std::int64_t start : {std::int64_t{1}, std::int64_t{13}, count - 3}) {
        const auto part = [&](const Tensor& of) { return slice(of, 0, {.start = start, .stop = start + 3}); };
        CHECK(bits(function(part(x))) == bits(part(whole)));
      }
    }
  }
  set_num_threads(0);
}

TEST_CASE("ranges: every elementwise function and its gradient are exact over all numbers") {
  for (const RangeCase& function : range_cases()) {
    hold<float>(function, 1);
    hold<double>(function, 1);
  }
}

TEST_CASE("ranges, dense: every elementwise function and its gradient at many more numbers" * doctest::skip()) {
  for (const RangeCase& function : range_cases()) {
    hold<float>(function, 100);
    hold<double>(function, 100);
  }
}
