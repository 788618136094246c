#include <doctest/doctest.h>

#include <stdexcept>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/decomposition.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/layers/dense.hpp"
#include "nn/losses.hpp"
#include "nn/optimizers/lbfgs.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

/// Rosenbrock's valley, whose lowest point is (1, ..., 1).
Tensor valley(const Tensor& x) {
  const std::int64_t n = x.size();
  const Tensor a = slice(x, 0, {.stop = n - 1}), b = slice(x, 0, {.start = 1});
  return sum(100.0 * square(b - square(a)) + square(1.0 - a));
}

Tensor leaf(const Array& values) { return Tensor(values).set_requires_grad(); }

nn::LBFGS lbfgs_of(const Tensor& x, const nn::LBFGSOptions& options = {}) {
  return nn::LBFGS(nn::ParameterList{{"x", x}}, options);
}

}  // namespace

TEST_CASE("LBFGS: Rosenbrock's valley in 2 and in 20 dimensions") {
  for (const std::int64_t n : {2, 20}) {
    const Tensor x = leaf(Array::full({n}, -1.2, float64));
    const nn::LBFGSResult result = lbfgs_of(x, {.max_iterations = 300}).minimize([&] { return valley(x); });
    CHECK(result.converged);
    CHECK(result.loss < 1e-12);
    CHECK(largest_difference(numbers(x), Numbers(static_cast<std::size_t>(n), 1)) < 1e-5);
    CHECK(result.iterations < 40 * n);
    CHECK(result.evaluations < 2 * result.iterations + 20);
  }
}

TEST_CASE("LBFGS: with exact curvature a quadratic form takes a few steps for each dimension") {
  const Tensor scale = arange(1, 9, 1, float64), x = leaf(Array::full({8}, 1, float64));
  const nn::LBFGSResult result = lbfgs_of(x, {.history_size = 8, .gradient_tolerance = 1e-9}).minimize([&] {
    return sum(scale * square(x - 2.0));
  });
  CHECK(result.converged);
  CHECK(result.iterations <= 3 * 8);
  CHECK(largest_difference(numbers(x), Numbers(8, 2)) < 1e-9);
}

TEST_CASE("LBFGS: least squares by a Dense layer is the solution of the normal equations") {
  manual_seed(3);
  Generator generator(1);
  const Tensor x = generator.normal({50, 4}, 0, 1, float64), y = generator.normal({50, 2}, 0, 1, float64);
  nn::Sequential net{nn::Dense({.units = 2, .input_dim = 4, .use_bias = false, .dtype = float64})};
  nn::LBFGS lbfgs(net.parameters());
  const auto result = lbfgs.minimize([&] { return nn::mean_squared_error(y, net(x)); });
  CHECK(result.converged);
  const Tensor expected = solve(matmul(transpose(x), x), matmul(transpose(x), y));
  CHECK(largest_difference(numbers(net["dense_1.kernel"]), numbers(expected)) < 1e-6);
}

TEST_CASE("LBFGS: float32 parameters, several of them, one that is not used, one that is frozen") {
  const Tensor a = leaf(Array::full({2}, 3, float32)), b = leaf(Array::full({1}, -3, float32));
  const Tensor unused = leaf(Array::full({1}, 7, float32));
  Tensor frozen = leaf(Array::full({1}, 5, float32));
  frozen.set_requires_grad(false);
  nn::LBFGS lbfgs(nn::ParameterList{{"a", a}, {"b", b}, {"unused", unused}, {"frozen", frozen}});
  const auto result = lbfgs.minimize([&] { return sum(square(a - b)) + square(sum(b) - frozen.item()); });
  CHECK(result.loss < 1e-6);
  CHECK(largest_difference(numbers(a), {5, 5}) < 1e-2);
  CHECK(unused.item() == 7);
  CHECK(frozen.item() == 5);
}

TEST_CASE("LBFGS: where the loss is infinite or NaN it does not go") {
  const Tensor x = leaf(Array::full({1}, 1e-3, float64));
  const auto result = lbfgs_of(x).minimize([&] { return sum(x - log(x)); });  // NaN below 0
  CHECK(result.converged);
  CHECK(x.item() == doctest::Approx(1).epsilon(1e-6));
}

TEST_CASE("LBFGS: at the lowest point nothing happens; on a slope without end it stops after its steps") {
  const Tensor x = leaf(Array::full({1}, 2, float64));
  const auto flat = lbfgs_of(x).minimize([&] { return sum(square(x - 2.0)); });
  CHECK(flat.converged);
  CHECK(flat.iterations == 0);
  CHECK(flat.evaluations == 1);
  CHECK(x.item() == 2);
  const auto endless = lbfgs_of(x, {.max_iterations = 3, .max_trials = 4}).minimize([&] { return -sum(x); });
  CHECK_FALSE(endless.converged);
  CHECK(endless.iterations <= 3);
  CHECK(endless.loss == -x.item());
}

TEST_CASE("LBFGS: a loss that throws leaves the parameters as they were, and those of its gradients too") {
  const Tensor x = leaf(Array::full({2}, -1.2, float64));
  int calls = 0;
  const auto fails = [&]() -> Tensor {
    if (++calls == 5) throw std::runtime_error("no more");
    return valley(x);
  };
  CHECK_THROWS_AS(lbfgs_of(x).minimize(fails), std::runtime_error);
  CHECK(numbers(x) == Numbers{-1.2, -1.2});
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("LBFGS: what makes no sense") {
  const Tensor x = leaf(Array::full({2}, 1, float64));
  const nn::ParameterList list{{"x", x}};
  Tensor frozen = leaf(Array::full({2}, 1, float64));
  frozen.set_requires_grad(false);
  const nn::ParameterList constrained{{"x", x, {}, "non_neg"}};
  CHECK_ERROR(ValueError, nn::LBFGS(list, {.max_iterations = 0}), "LBFGS: max_iterations must be at least 1, got 0");
  CHECK_ERROR(ValueError, nn::LBFGS(list, {.history_size = 0}), "LBFGS: history_size must be at least 1, got 0");
  CHECK_ERROR(ValueError, nn::LBFGS(list, {.max_trials = -1}), "LBFGS: max_trials must be at least 1, got -1");
  CHECK_ERROR(ValueError, nn::LBFGS(list, {.loss_tolerance = -1}), "LBFGS: a tolerance must be at least 0, got -1");
  CHECK_ERROR(ValueError, nn::LBFGS({}), "LBFGS: there are no parameters to change");
  CHECK_ERROR(ValueError, nn::LBFGS(nn::ParameterList{{"x", frozen}}), "LBFGS: there are no parameters to change");
  CHECK_ERROR(ValueError, nn::LBFGS(constrained),
              "LBFGS: 'x' has a constraint, which a line search cannot keep: use another optimizer");
  nn::LBFGS lbfgs(list);
  CHECK_ERROR(ValueError, lbfgs.minimize(nullptr), "LBFGS: a null loss was given");
  CHECK_ERROR(ValueError, lbfgs.minimize([] { return Tensor(); }), "LBFGS: the loss is an undefined tensor");
  CHECK_ERROR(ValueError, lbfgs.minimize([&] { return sum(x) * std::nan(""); }),
              "LBFGS: the loss is NaN, or its gradient is not finite, before the first step");
}
