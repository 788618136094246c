#include "autograd/detect_anomaly.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/creation.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

/// What an action throws, without its last line, which names the place.
template <class F>
std::string anomaly_of(F action) {
  try {
    action();
  } catch (const AnomalyError& error) {
    return error.what();
  }
  return "no AnomalyError";
}

constexpr int line_of_sqrt = __LINE__ + 7;

/// Six layers; the fourth takes a square root, whose slope at 0 is infinite.
Tensor network(const Tensor& x, const std::vector<Tensor>& w) {
  Tensor h = tanh(matmul(x, w[0]));
  h = tanh(matmul(h, w[1]));
  h = matmul(h, w[2]) * 0.0;
  h = sqrt(h);
  h = tanh(matmul(h, w[4]));
  return matmul(h, w[5]);
}

}  // namespace

TEST_CASE("DetectAnomaly: a NaN in a backward pass names the forward line, the shapes and the ranges") {
  std::vector<Tensor> w;
  for (int i = 0; i < 6; ++i) w.push_back(full({2, 2}, 0.5).set_requires_grad());
  const Tensor x = ones({3, 2});
  const std::string found = anomaly_of([&] {
    const DetectAnomaly scope;
    sum(network(x, w) * 0.0).backward();
  });
  CHECK(
      found.starts_with("backward: 6 NaN, the first at (0, 0) in the gradient of operand 0 of 'sqrt'\n"
                        "  gradient of the output: float32 (3, 2) in [0, 0]\n"
                        "  output: float32 (3, 2) in [0, 0]\n"
                        "  operand 0: float32 (3, 2) in [0, 0]\n"
                        "Recorded here:\n"));
  CHECK(found.ends_with(concat("test_detect_anomaly.cpp:", line_of_sqrt)));
}

TEST_CASE("DetectAnomaly: a NaN in a forward pass names the operation, its operands and the line") {
  const DetectAnomaly scope;
  const Tensor a({1.0, 0.0, -2.0}, float32), b({4.0, 0.0, 8.0}, float32);
  CHECK_ERROR(AnomalyError, a / b,
              "divide: 1 NaN, the first at (1,) in the result\n"
              "  output: float32 (3,) in [-0.25, 0.25], 1 NaN\n"
              "  operand 0: float32 (3,) in [-2, 1]\n"
              "  operand 1: float32 (3,) in [0, 8]");
  CHECK_ERROR(AnomalyError, log(a),
              "log: 1 NaN, the first at (2,) in the result\n"
              "  output: float32 (3,) in [-inf, 0], 1 NaN\n"
              "  operand 0: float32 (3,) in [-2, 1]");
}

TEST_CASE("DetectAnomaly: infinite values are no anomaly unless they are asked for") {
  const Tensor zero({0.0}, float32);
  {
    const DetectAnomaly scope;
    CHECK(log(zero).item() == -std::numeric_limits<double>::infinity());
  }
  const DetectAnomaly scope({.infinities = true});
  CHECK_ERROR(AnomalyError, log(zero),
              "log: 1 infinite, the first at (0,) in the result\n"
              "  output: float32 (1,) in [-inf, -inf]\n"
              "  operand 0: float32 (1,) in [0, 0]");
}

TEST_CASE("DetectAnomaly: what was recorded before the scope is searched too") {
  const Tensor x = zeros({2}).set_requires_grad();
  const Tensor loss = sum(sqrt(x) * 0.0);
  const DetectAnomaly scope;
  const std::string found = anomaly_of([&] { loss.backward(); });
  CHECK(
      found.starts_with("backward: 2 NaN, the first at (0,) in the gradient of operand 0 of 'sqrt'\n"
                        "  gradient of the output: float32 (2,) in [0, 0]\n  output: float32 (2,)\nRecorded here:"));
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("DetectAnomaly: an error inside it, and its end, leave nothing behind") {
  const Tensor x = ones({2}).set_requires_grad();
  {
    const DetectAnomaly scope;
    CHECK_THROWS_AS(log(x * -1.0), AnomalyError);
    sum(square(x)).backward();
    CHECK(x.grad().to_vector<double>() == std::vector<double>{2, 2});
    CHECK_THROWS_AS(sum(sqrt(x * 0.0) * 0.0).backward(), AnomalyError);
    CHECK_THROWS_AS(log(x * -1.0), AnomalyError);
  }
  CHECK(std::isnan(sum(log(x * -1.0)).item()));
}

TEST_CASE("DetectAnomaly: goes on after it has thrown in a backward pass") {
  const DetectAnomaly scope;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const Tensor x = zeros({2}).set_requires_grad();
    CHECK(anomaly_of([&] { sum(sqrt(x) * 0.0).backward(); }).starts_with("backward: 2 NaN"));
    CHECK(anomaly_of([&] { log(x - 1.0); }).starts_with("log: 2 NaN"));
    const Tensor nan = full({2}, std::numeric_limits<double>::quiet_NaN());
    CHECK(anomaly_of([&] {
            (x * 2.0).backward({.gradient = nan});
          }).starts_with("backward: 2 NaN, the first at (0,) in the gradient that 'multiply' got"));
  }
}

TEST_CASE("DetectAnomaly: sees what a rule adds to another's gradient in place") {
  const Tensor w = zeros({2, 2}).set_requires_grad(), x = ones({1, 2});
  const Tensor large = full({1, 2}, 1e38f), larger = full({1, 2}, 3e38f);
  const std::string found = anomaly_of([&] {
    const DetectAnomaly scope({.infinities = true});
    // The newer product gives the gradient of w, the older one adds to it.
    const Tensor y = linear(large, w, zeros({2})) * 1e-38, z = linear(x, w, zeros({2}));
    (sum(y * 1e38) + sum(z * larger)).backward();
  });
  CHECK(found.starts_with("backward: 4 infinite, the first at (0, 0) in the gradient of operand 1 of 'linear'"));
}
