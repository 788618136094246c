#include "lib/kernels/normalize.hpp"

#include <cmath>

#include "tests/lib/kernels/compare.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

constexpr double epsilon = 1e-5;

/// Rows of x (rows, n) standardized, and the gradient, by plain loops.
struct Expected {
  std::vector<double> y, dx;

  Expected(const Array& input, const Array& gradient) : y(numbers(input)), dx(y) {
    const std::int64_t n = input.shape().back();
    const auto x = numbers(input), dy = numbers(gradient);
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
      const double level = mean([&](auto i) { return at(dy, i); });
      const double along = mean([&](auto i) { return at(dy, i) * unit(i); });
      for (std::int64_t i = row; i < row + n; ++i) {
        y[static_cast<std::size_t>(i)] = unit(i);
        dx[static_cast<std::size_t>(i)] = (at(dy, i) - level - unit(i) * along) * scale;
      }
    }
  }
};

void check_rows(const Shape& shape, DType dtype, double error) {
  CAPTURE(to_string(shape));
  const Array x = random(shape, 1, dtype), dy = random(shape, 2, dtype);
  const Expected expected(x, dy);
  const Array y = on_threads([&] { return kernels::standardize(x, epsilon); });
  check_near(y, expected.y, error);
  check_near(on_threads([&] { return kernels::standardize_gradient(dy, x, y, epsilon); }), expected.dx, 10 * error);
}

}  // namespace

TEST_CASE("standardize: agrees with plain loops, both ways, on rows around the lanes") {
  for (const std::int64_t n : {2, 5, 63, 64, 65, 127, 128, 129, 200, 1000}) check_rows({9, n}, float32, 1e-5);
  check_rows({2, 3, 130}, float64, 1e-13);
}

TEST_CASE("standardize: every row of many, both ways, with the same bits on any number of threads") {
  check_rows({5000, 70}, float32, 1e-5);
  check_rows({5003, 128}, float32, 1e-5);
  check_rows({401, 3000}, float32, 1e-5);
}

TEST_CASE("standardize: rows of one number are zeros, and so are their gradients") {
  const Array x = random({100, 1}, 3), y = kernels::standardize(x, epsilon);
  CHECK(numbers(y) == std::vector<double>(100, 0));
  check_near(kernels::standardize_gradient(random({100, 1}, 4), x, y, epsilon), std::vector<double>(100, 0), 0);
}
