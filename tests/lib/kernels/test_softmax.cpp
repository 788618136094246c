#include "lib/kernels/softmax.hpp"

#include <algorithm>
#include <cmath>

#include "lib/kernels/cross_entropy.hpp"
#include "tests/lib/kernels/compare.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

/// ln softmax of the rows of x, by plain loops.
std::vector<double> logarithms_of(const Array& x) {
  const std::int64_t n = x.shape().back();
  std::vector<double> result = numbers(x);
  for (auto row = result.begin(); row != result.end(); row += n) {
    const double top = *std::max_element(row, row + n);
    double sum = 0;
    for (auto each = row; each != row + n; ++each) sum += std::exp(*each - top);
    for (auto each = row; each != row + n; ++each) *each -= top + std::log(sum);
  }
  return result;
}

std::vector<double> exponentials(std::vector<double> x) {
  for (double& each : x) each = std::exp(each);
  return x;
}

const std::vector<Shape> shapes{{1, 1}, {3, 2}, {5, 15}, {7, 16}, {300, 17}, {129, 64}, {50, 1000}, {2, 70000}};

}  // namespace

TEST_CASE("softmax and log_softmax: every row of many, of any width") {
  for (const Shape& shape : shapes) {
    CAPTURE(to_string(shape));
    const Array x = random(shape, 1, float32, -10, 10);
    const auto expected = logarithms_of(x);
    check_near(on_threads([&] { return kernels::log_softmax(x); }), expected, 2e-5);
    check_near(on_threads([&] { return kernels::softmax(x); }), exponentials(expected), 2e-6);
  }
}

TEST_CASE("softmax: a row of more elements than float32 can count") {
  const std::int64_t count = 20000000;
  const Array y = kernels::softmax(Array::zeros({1, count}));
  CHECK(y.data<float>()[0] == doctest::Approx(1.0 / count).epsilon(1e-6).scale(0));
}

TEST_CASE("softmax: the gradient of every row") {
  for (const Shape& shape : shapes) {
    const std::int64_t n = shape.back();
    const Array y = kernels::softmax(random(shape, 2)), dy = random(shape, 3);
    const auto value = numbers(y), given = numbers(dy);
    auto expected = value;
    for (std::int64_t row = 0; row < y.size(); row += n) {
      double along = 0;
      for (std::int64_t i = row; i < row + n; ++i) along += at(value, i) * at(given, i);
      for (std::int64_t i = row; i < row + n; ++i)
        expected[static_cast<std::size_t>(i)] = at(value, i) * (at(given, i) - along);
    }
    check_near(on_threads([&] { return kernels::softmax_gradient(dy, y); }), expected, 1e-6);
  }
}

TEST_CASE("cross_entropy: the loss and the gradient of every row") {
  for (const Shape& shape : shapes) {
    const std::int64_t n = shape.back(), rows = shape[0];
    const Array z = random(shape, 4, float32, -5, 5), targets = random(shape, 5, float32, 0, 1);
    const Array dy = random({rows}, 6);
    const auto logarithms = logarithms_of(z), y = numbers(targets), given = numbers(dy);
    std::vector<double> losses, gradient = logarithms;
    for (std::int64_t row = 0; row < rows; ++row) {
      double loss = 0, weight = 0;
      for (std::int64_t i = row * n; i < (row + 1) * n; ++i) {
        loss -= at(y, i) * at(logarithms, i);
        weight += at(y, i);
      }
      for (std::int64_t i = row * n; i < (row + 1) * n; ++i)
        gradient[static_cast<std::size_t>(i)] = (std::exp(at(logarithms, i)) * weight - at(y, i)) * at(given, row);
      losses.push_back(loss);
    }
    // As many additions round what has been summed so far.
    const double error = static_cast<double>(n) * 0x1p-24, largest = *std::max_element(losses.begin(), losses.end());
    check_near(on_threads([&] { return kernels::cross_entropy(z, targets); }), losses, (error + 1e-6) * largest);
    check_near(on_threads([&] { return kernels::cross_entropy_gradient(dy, z, targets); }), gradient, error + 1e-5);
  }
}
