#include <doctest/doctest.h>

#include <bit>
#include <numbers>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/scan.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/ops/special.hpp"
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
void report(const std::string& name, const std::string& what, const Worst<T>& worst, const Bound& bound) {
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

/// Equal up to a relative error.
doctest::Approx about(double value, double error = 1e-6) { return doctest::Approx(value).scale(0).epsilon(error); }

/// Numbers whose pairs are tried: ends of the range, whole and other numbers, and some of every size.
template <class T>
Numbers<T> sides(int count) {
  using Limits = std::numeric_limits<T>;
  Numbers<T> numbers{
      0, Limits::infinity(), Limits::max(), Limits::min(), Limits::denorm_min(), 100 * Limits::denorm_min()};
  for (const double x : {1.0, 2.0, 3.0, 0.5, 1.5, 0.1, 0.999, 10.0, 50.5, 100.0, 700.0, 1e-10, 1e10, 1e-30, 1e30})
    numbers.push_back(static_cast<T>(x));
  numbers.push_back(std::nextafter(T{1}, T{2}));
  Generator generator(2);
  const double reach = Limits::max_exponent - 1;
  for (const double range : {1.0, 8.0, reach})
    for (const double exponent : generator.uniform({count}, -range, range, float64).to_vector<double>())
      numbers.push_back(static_cast<T>(std::exp2(exponent)));
  const Numbers<T> positive = numbers;
  for (const T x : positive) numbers.push_back(-x);
  numbers.push_back(Limits::quiet_NaN());
  return numbers;
}

template <class T>
void hold(const PairCase& function, int count) {
  const Numbers<T> numbers = sides<T>(count);
  const auto size = static_cast<std::int64_t>(numbers.size());
  const Tensor column(Array::from(numbers, {size, 1})), row(Array::from(numbers, {1, size}));
  const Tensor a = broadcast_to(column, {size, size}).detach().set_requires_grad();
  const Tensor b = broadcast_to(row, {size, size}).detach().set_requires_grad();
  const Tensor result = function.function(a, b);
  const std::vector<Tensor> gradients = grad({sum(result)}, {a, b});
  const Numbers<T> values = result.to_vector<T>(), of_a = gradients[0].to_vector<T>(),
                   of_b = gradients[1].to_vector<T>();
  Worst<T> value, first, second;
  std::size_t i = 0;
  for (const T x : numbers)
    for (const T y : numbers) {
      const Wide scale = function.scale ? function.scale(x, y) : 0;
      value.see(x, values[i], function.value(x, y), scale);
      first.see(x, of_a[i], function.first_slope(x, y), 0);
      second.see(x, of_b[i], function.second_slope(x, y), 0);
      ++i;
    }
  report(function.name, ", value, ", value, {});
  report(function.name, ", slope of the first, ", first, {});
  report(function.name, ", slope of the second, ", second, {});
}

}  // namespace

TEST_CASE("ranges: exp is finite up to the largest number and subnormal down to the smallest") {
  CHECK(exp(Tensor({709.78}, float64)).item() == about(1.792824e308, 1e-3));
  CHECK(exp(Tensor(88.72f)).item() == about(3.39318e38, 1e-3));
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
  CHECK(gradient([](const Inputs& v) { return atan(v[0]); }, 1e18f, 1e18f) == about(1e-18));
  CHECK(gradient([](const Inputs& v) { return asinh(v[0]); }, 1e20f, 1) == about(1e-20));
  CHECK(gradient([](const Inputs& v) { return acosh(v[0]); }, 1e20f, 1) == about(1e-20));
  CHECK(gradient([](const Inputs& v) { return softsign(v[0]); }, 1e20f, 1) == about(1e-40f));
  CHECK(gradient([](const Inputs& v) { return reciprocal(v[0]); }, 1e25f, 1e30f) == about(-1e-20));
  CHECK(gradient([](const Inputs& v) { return rsqrt(v[0]); }, 1e-30f, 1e-30f) == about(-5e14));
  CHECK(gradient([](const Inputs& v) { return expm1(v[0]); }, -80, 1) == std::exp(-80.0f));
  CHECK(gradient([](const Inputs& v) { return elu(v[0]); }, -80, 1) == about(std::exp(-80.0f)));
  CHECK(gradient([](const Inputs& v) { return selu(v[0]); }, -80, 1) > 0);
  CHECK(gradient([](const Inputs& v) { return sigmoid(v[0]); }, 80, 1) == about(std::exp(-80.0f)));
}

TEST_CASE("ranges: digamma, its derivatives and lgamma's gradient go on below -10000") {
  const Tensor x = Tensor({-10000.5, -123456.25, -1e9 - 0.5, -3.0}, float64).set_requires_grad();
  const auto slopes = grad(sum(lgamma(x)), x).to_vector<double>();
  CHECK(slopes[0] == about(std::log(10001.0), 1e-9));
  CHECK(slopes[1] == about(std::log(123456.75) + std::numbers::pi, 1e-9));
  CHECK(slopes[2] == about(std::log(1e9 + 1), 1e-12));
  CHECK(std::isnan(slopes[3]));
  CHECK(polygamma(1, x.detach()).to_vector<double>()[0] == about(std::pow(std::numbers::pi, 2) - 1e-4, 1e-7));
  CHECK(polygamma(1, Tensor({-2.0}, float64)).item() == std::numeric_limits<double>::infinity());
  // psi_n(x) - psi_n(x + 1) is (-1)^(n + 1) n! x^(-n - 1), on both sides of 0.
  for (const double at : {-20000.3, -7.7, -0.4, 0.3, 12.5})
    for (const int n : {2, 3, 4}) {
      const double step = polygamma(n, Tensor({at + 1}, float64)).item() - polygamma(n, Tensor({at}, float64)).item();
      const double size = std::abs(polygamma(n, Tensor({at}, float64)).item());
      CHECK(std::abs(step - (n % 2 == 0 ? 1 : -1) * std::tgamma(n + 1) * std::pow(at, -n - 1)) <= 1e-14 * size);
    }
}

TEST_CASE("ranges: norm neither overflows nor vanishes, and its gradient with it") {
  for (const float size : {1e30f, 1e-30f, 1.0f}) {
    const Tensor x = Tensor{3 * size, 4 * size}.set_requires_grad(), length = norm(x);
    CHECK(length.item<float>() == about(5 * size, 1e-6));
    const auto slopes = grad(length, x).to_vector<float>();
    CHECK(slopes[0] == about(0.6));
    CHECK(slopes[1] == about(0.8));
  }
  for (const double size : {0x1p1000, 0x1p-1000, 0x1p-1070}) {
    const Tensor x({{3 * size, 0.0}, {4 * size, size}}, float64);
    CHECK(norm(x, {.axis = 0}).to_vector<double>() == std::vector<double>{5 * size, size});
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(norm(Tensor({1.0, -infinity}, float64)).item() == infinity);
  CHECK(std::isnan(norm(Tensor({infinity, std::nan("")}, float64)).item()));
  CHECK(norm(zeros({0})).item() == 0);
}

TEST_CASE("ranges: the norm of order 3 holds for large and small numbers, with the gradient 0 at 0") {
  const NormOptions cubic{.order = 3};
  const Tensor nothing = zeros({3}).set_requires_grad();
  CHECK(grad(norm(nothing, cubic), nothing).to_vector<double>() == std::vector<double>{0, 0, 0});
  const Tensor some = Tensor{0.0f, 2.0f}.set_requires_grad();
  CHECK(grad(norm(some, cubic), some).to_vector<double>() == std::vector<double>{0, 1});
  for (const float size : {1e30f, 1e-30f}) {
    const Tensor x = Tensor{size, -2 * size}.set_requires_grad(), length = norm(x, cubic);
    CHECK(length.item<float>() == about(std::cbrt(9.0) * size, 1e-6));
    const auto slopes = grad(length, x).to_vector<float>();
    CHECK(slopes[0] == about(std::pow(9, -2.0 / 3), 1e-6));
    CHECK(slopes[1] == about(-4 * std::pow(9, -2.0 / 3), 1e-6));
  }
}

TEST_CASE("ranges: the standard deviation of equal elements has the gradient 0, that of large ones is finite") {
  const Tensor equal = full({4}, 2.5).set_requires_grad();
  CHECK(grad(stddev(equal), equal).to_vector<double>() == std::vector<double>{0, 0, 0, 0});
  CHECK(grad(var(equal), equal).to_vector<double>() == std::vector<double>{0, 0, 0, 0});
  const Tensor large = Tensor{3e30f, -3e30f}.set_requires_grad(), small = Tensor{3e-30f, -3e-30f};
  CHECK(stddev(large).item<float>() == about(3e30f));
  CHECK(grad(stddev(large), large).to_vector<float>()[0] == about(0.5));
  CHECK(stddev(small).item<float>() == about(3e-30f));
}

TEST_CASE("ranges: powers of 0 and of negative numbers, with their gradients") {
  const auto slopes = [](double a, double b) {
    const Tensor base = Tensor({a}, float64).set_requires_grad(), exponent = Tensor({b}, float64).set_requires_grad();
    const auto both = grad({pow(base, exponent)}, {base, exponent});
    return std::pair(both[0].item(), both[1].item());
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  using Pair = std::pair<double, double>;
  CHECK(pow(0.0, Tensor({2.0, 0.0, -1.0}, float64)).to_vector<double>() == std::vector<double>{0, 1, infinity});
  CHECK(slopes(0, 2) == Pair(0, 0));
  CHECK(slopes(0, 1) == Pair(1, 0));
  CHECK(slopes(0, 0.5) == Pair(infinity, 0));
  CHECK(slopes(0, 0) == Pair(0, 0));
  CHECK(slopes(0, -1) == Pair(-infinity, -infinity));
  CHECK(slopes(-2, 3).first == 12);
  CHECK(slopes(-2, -2).first == 0.25);
  CHECK(std::isnan(slopes(-2, 3).second));
  CHECK(slopes(1e200, 1.9).first == about(1.9e180));
  CHECK(slopes(1e200, 1.9).second == infinity);
  const Tensor large = Tensor{1e20f}.set_requires_grad();
  CHECK(grad(sum(pow(large, 2.0)), large).item<float>() == 2e20f);
}

TEST_CASE("ranges: gradients of atan2 and logaddexp for large, small and infinite numbers") {
  const auto slope = [](Tensor (*f)(Operand, Operand), float a, float b) {
    const Tensor x = Tensor{a}.set_requires_grad();
    return grad(sum(f(x, b)), x).item<float>();
  };
  constexpr float infinity = std::numeric_limits<float>::infinity();
  CHECK(slope(atan2, 3e30f, 4e30f) == about(1.6e-31f));
  CHECK(slope(atan2, 3e-30f, 4e-30f) == about(1.6e29f));
  CHECK(slope(atan2, 1, infinity) == 0);
  CHECK(slope(logaddexp, infinity, infinity) == 0.5f);
  CHECK(slope(logaddexp, -infinity, -infinity) == 0.5f);
  CHECK(slope(logaddexp, -infinity, 0) == 0);
  CHECK(slope(logaddexp, -100, 0) == std::exp(-100.0f));
  CHECK(logaddexp(Tensor(infinity), -infinity).item<float>() == infinity);
  CHECK(logaddexp(Tensor(-infinity), -infinity).item<float>() == -infinity);
}

TEST_CASE("ranges: a long running sum is as exact at its end as at its beginning") {
  const std::int64_t count = 20'000'001;
  const Tensor running = cumsum(ones({count}), 0);
  CHECK(select(running, -1).item() == static_cast<double>(static_cast<float>(count)));
  CHECK(select(running, 16'777'299).item() == 16'777'300);
  const std::int64_t tenths = 1'000'000;
  CHECK(select(cumsum(full({tenths}, 0.1, float64), 0), -1).item() == 0.1 * static_cast<double>(tenths));
  const Tensor product = cumprod(full({100'000}, 1.00001f), 0);
  CHECK(select(product, -1).item<float>() == static_cast<float>(std::pow(static_cast<double>(1.00001f), 100'000)));
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(cumsum(Tensor({1.0, infinity, 2.0}, float64), 0).to_vector<double>() ==
        std::vector<double>{1, infinity, infinity});
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

TEST_CASE("ranges: the bits of pairs do not depend on their place") {
  Generator generator(4);
  const Tensor a = generator.uniform({1003}, 0.1, 9), b = generator.uniform({1003}, -9, 9);
  const auto slopes = [](Tensor (*f)(Operand, Operand), const Tensor& x, const Tensor& y) {
    const Tensor p = x.detach().set_requires_grad(), q = y.detach().set_requires_grad();
    return grad({sum(f(p, q))}, {p, q});
  };
  const auto part = [](const Tensor& x) { return slice(x, 0, {.start = 5, .stop = 18}).to_vector<float>(); };
  for (const auto f : {pow, atan2, logaddexp}) {
    const auto whole = slopes(f, a, b);
    const auto some = slopes(f, slice(a, 0, {.start = 5, .stop = 18}), slice(b, 0, {.start = 5, .stop = 18}));
    CHECK(part(whole[0]) == some[0].to_vector<float>());
    CHECK(part(whole[1]) == some[1].to_vector<float>());
  }
}

TEST_CASE("ranges: every elementwise function and its gradient are exact over all numbers") {
  for (const RangeCase& function : range_cases()) {
    hold<float>(function, 1);
    hold<double>(function, 1);
  }
}

TEST_CASE("ranges: functions of two tensors and their gradients are exact for pairs of all sizes") {
  for (const PairCase& function : pair_cases()) {
    hold<float>(function, 10);
    hold<double>(function, 10);
  }
}

TEST_CASE("dense ranges: every elementwise function and its gradient at many more numbers" * doctest::skip()) {
  for (const RangeCase& function : range_cases()) {
    hold<float>(function, 100);
    hold<double>(function, 100);
  }
}
