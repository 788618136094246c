#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/record.hpp"
#include "tests/autograd/op_cases.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using namespace xg::testing;

// Gradients of a pass that are added up in place, and passes that follow each other.

namespace {

using Numbers = std::vector<double>;

Numbers numbers(const Tensor& x) { return x.to_vector<double>(); }

/// A layer used twice, whose kernel gets two products as its gradient.
struct Layer {
  Tensor x = uniform({5, 3}), w = uniform({3, 4}), b = uniform({4});

  Layer() {
    w.set_requires_grad();
    b.set_requires_grad();
  }
  Tensor loss() const { return sum(square(linear(x, w, b)) + linear(x * 2.0, w, b)); }
  /// The kernel's gradient by other operations: x^T (2 (x w + b) + 2).
  Numbers expected() const {
    const Tensor y = matmul(x, w.detach()) + b.detach();
    return numbers(matmul(transposed(x), y * 2.0 + 2.0));
  }
  static Tensor transposed(const Tensor& matrix) { return matrix.array().transposed(); }
};

void check_close(const Tensor& got, const Numbers& expected) {
  const Numbers values = numbers(got);
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == Close(expected[i], 1e-12));
}

}  // namespace

TEST_CASE("zero_grad: forgets the gradient, and the next pass is as the first") {
  Layer layer;
  layer.w.zero_grad();
  for (int step = 0; step < 3; ++step) {
    layer.loss().backward();
    check_close(layer.w.grad(), layer.expected());
    check_close(layer.b.grad(), numbers(sum(linear(layer.x, layer.w, layer.b).detach() * 2.0 + 1.0, {.axis = 0})));
    layer.w.zero_grad();
    layer.b.zero_grad();
    CHECK_FALSE(layer.w.grad().defined());
    CHECK_FALSE(layer.b.grad().defined());
  }
}

TEST_CASE("zero_grad: a gradient asked for by grad() is not the leaf's") {
  Layer layer;
  layer.loss().backward();
  layer.w.zero_grad();
  const Tensor asked = grad(layer.loss(), layer.w);
  check_close(asked, layer.expected());
  CHECK_FALSE(layer.w.grad().defined());
  layer.loss().backward();
  check_close(layer.w.grad(), layer.expected());
  check_close(asked, layer.expected());
}

TEST_CASE("zero_grad: a pass that records, or fails, does not spoil the next") {
  Layer layer;
  layer.loss().backward();
  layer.w.zero_grad();
  layer.loss().backward({.create_graph = true});
  CHECK(layer.w.grad().requires_grad());
  check_close(layer.w.grad(), layer.expected());
  layer.w.zero_grad();
  layer.b.zero_grad();
  layer.loss().backward();
  layer.w.zero_grad();
  const Tensor fails = record("fails", layer.w.array().clone(),
                              edge(layer.w, [](const Tensor&) -> Tensor { throw ValueError("the rule fails"); }));
  const Tensor early = sum(fails) * 1.0, loss = early + layer.loss();
  CHECK_THROWS_AS(loss.backward(), ValueError);
  CHECK_FALSE(layer.w.grad().defined());
  layer.loss().backward();
  check_close(layer.w.grad(), layer.expected());
}

TEST_CASE("adding rules: give the same sum with other operations' gradients, whichever comes first") {
  const Layer layer;
  const Tensor plain = sum(square(layer.w)), product = layer.loss();
  const Numbers alone = layer.expected(), squares = numbers(layer.w.detach() * 2.0);
  Numbers both;
  for (std::size_t i = 0; i < alone.size(); ++i) both.push_back(alone[i] + squares[i]);
  check_close(grad(plain + product, layer.w, {.retain_graph = true}), both);
  check_close(grad(product + plain, layer.w, {.retain_graph = true}), both);
  const Tensor scaled = layer.w * 1.0;
  check_close(grad(sum(linear(layer.x, scaled, layer.b)) + sum(scaled * 3.0), layer.w),
              numbers(matmul(Layer::transposed(layer.x), ones({5, 4}, float64)) + 3.0));
}

TEST_CASE("adding rules: do not change a gradient that a hook has kept") {
  Layer layer;
  Tensor kept;
  Tensor scaled = layer.w * 1.0;
  scaled.register_hook([&](const Tensor& gradient) {
    kept = gradient;
    return Tensor();
  });
  const Tensor loss = sum(linear(layer.x, layer.w, layer.b)) + sum(scaled * 3.0);
  loss.backward();
  CHECK(numbers(kept) == Numbers(12, 3));
}

TEST_CASE("adding rules: refuse a saved tensor that was changed in place") {
  Layer layer;
  layer.loss().backward();
  layer.w.zero_grad();
  const Tensor loss = sum(linear(layer.x, layer.w, layer.b));
  layer.x.assign(layer.x * 2.0);
  CHECK_THROWS_AS(loss.backward(), GraphError);
  CHECK_FALSE(layer.w.grad().defined());
  layer.loss().backward();
  check_close(layer.w.grad(), layer.expected());
}
