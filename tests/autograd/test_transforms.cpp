#include "autograd/transforms.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/gradient.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/ops/trigonometry.hpp"
#include "tests/autograd/op_cases.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

using Numbers = std::vector<double>;

Numbers numbers(const Tensor& x) { return x.to_vector<double>(); }

void check_close(const Tensor& got, const Numbers& expected, double tolerance = 1e-12) {
  const Numbers values = numbers(got);
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == Close(expected[i], tolerance));
}

/// (1 - a)^2 + 100 (b - a^2)^2.
Tensor rosenbrock(const Tensor& x) {
  const Tensor a = select(x, 0), b = select(x, 1);
  return square(1.0 - a) + 100.0 * square(b - square(a));
}

/// A small network of one sample.
Tensor network(const Tensor& x) {
  const Tensor w({{0.5, -0.25, 1.0}, {0.75, 0.125, -0.5}}, float64),
      v({{1.0, -1.0}, {0.5, 0.25}, {-0.75, 2.0}}, float64);
  return matmul(tanh(matmul(x, w)), v);
}

}  // namespace

TEST_CASE("value_and_grad: the value, and the gradient of every input") {
  const Tensor a({1.0, 2.0}, float64), b({3.0, 5.0}, float64), unused({1.0}, float64);
  const auto [value, gradients] =
      value_and_grad([](const auto& v) { return sum(v[0] * square(v[1])); }, {a, b, unused});
  CHECK(value.item() == 59);
  CHECK_FALSE(value.requires_grad());
  CHECK(numbers(gradients[0]) == Numbers{9, 25});
  CHECK(numbers(gradients[1]) == Numbers{6, 20});
  CHECK(numbers(gradients[2]) == Numbers{0});
}

TEST_CASE("value_and_grad: stores no gradient, and can be differentiated again") {
  Tensor a({1.0, 2.0}, float64);
  a.set_requires_grad();
  const auto cubes = [](const auto& v) { return sum(v[0] * v[0] * v[0]); };
  const auto [value, gradients] = value_and_grad(cubes, {a}, {.create_graph = true});
  CHECK_FALSE(a.grad().defined());
  CHECK(value.requires_grad());
  sum(gradients[0]).backward();
  CHECK(numbers(a.grad()) == Numbers{6, 12});
}

TEST_CASE("vjp: v^T J of a product of matrices") {
  const Tensor a = uniform({3, 4}), b = uniform({4, 2}), v = uniform({3, 2});
  const auto [value, gradients] = vjp([](const auto& x) { return matmul(x[0], x[1]); }, {a, b}, v);
  CHECK(numbers(value) == numbers(matmul(a, b)));
  check_close(gradients[0], numbers(matmul(v, transpose(b))));
  check_close(gradients[1], numbers(matmul(transpose(a), v)));
}

TEST_CASE("jvp: the derivative along a direction agrees with the jacobian to 1e-10") {
  const Tensor x = uniform({2}), t = uniform({2});
  const auto [value, tangent] = jvp([](const auto& v) { return network(v[0]); }, {x}, {t});
  CHECK(numbers(value) == numbers(network(x)));
  check_close(tangent, numbers(matmul(jacobian(network, x), t)), 1e-10);
}

TEST_CASE("jvp: a linear function, one that ignores an input, and a constant") {
  const Tensor x = uniform({3}), t = uniform({3});
  const auto linear_part = jvp([](const auto& v) { return v[0] * 2.0; }, {x, x}, {t, t});
  check_close(linear_part.tangent, numbers(t * 2.0));
  const auto constant = jvp([](const auto&) { return ones({2}, float64); }, {x}, {t});
  CHECK(numbers(constant.tangent) == Numbers{0, 0});
}

TEST_CASE("jvp: can be differentiated again") {
  Tensor x({0.5, -1.0}, float64);
  x.set_requires_grad();
  const auto [value, tangent] =
      jvp([](const auto& v) { return v[0] * v[0] * v[0]; }, {x}, {ones({2}, float64)}, {.create_graph = true});
  check_close(tangent, {0.75, 3});
  check_close(grad(sum(tangent), x), {3, -6});
}

TEST_CASE("jacobian: its shape is the output's followed by the input's") {
  const Tensor x({1.0, 2.0, 3.0}, float64);
  const Tensor j = jacobian([](const Tensor& v) { return square(v); }, x);
  CHECK(j.shape() == Shape{3, 3});
  CHECK(numbers(j) == Numbers{2, 0, 0, 0, 4, 0, 0, 0, 6});
  CHECK(jacobian([](const Tensor& v) { return reshape(v, {1, 3}); }, x).shape() == Shape{1, 3, 3});
  CHECK(jacobian([](const Tensor& v) { return sum(v); }, x).shape() == Shape{3});
  CHECK(jacobian([](const Tensor&) { return ones({0}, float64); }, x).shape() == Shape{0, 3});
  const Tensor twice =
      jacobian([](const Tensor& v) { return v * v * v; }, Tensor(x).set_requires_grad(), {.create_graph = true});
  CHECK(twice.requires_grad());
}

TEST_CASE("hessian: of Rosenbrock's function, exact to 1e-9") {
  for (const auto& [a, b] : {std::pair{1.0, 1.0}, std::pair{-1.2, 1.0}, std::pair{0.3, -2.0}}) {
    const Tensor h = hessian(rosenbrock, Tensor({a, b}, float64));
    CHECK(h.shape() == Shape{2, 2});
    check_close(h, {2 - 400 * (b - 3 * a * a), -400 * a, -400 * a, 200}, 1e-9);
  }
}

TEST_CASE("hvp: agrees with the hessian times the vector") {
  const Tensor x({-1.2, 1.0}, float64), v({0.5, -2.0}, float64);
  check_close(hvp(rosenbrock, x, v), numbers(matmul(hessian(rosenbrock, x), v)));
}

TEST_CASE("hessian and hvp: can be differentiated again") {
  const auto quartic = [](const Tensor& v) { return sum(square(square(v))); };
  Tensor x({0.5, -1.0}, float64);
  x.set_requires_grad();
  check_close(grad(sum(hessian(quartic, x, {.create_graph = true})), x), {12, -24});
  check_close(grad(sum(hvp(quartic, x, ones({2}, float64), {.create_graph = true})), x), {12, -24});
}

TEST_CASE("per_sample_gradients: each sample's own gradient") {
  const Tensor x = uniform({4, 3});
  Tensor w = uniform({3}), bias({0.5}, float64);
  w.set_requires_grad();
  bias.set_requires_grad();
  const auto loss = [&](std::int64_t i) { return sum(square(matmul(select(x, i), w) + bias)); };
  const std::vector<Tensor> found = per_sample_gradients(loss, 4, {w, bias});
  CHECK(found[0].shape() == Shape{4, 3});
  CHECK(found[1].shape() == Shape{4, 1});
  const Tensor slope = (matmul(x, w.detach()) + bias.detach()) * 2.0;
  check_close(found[0], numbers(x * expand_dims(slope, 1)));
  check_close(found[1], numbers(slope));
  CHECK_FALSE(w.grad().defined());
}

TEST_CASE("transforms: third derivatives of tanh, exp sin and a chain of products agree with closed forms") {
  const auto third = [](const UnaryFunction& f, const Tensor& x) {
    Tensor own = Tensor(x.array()).set_requires_grad();
    Tensor y = f(own);
    for (int order = 0; order < 3; ++order) y = grad(sum(y), own, {.create_graph = true});
    return y;
  };
  const Tensor x = uniform({9});
  Numbers of_tanh, of_product;
  for (const double p : numbers(x)) {
    const double t = std::tanh(p);
    of_tanh.push_back((1 - t * t) * (6 * t * t - 2));
    of_product.push_back(2 * std::exp(p) * (std::cos(p) - std::sin(p)));
  }
  check_close(third([](const Tensor& v) { return tanh(v); }, x), of_tanh, 1e-11);
  check_close(third([](const Tensor& v) { return exp(v) * sin(v); }, x), of_product, 1e-11);
  // f(s) = u^T (s A)(s B)(s C) v = s^3 u^T A B C v, whose third derivative is 6 u^T A B C v.
  const Tensor a = uniform({3, 3}), b = uniform({3, 3}), c = uniform({3, 3}), u = uniform({3}), v = uniform({3});
  const auto chain = [&](const Tensor& s) { return matmul(matmul(matmul(matmul(u, a * s), b * s), c * s), v); };
  check_close(third(chain, Tensor(uniform({}))), numbers(matmul(matmul(matmul(matmul(u, a), b), c), v) * 6.0), 1e-11);
}

TEST_CASE("reverse_gradient and stop_gradient: the values stay, the gradient does not") {
  Tensor x({1.0, -2.0}, float64);
  x.set_requires_grad();
  CHECK(numbers(grad(sum(square(reverse_gradient(x, 0.5))), x)) == Numbers{-1, 2});
  CHECK(numbers(grad(sum(stop_gradient(x) * x), x)) == Numbers{1, -2});
  CHECK_FALSE(stop_gradient(x).requires_grad());
}

TEST_CASE("transforms: errors") {
  const Tensor x = ones({2}, float64), whole = ones({2}, int64);
  const auto twice = [](const auto& v) { return v[0] * 2.0; };
  const auto twice_of = [](const Tensor& v) { return v * 2.0; };
  CHECK_ERROR(
      ShapeError, value_and_grad(twice, {x}),
      "value_and_grad: the function gives shape (2,), and only one element has a gradient: reduce it with sum() "
      "or mean(), or ask for jacobian");
  CHECK_ERROR(ShapeError, hessian(twice_of, x),
              "hessian: the function gives shape (2,), and only one element has a gradient: reduce it with sum() or "
              "mean(), or ask for jacobian");
  CHECK_ERROR(ShapeError, vjp(twice, {x}, ones({3}, float64)), "vjp: a vector of shape (3,) where (2,) is expected");
  CHECK_ERROR(ShapeError, hvp(twice_of, x, ones({3}, float64)), "hvp: a vector of shape (3,) where (2,) is expected");
  CHECK_ERROR(ShapeError, jvp(twice, {x}, {ones({}, float64)}), "jvp: a tangent of shape () where (2,) is expected");
  CHECK_ERROR(ValueError, jvp(twice, {x}, {}), "jvp: 0 tangents were given for 1 inputs");
  CHECK_ERROR(DTypeError, jacobian(twice_of, whole),
              "jacobian: an input of shape (2,) is int64: gradients need float32 or float64: convert with astype");
  CHECK_ERROR(ValueError, jacobian(twice_of, Tensor()), "jacobian: an input is an undefined tensor");
  CHECK_ERROR(ValueError, per_sample_gradients([&](std::int64_t) { return x; }, 0, {}),
              "per_sample_gradients: at least one sample expected, got 0");
}
