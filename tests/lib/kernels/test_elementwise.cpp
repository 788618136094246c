#include "lib/kernels/elementwise.hpp"

#include <cmath>
#include <limits>

#include "lib/kernels/activation.hpp"
#include "lib/kernels/special.hpp"
#include "lib/kernels/trigonometry.hpp"
#include "tests/lib/kernels/support.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

using Kernel = Array (*)(const Array&);
using Formula = double (*)(double);

/// A kernel, what the C library says, and where both are defined.
struct Function {
  const char* name;
  Kernel kernel;
  Formula formula;
  double low = -3, high = 3;
};

const Function functions[] = {
    {"exp", kernels::exp, std::exp},
    {"expm1", kernels::expm1, std::expm1},
    {"log", kernels::log, std::log, 0.1, 9},
    {"log1p", kernels::log1p, std::log1p, -0.9, 9},
    {"sqrt", kernels::sqrt, std::sqrt, 0, 9},
    {"rsqrt", kernels::rsqrt, [](double x) { return 1 / std::sqrt(x); }, 0.1, 9},
    {"tanh", kernels::tanh, std::tanh},
    {"sigmoid", kernels::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }},
    {"softplus", kernels::softplus, [](double x) { return std::log1p(std::exp(x)); }},
    {"erf", kernels::erf, std::erf},
    {"erfc", kernels::erfc, std::erfc},
    {"floor", kernels::floor, std::floor},
    {"ceil", kernels::ceil, std::ceil},
    {"round", kernels::round, std::nearbyint},
    {"gelu", kernels::gelu, [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }},
    {"silu", kernels::silu, [](double x) { return x / (1 + std::exp(-x)); }},
    {"mish", kernels::mish, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }},
    {"hard_sigmoid", kernels::hard_sigmoid, [](double x) { return std::min(std::max(x / 6 + 0.5, 0.0), 1.0); }, -5, 5},
    {"softsign", kernels::softsign, [](double x) { return x / (1 + std::abs(x)); }},
    {"sin", kernels::sin, std::sin},
    {"cos", kernels::cos, std::cos},
    {"tan", kernels::tan, std::tan, -1, 1},
    {"asin", kernels::asin, std::asin, -1, 1},
    {"acos", kernels::acos, std::acos, -1, 1},
    {"atan", kernels::atan, std::atan},
    {"sinh", kernels::sinh, std::sinh},
    {"cosh", kernels::cosh, std::cosh},
    {"asinh", kernels::asinh, std::asinh},
    {"acosh", kernels::acosh, std::acosh, 1, 9},
    {"atanh", kernels::atanh, std::atanh, -0.9, 0.9},
    {"lgamma", kernels::lgamma, std::lgamma, 3, 9},
};

template <class T>
bool close(T got, double expected) {
  constexpr double tolerance = 32 * std::numeric_limits<T>::epsilon();
  return std::abs(static_cast<double>(got) - expected) <= tolerance * (1 + std::abs(expected));
}

template <class T>
void check(const Function& function) {
  CAPTURE(function.name);
  const Array x = sample({many_costly}, dtype_of<T>(), 1, function.low, function.high);
  const Array y = on_two_threads([&] { return function.kernel(x); });
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < many_costly; ++i)
    wrong += !close(y.data<T>()[i], function.formula(static_cast<double>(x.data<T>()[i])));
  CHECK(wrong == 0);
}

/// The same for a plain loop, whose results are exact.
template <class T, class F>
void check_exact(const char* name, Kernel kernel, F formula) {
  CAPTURE(name);
  const Array x = sample({many}, dtype_of<T>());
  const Array y = on_two_threads([&] { return kernel(x); });
  CHECK(y.dtype() == x.dtype());
  CHECK(mismatches<T>(y, [&](std::int64_t i) { return static_cast<T>(formula(x.data<T>()[i])); }) == 0);
}

template <class T>
void check_plain_loops() {
  check_exact<T>("negative", kernels::negative, [](T v) { return -v; });
  check_exact<T>("square", kernels::square, [](T v) { return v * v; });
  check_exact<T>("abs", kernels::abs, [](T v) { return v < T{0} ? -v : v; });
  check_exact<T>("sign", kernels::sign, [](T v) { return v < T{0} ? -1 : v > T{0} ? 1 : 0; });
  check_exact<T>("relu", kernels::relu, [](T v) { return v > T{0} ? v : T{0}; });
}

}  // namespace

TEST_CASE("elementwise: every function is the C library's on both sides of the threads' cut") {
  for (const Function& function : functions) {
    check<float>(function);
    check<double>(function);
  }
}

TEST_CASE("elementwise: plain loops on both sides of the threads' cut") {
  check_plain_loops<float>();
  check_plain_loops<double>();
  check_plain_loops<std::int64_t>();
}

TEST_CASE("elementwise: gradients on both sides of the threads' cut") {
  const Array dy = sample({many}, float32, 1), y = sample({many}, float32, 2);
  const float *g = dy.data<float>(), *v = y.data<float>();
  const Array of_tanh = on_two_threads([&] { return kernels::tanh_gradient(dy, y); });
  const Array of_relu = on_two_threads([&] { return kernels::relu_gradient(dy, y); });
  const Array of_gelu = on_two_threads([&] { return kernels::gelu_gradient(dy, y); }), slope = kernels::gelu_slope(y);
  CHECK(mismatches<float>(of_gelu, [&](std::int64_t i) { return slope.data<float>()[i] * g[i]; }) == 0);
  CHECK(mismatches<float>(of_relu, [&](std::int64_t i) { return v[i] > 0 ? g[i] : 0.0F; }) == 0);
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < many; ++i) {
    const double a = g[i], b = v[i];
    wrong += !close(of_tanh.data<float>()[i], a * (1 - b * b));
  }
  CHECK(wrong == 0);
}

TEST_CASE("elementwise: the logarithm of the smallest doubles, wherever they lie") {
  Array x = sample({many_costly}, float64, 1, 0.1, 9);
  double* values = x.data<double>();
  for (std::int64_t i = 0; i < many_costly; i += 1000) values[i] = 0x1p-1074 * static_cast<double>(1 + i);
  values[many_costly - 1] = 0x1p-1074;
  const Array y = on_two_threads([&] { return kernels::log(x); });
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < many_costly; ++i) wrong += !close(y.data<double>()[i], std::log(values[i]));
  CHECK(wrong == 0);
}

TEST_CASE("elementwise: parameters reach the elements of every thread") {
  const Array x = sample({many_costly}, float64);
  const double* v = x.data<double>();
  const auto check_formula = [&](const Array& y, auto formula) {
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < many_costly; ++i) wrong += !close(y.data<double>()[i], formula(v[i]));
    CHECK(wrong == 0);
  };
  check_formula(on_two_threads([&] { return kernels::leaky_relu(x, 0.25); }),
                [](double a) { return a > 0 ? a : 0.25 * a; });
  check_formula(on_two_threads([&] { return kernels::elu(x, 1.5, 2); }),
                [](double a) { return a > 0 ? 2 * a : 3 * std::expm1(a); });
}

TEST_CASE("elementwise: digamma climbs by 1 / x in every thread's part") {
  const Array x = sample({many_costly}, float64, 1, 0.5, 30);
  Array next = x.clone();
  for (std::int64_t i = 0; i < many_costly; ++i) next.data<double>()[i] += 1;
  const Array y = on_two_threads([&] { return kernels::polygamma(0, x); });
  const Array above = on_two_threads([&] { return kernels::polygamma(0, next); });
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < many_costly; ++i)
    wrong += !close(above.data<double>()[i], y.data<double>()[i] + 1 / x.data<double>()[i]);
  CHECK(wrong == 0);
}
