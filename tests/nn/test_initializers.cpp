#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/gradcheck.hpp"
#include "nn/initializers.hpp"
#include "nn/layers/dense.hpp"
#include "nn/regularizers.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"
#include "tests/support/statistics.hpp"

// Initializers and regularizers with a mode of their own.

using namespace xg;

namespace {

Numbers drawn(const nn::Initializer& initializer, const Shape& shape) {
  Generator generator(7);
  return initializer(shape, float64, generator).to_vector<double>();
}

double mean_square(const Numbers& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

TEST_CASE("variance_scaling: what the variance is divided by, and how it is drawn") {
  const Shape shape{400, 300};
  const auto check = [&](const nn::VarianceScalingOptions& options, double variance, auto distribution) {
    CAPTURE(options.mode);
    CAPTURE(options.distribution);
    const Numbers values = drawn(nn::variance_scaling(options), shape);
    CHECK(mean_square(values) == Close(variance, 0.015));
    CHECK(testing::kolmogorov_smirnov(values, [&](double x) { return distribution(x, variance); }) < 1.95);
  };
  const auto uniform = [](double x, double variance) {
    return testing::uniform_distribution(x, -std::sqrt(3 * variance), std::sqrt(3 * variance));
  };
  const auto normal = [](double x, double variance) { return testing::normal_distribution(x, 0, std::sqrt(variance)); };
  const auto truncated = [](double x, double variance) {
    return testing::truncated_distribution(x, 0, std::sqrt(variance / testing::truncated_variance));
  };
  check({}, 1.0 / 400, truncated);
  check({.scale = 2, .mode = "fan_out"}, 2.0 / 300, truncated);
  check({.scale = 3, .mode = "fan_avg", .distribution = "uniform"}, 3.0 / 350, uniform);
  check({.distribution = "untruncated_normal"}, 1.0 / 400, normal);
  // A convolution's fan_out is the features times the window.
  CHECK(mean_square(drawn(nn::variance_scaling({.mode = "fan_out", .distribution = "uniform"}), {3, 3, 40, 300})) ==
        Close(1.0 / 2700, 0.02));
  CHECK(drawn(nn::variance_scaling({.distribution = "normal"}), {4, 3}) == drawn(nn::variance_scaling(), {4, 3}));
  CHECK(drawn(nn::variance_scaling({.scale = 2}), {4, 3}) == drawn("he_normal", {4, 3}));
  CHECK(drawn(nn::variance_scaling({.mode = "fan_avg", .distribution = "uniform"}), {4, 3}) ==
        drawn("glorot_uniform", {4, 3}));
  CHECK(drawn("variance_scaling", {4, 3}) == drawn("lecun_normal", {4, 3}));
}

TEST_CASE("variance_scaling and identity: options that make no sense") {
  CHECK_ERROR(ValueError, nn::variance_scaling({.scale = 0}),
              "variance_scaling: the scale must be greater than 0, got 0");
  CHECK_ERROR(ValueError, nn::variance_scaling({.scale = NAN}),
              "variance_scaling: the scale must be finite in float32, got NaN");
  CHECK_ERROR(ValueError, nn::variance_scaling({.mode = "fan"}),
              "variance_scaling: unknown mode 'fan': known are fan_in, fan_out, fan_avg");
  CHECK_ERROR(
      ValueError, nn::variance_scaling({.distribution = "cauchy"}),
      "variance_scaling: unknown distribution 'cauchy': known are truncated_normal, untruncated_normal, uniform");
  CHECK_ERROR(ValueError, nn::identity(NAN), "identity: the gain must be finite in float32, got NaN");
  CHECK_ERROR(ShapeError, nn::Dense({.units = 3, .input_dim = 2, .bias_initializer = "identity"}),
              "identity: a shape of two axes expected, got (3,)");
}

TEST_CASE("identity: ones where row and column are the same") {
  CHECK(drawn("identity", {2, 2}) == Numbers{1, 0, 0, 1});
  CHECK(drawn(nn::identity(3), {2, 3}) == Numbers{3, 0, 0, 0, 3, 0});
  CHECK(drawn(nn::identity(-1), {3, 2}) == Numbers{-1, 0, 0, -1, 0, 0});
  CHECK(drawn("identity", {0, 2}).empty());
}

TEST_CASE("orthogonal_regularizer: the mean of |cos| between rows or columns") {
  // Rows (3, 4), (4, 3), (0, 2): cosines 24/25, 4/5, 3/5. Columns (3, 4, 0), (4, 3, 2): 24 / (5 sqrt(29)).
  const Tensor w = Tensor{{3.0, 4.0}, {4.0, 3.0}, {0.0, 2.0}};
  CHECK(nn::orthogonal_regularizer({.factor = 0.5})(w).item() == Close(0.5 * (0.96 + 0.8 + 0.6) / 3, 1e-6));
  CHECK(nn::orthogonal_regularizer({.factor = 1, .mode = "columns"})(w).item() ==
        Close(24 / (5 * std::sqrt(29)), 1e-6));
  CHECK(nn::Regularizer("orthogonal_regularizer")(w).item() == Close(0.01 * 2.36 / 3, 1e-6));
  CHECK(nn::orthogonal_regularizer()(Tensor{{1.0, 2.0}}).item() == 0);
  CHECK(nn::orthogonal_regularizer()(Tensor{{0.0, 0.0}, {1.0, 0.0}}).item() == 0);
  for (const char* mode : {"rows", "columns"}) {
    const nn::Regularizer regularizer = nn::orthogonal_regularizer({.factor = 0.7, .mode = mode});
    const Tensor x = Tensor(Generator(1).normal({3, 4}, 0, 1, float64)).set_requires_grad();
    const auto report = gradcheck([&](const std::vector<Tensor>& in) { return regularizer(in[0]); }, {x});
    CHECK_MESSAGE(report.passed, report);
  }
  CHECK_ERROR(ValueError, nn::orthogonal_regularizer({.mode = "row"}),
              "orthogonal_regularizer: unknown mode 'row': known are rows, columns");
  CHECK_ERROR(ValueError, nn::orthogonal_regularizer({.factor = -1}),
              "orthogonal_regularizer: the factor must be at least 0, got -1");
  CHECK_ERROR(ShapeError, nn::orthogonal_regularizer()(Tensor{1.0, 2.0}),
              "orthogonal_regularizer: a matrix is expected, got a tensor of shape (2,)");
}
