#include "lib/kernels/batch_norm.hpp"

#include <cmath>

#include "tests/lib/kernels/compare.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

constexpr double epsilon = 1e-3;

/// By plain loops over x (rows, n).
struct Expected {
  std::vector<double> mean, variance, y, dx, dgamma, dbeta;

  Expected(const Array& input, const Array& gradient, const Array& gamma, const Array& beta) {
    const std::int64_t n = input.shape().back(), rows = input.size() / n;
    const auto x = numbers(input), dy = numbers(gradient), scale = numbers(gamma), shift = numbers(beta);
    const auto count = static_cast<double>(rows);
    y = dx = x;
    for (std::int64_t c = 0; c < n; ++c) {
      const auto over_rows = [&](auto term) {
        long double sum = 0;
        for (std::int64_t row = 0; row < rows; ++row) sum += term(row * n + c);
        return static_cast<double>(sum);
      };
      const double middle = over_rows([&](auto i) { return at(x, i); }) / count;
      const double spread = over_rows([&](auto i) { return (at(x, i) - middle) * (at(x, i) - middle); }) / count;
      const double inverse = 1 / std::sqrt(spread + epsilon);
      const auto unit = [&](std::int64_t i) { return (at(x, i) - middle) * inverse; };
      mean.push_back(middle);
      variance.push_back(spread);
      dbeta.push_back(over_rows([&](auto i) { return at(dy, i); }));
      dgamma.push_back(over_rows([&](auto i) { return at(dy, i) * unit(i); }));
      for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t i = row * n + c;
        y[static_cast<std::size_t>(i)] = unit(i) * at(scale, c) + at(shift, c);
        dx[static_cast<std::size_t>(i)] =
            (at(dy, i) - dbeta.back() / count - unit(i) * dgamma.back() / count) * inverse * at(scale, c);
      }
    }
  }
};

void check_all(const Shape& shape, DType dtype, double low, double high, double error) {
  CAPTURE(to_string(shape));
  const Shape row{shape.back()};
  const Array x = random(shape, 1, dtype, low, high), dy = random(shape, 2, dtype);
  const Array gamma = random(row, 3, dtype, 0.5, 2), beta = random(row, 4, dtype);
  const Expected expected(x, dy, gamma, beta);
  const double rows = static_cast<double>(x.size() / shape.back());
  const kernels::Moments moments = kernels::column_moments(x);
  check_near(moments.mean, expected.mean, error * std::max(std::abs(low), std::abs(high)));
  check_near(moments.variance, expected.variance, error);
  check_near(kernels::batch_norm(x, moments, gamma, beta, epsilon), expected.y, 10 * error);
  const auto gradient = kernels::batch_norm_gradient(dy, x, moments, gamma, epsilon, true);
  check_near(gradient.x, expected.dx, 20 * error);
  check_near(gradient.gamma, expected.dgamma, error * rows);
  check_near(gradient.beta, expected.dbeta, error * rows);
  CHECK_FALSE(kernels::batch_norm_gradient(dy, x, moments, gamma, epsilon, false).x.defined());
}

}  // namespace

TEST_CASE("batch_norm: agrees with plain loops on every width of a panel, and around every block and group") {
  for (const std::int64_t n : {1, 3, 15, 16, 17, 63, 64, 65, 80, 96, 145, 520})
    for (const std::int64_t rows : {1, 7, 8, 9, 300}) check_all({rows, n}, float32, -1, 1, 2e-6);
  // Blocks of 64 rows, one to a group up to 4096 rows; then of 1024.
  for (const std::int64_t rows : {63, 64, 65, 4096, 4097, 8191, 8193}) check_all({rows, 64}, float32, -1, 1, 2e-6);
  check_all({70001, 2}, float32, -1, 1, 2e-6);
  check_all({3, 20, 30, 5}, float64, -1, 1, 1e-14);
}

TEST_CASE("batch_norm: a mean far from zero costs no more digits than x has") {
  check_all({5000, 20}, float32, 999, 1001, 1e-4);
  check_all({5000, 20}, float64, 1e6 - 1, 1e6 + 1, 1e-9);
  const Array x = random({2000, 3}, 1, float32, 1e4, 1e4 + 1);
  const auto moments = kernels::column_moments(x);
  for (const double variance : numbers(moments.variance)) CHECK(variance == doctest::Approx(1.0 / 12).epsilon(0.05));
  const auto same = kernels::column_moments(Array::full({5000, 3}, 0.1));
  CHECK(numbers(same.variance) == std::vector<double>(3, 0));
  CHECK(same_bits(same.mean, Array::full({3}, 0.1)));
}

TEST_CASE("batch_norm: one row far from the others does not spoil the variance") {
  const Array x = random({9000, 20}, 1);
  for (std::int64_t c = 0; c < 20; ++c) x.data<float>()[c] = 1000;
  check_near(kernels::column_moments(x).variance, Expected(x, x, Array::full({20}, 1), Array::zeros({20})).variance,
             1e-3);
}

TEST_CASE("batch_norm: the same bits on any number of threads") {
  for (const Shape& shape : {Shape{9001, 64}, Shape{300001, 3}, Shape{500, 2000}}) {
    const Shape row{shape.back()};
    const Array x = random(shape, 1), dy = random(shape, 2), gamma = random(row, 3), beta = random(row, 4);
    const Array mean = on_threads([&] { return kernels::column_moments(x).mean; });
    const Array variance = on_threads([&] { return kernels::column_moments(x).variance; });
    const kernels::Moments moments{mean, variance};
    on_threads([&] { return kernels::batch_norm(x, moments, gamma, beta, epsilon); });
    const auto gradient = [&] { return kernels::batch_norm_gradient(dy, x, moments, gamma, epsilon, true); };
    on_threads([&] { return gradient().x; });
    on_threads([&] { return gradient().gamma; });
    on_threads([&] { return gradient().beta; });
  }
}

TEST_CASE("batch_norm: NaN stays in its column") {
  const Array x = random({3000, 70}, 1);
  x.data<float>()[2000 * 70 + 66] = std::nanf("");
  const auto moments = kernels::column_moments(x);
  for (std::int64_t c = 0; c < 70; ++c) {
    CHECK(std::isnan(at(numbers(moments.mean), c)) == (c == 66));
    CHECK(std::isnan(at(numbers(moments.variance), c)) == (c == 66));
  }
}
