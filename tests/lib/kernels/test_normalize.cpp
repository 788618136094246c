#include "lib/kernels/normalize.hpp"

#include <cmath>

#include "tests/lib/kernels/compare.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

constexpr double epsilon = 1e-5;

/// Rows of x (rows, n) normalised, and the gradients, by plain loops.
struct Expected {
  std::vector<double> y, dx, dgamma, dbeta;

  Expected(const Array& input, const Array& gradient, const Array& factor, const Array& shift)
      : y(numbers(input)), dx(y), dgamma(numbers(factor).size()), dbeta(dgamma) {
    const std::int64_t n = input.shape().back();
    const auto x = numbers(input), dy = numbers(gradient), gamma = numbers(factor), beta = numbers(shift);
    for (std::int64_t row = 0; row < input.size(); row += n) {
      const auto mean = [&](auto term) {
        double sum = 0;
        for (std::int64_t i = row; i < row + n; ++i) sum += term(i);
        return sum / static_cast<double>(n);
      };
      const double middle = mean([&](auto i) { return at(x, i); });
      const double spread = mean([&](auto i) { return (at(x, i) - middle) * (at(x, i) - middle); });
      const double scale = 1 / std::sqrt(spread + epsilon);
      const auto unit = [&](std::int64_t i) { return (at(x, i) - middle) * scale; };
      const auto g = [&](std::int64_t i) { return at(dy, i) * at(gamma, i - row); };
      const double level = mean(g), along = mean([&](auto i) { return g(i) * unit(i); });
      for (std::int64_t i = row; i < row + n; ++i) {
        y[static_cast<std::size_t>(i)] = unit(i) * at(gamma, i - row) + at(beta, i - row);
        dx[static_cast<std::size_t>(i)] = (g(i) - level - unit(i) * along) * scale;
        dgamma[static_cast<std::size_t>(i - row)] += at(dy, i) * unit(i);
        dbeta[static_cast<std::size_t>(i - row)] += at(dy, i);
      }
    }
  }
};

void check_rows(const Shape& shape, DType dtype, double error) {
  CAPTURE(to_string(shape));
  const Array x = random(shape, 1, dtype), dy = random(shape, 2, dtype);
  const Array gamma = random({shape.back()}, 3, dtype), beta = random({shape.back()}, 4, dtype);
  const Expected expected(x, dy, gamma, beta);
  check_near(on_threads([&] { return kernels::layer_norm(x, gamma, beta, epsilon); }), expected.y, error);
  const auto gradient = [&](Array kernels::NormGradient::*part) {
    return on_threads([&] { return kernels::layer_norm_gradient(dy, x, gamma, epsilon, true).*part; });
  };
  const double rows = static_cast<double>(x.size()) / static_cast<double>(shape.back());
  check_near(gradient(&kernels::NormGradient::x), expected.dx, 10 * error);
  check_near(gradient(&kernels::NormGradient::gamma), expected.dgamma, std::sqrt(rows) * 10 * error);
  check_near(gradient(&kernels::NormGradient::beta), expected.dbeta, std::sqrt(rows) * 10 * error);
}

}  // namespace

TEST_CASE("layer_norm: agrees with plain loops, both ways, on rows around the lanes") {
  for (const std::int64_t n : {2, 5, 63, 64, 65, 127, 128, 129, 200, 1000}) check_rows({9, n}, float32, 1e-5);
  check_rows({2, 3, 130}, float64, 1e-13);
}

TEST_CASE("layer_norm: every row of many, both ways, with the same bits on any number of threads") {
  check_rows({5000, 70}, float32, 1e-5);
  check_rows({5003, 128}, float32, 1e-5);
  check_rows({401, 3000}, float32, 1e-5);
}

TEST_CASE("layer_norm: rows of one number are beta, and their gradients are zeros") {
  const Array x = random({100, 1}, 3), two = Array::full({1}, 2, float32);
  CHECK(numbers(kernels::layer_norm(x, two, two, epsilon)) == std::vector<double>(100, 2));
  const auto gradient = kernels::layer_norm_gradient(random({100, 1}, 4), x, two, epsilon, true);
  check_near(gradient.x, std::vector<double>(100, 0), 0);
  CHECK(numbers(gradient.gamma) == std::vector<double>{0});
}

TEST_CASE("layer_norm: no rows, and a gradient of x that nobody wants") {
  const Array x = Array::empty({0, 3}, float32), ones = Array::full({3}, 1, float32);
  CHECK(kernels::layer_norm(x, ones, ones, epsilon).shape() == Shape{0, 3});
  const auto none = kernels::layer_norm_gradient(x, x, ones, epsilon, true);
  CHECK(none.x.shape() == Shape{0, 3});
  CHECK(numbers(none.gamma) == std::vector<double>{0, 0, 0});
  const Array rows = random({4, 3}, 1);
  const auto some = kernels::layer_norm_gradient(rows, rows, ones, epsilon, false);
  CHECK(some.x.size() == 0);
  CHECK(numbers(some.beta) == numbers(kernels::layer_norm_gradient(rows, rows, ones, epsilon, true).beta));
}
