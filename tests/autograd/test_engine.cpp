#include <doctest/doctest.h>

#include <memory>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"

using namespace xg;

namespace {

using Numbers = std::vector<double>;

Numbers numbers(const Tensor& x) { return x.to_vector<double>(); }

Tensor leaf(std::initializer_list<double> values) {
  Tensor x(values, float64);
  return x.set_requires_grad();
}

/// x, with a rule that counts how often it runs.
Tensor counted(const Tensor& x, int& calls) {
  return record("counted", x.array().clone(), edge(x, [&calls](const Tensor& dy) {
                  ++calls;
                  return dy;
                }));
}

/// x, with a rule that fails.
Tensor failing(const Tensor& x) {
  return record("failing", x.array().clone(),
                edge(x, [](const Tensor&) -> Tensor { throw ValueError("the rule fails"); }));
}

}  // namespace

TEST_CASE("backward: every leaf gets the gradient of the sum of all ways to it") {
  const Tensor x = leaf({2, 3}), w = leaf({5, 7});
  sum(x * w + x * x).backward();
  CHECK(numbers(x.grad()) == Numbers{9, 13});
  CHECK(numbers(w.grad()) == Numbers{2, 3});
}

TEST_CASE("backward: calls add up until zero_grad") {
  Tensor x = leaf({1, 2});
  for (int call = 1; call <= 3; ++call) {
    sum(x * 2.0).backward();
    CHECK(numbers(x.grad()) == Numbers{2.0 * call, 2.0 * call});
  }
  const Tensor kept = x.grad();
  sum(x * 2.0).backward();
  CHECK(numbers(kept) == Numbers{6, 6});
  x.zero_grad();
  CHECK_FALSE(x.grad().defined());
  sum(x * 3.0).backward();
  CHECK(numbers(x.grad()) == Numbers{3, 3});
  x.set_grad(Tensor({1.0, 1.0}, float64));
  sum(x).backward();
  CHECK(numbers(x.grad()) == Numbers{2, 2});
}

TEST_CASE("backward: .gradient weights the elements of the root") {
  const Tensor x = leaf({1, 2});
  (x * 3.0).backward({.gradient = Tensor({1.0, 10.0}, float64)});
  CHECK(numbers(x.grad()) == Numbers{3, 30});
  (x * 3.0).backward({.gradient = Tensor{1.0, 10.0}});
  CHECK(numbers(x.grad()) == Numbers{6, 60});
  CHECK(x.grad().dtype() == float64);
}

TEST_CASE("backward: from a leaf") {
  const Tensor x = leaf({4});
  x.backward();
  CHECK(numbers(x.grad()) == Numbers{1});
}

TEST_CASE("backward: a shared subexpression is walked once, with the whole gradient") {
  int calls = 0;
  const Tensor x = leaf({3}), shared = counted(x * x, calls);
  sum(shared * shared + shared * 2.0 + exp(shared * 0.0)).backward();
  CHECK(calls == 1);
  CHECK(numbers(x.grad()) == Numbers{(2 * 9 + 2) * 6});
}

TEST_CASE("backward: a chain of diamonds is walked once a node, not once a path") {
  int calls = 0;
  const Tensor x = leaf({1});
  Tensor y = x;
  for (int i = 0; i < 40; ++i) y = counted(y + y, calls);
  y.backward();
  CHECK(calls == 40);
  CHECK(x.grad().item() == 0x1p40);
}

TEST_CASE("backward: leaves have gradients of their own, which share elements with nothing") {
  Tensor a = leaf({1, 2}), b = leaf({3, 4});
  const Tensor given({1.0, 1.0}, float64);
  (a + b).backward({.gradient = given});
  CHECK_FALSE(a.grad().array().shares_storage(b.grad().array()));
  CHECK_FALSE(a.grad().array().shares_storage(given.array()));
  a.grad().assign(Tensor{7.0, 7.0});
  CHECK(numbers(b.grad()) == Numbers{1, 1});
  CHECK(numbers(given) == Numbers{1, 1});
  sum(broadcast_to(a, {3, 2})).backward();
  CHECK(numbers(a.grad()) == Numbers{10, 10});
}

TEST_CASE("backward: only leaves and those that asked keep a gradient") {
  const Tensor x = leaf({2, 3});
  Tensor y = x * x, z = y * 3.0;
  y.retain_grad();
  sum(z).backward();
  CHECK(numbers(y.grad()) == Numbers{3, 3});
  CHECK_FALSE(z.grad().defined());
  CHECK(numbers(x.grad()) == Numbers{12, 18});
}

TEST_CASE("backward: retain_graph allows another pass with the same result") {
  Tensor x = leaf({2, 3});
  const Tensor y = sum(tanh(x) * x);
  y.backward({.retain_graph = true});
  const Numbers once = numbers(x.grad());
  x.zero_grad();
  y.backward();
  CHECK(numbers(x.grad()) == once);
  CHECK_THROWS_AS(y.backward(), GraphError);
  CHECK(numbers(x.grad()) == once);
}

TEST_CASE("backward: create_graph makes the gradients differentiable") {
  Tensor x = leaf({2, 3});
  sum(x * x * x).backward({.create_graph = true});
  const Tensor first = x.grad();
  CHECK(first.requires_grad());
  CHECK(numbers(first) == Numbers{12, 27});
  x.zero_grad();
  sum(first).backward();
  CHECK(numbers(x.grad()) == Numbers{12, 18});
  CHECK_FALSE(x.grad().requires_grad());
  x.zero_grad();
}

TEST_CASE("backward: under NoGrad it works, and records nothing") {
  const Tensor x = leaf({2});
  const Tensor y = x * x;
  const NoGrad quiet;
  y.backward();
  CHECK(numbers(x.grad()) == Numbers{4});
  CHECK_FALSE(x.grad().requires_grad());
}

TEST_CASE("backward: a pass that fails changes no gradient") {
  Tensor a = leaf({1}), b = leaf({2}), c = leaf({3});
  b.set_grad(Tensor({5.0}, float64));
  CHECK_THROWS_AS(sum(failing(a) + b * c).backward(), ValueError);
  for (const Tensor& untouched : {a, c}) CHECK_FALSE(untouched.grad().defined());
  CHECK(numbers(b.grad()) == Numbers{5});
  // The oldest leaf comes last, when all others have their gradients.
  a.register_hook([](const Tensor&) -> Tensor { throw ValueError("the hook fails"); });
  CHECK_THROWS_AS(sum(a * b * c).backward(), ValueError);
  for (const Tensor& untouched : {a, c}) CHECK_FALSE(untouched.grad().defined());
  CHECK(numbers(b.grad()) == Numbers{5});
}

TEST_CASE("grad: stores nothing, and visits only what leads to the inputs") {
  int wanted = 0, unwanted = 0;
  const Tensor x = leaf({2}), w = leaf({3});
  Tensor y = counted(x * 2.0, wanted) * counted(w * 5.0, unwanted);
  y.retain_grad();
  CHECK(numbers(grad(y, x)) == Numbers{30});
  CHECK(wanted == 1);
  CHECK(unwanted == 0);
  for (const Tensor& tensor : {x, w, y}) CHECK_FALSE(tensor.grad().defined());
}

TEST_CASE("grad: calls no rule for an input that was not asked for") {
  int left = 0, right = 0;
  const Tensor a = leaf({2}), b = leaf({3});
  const auto rule = [](int& calls) {
    return [&calls](const Tensor& dy) {
      ++calls;
      return dy;
    };
  };
  const Tensor y = record("both", a.array().clone(), edge(a, rule(left)), edge(b, rule(right)));
  grad(y, b, {.retain_graph = true});
  CHECK(left == 0);
  CHECK(right == 1);
  y.backward();
  CHECK(left == 1);
  CHECK(right == 2);
}

TEST_CASE("grad: with respect to an intermediate result it stops there") {
  int below = 0;
  const Tensor x = leaf({2}), y = counted(x, below) * 3.0, z = y * y;
  CHECK(numbers(grad(z, y, {.retain_graph = true})) == Numbers{12});
  CHECK(below == 0);
  const auto both = grad({z}, {y, x}, {.retain_graph = true});
  CHECK(numbers(both[0]) == Numbers{12});
  CHECK(numbers(both[1]) == Numbers{36});
  CHECK(numbers(grad(z, z)) == Numbers{1});
}

TEST_CASE("grad: of several outputs, with and without given gradients") {
  const Tensor x = leaf({2, 3});
  const Tensor y = x * 2.0, total = sum(x);
  const auto weighted = grad({y, total}, {x, x}, {.gradients = {Tensor({1.0, 10.0}, float64)}, .retain_graph = true});
  CHECK(numbers(weighted[0]) == Numbers{3, 21});
  CHECK(numbers(weighted[1]) == Numbers{3, 21});
  const auto twice = grad({total, total}, {x}, {.gradients = {Tensor(), Tensor(10.0)}});
  CHECK(numbers(twice[0]) == Numbers{11, 11});
}

TEST_CASE("grad: a given gradient stays differentiable, in any floating dtype") {
  const Tensor x = leaf({2, 3});
  for (const DType dtype : {float64, float32}) {
    const Tensor dy = ones({2}, dtype).set_requires_grad();
    const Tensor dx = grad(x * x, x, {.gradients = {dy}, .create_graph = true});
    const Tensor back = grad(sum(dx), dy, {.allow_unused = true});
    REQUIRE(back.defined());
    CHECK(numbers(back) == Numbers{4, 6});
  }
}

TEST_CASE("grad: unused inputs are an error, or undefined") {
  const Tensor x = leaf({2}), other = leaf({3});
  const Tensor y = x * x;
  const auto gradients = grad({y}, {x, other}, {.retain_graph = true, .allow_unused = true});
  CHECK(numbers(gradients[0]) == Numbers{4});
  CHECK_FALSE(gradients[1].defined());
  CHECK_THROWS_AS(grad({y}, {x, other}), GraphError);
}

TEST_CASE("grad: through a graph that was freed is an error, not a missing or a partial gradient") {
  const Tensor x = leaf({2}), y = x * x;
  CHECK(numbers(grad(y, x)) == Numbers{4});
  CHECK_THROWS_WITH_AS(grad(y, x), doctest::Contains("second pass through 'multiply'"), GraphError);
  CHECK_THROWS_WITH_AS(grad(y, x, {.allow_unused = true}), doctest::Contains("second pass through"), GraphError);
  CHECK_THROWS_WITH_AS(grad(y + x, x), doctest::Contains("second pass through 'multiply'"), GraphError);
}

TEST_CASE("backward: a rule may run backward through its own node, and the graph is freed once nobody needs it") {
  const Tensor x = leaf({2});
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> alive = captured;
  Tensor y;
  int depth = 0;
  y = record("own", x.array().clone(), edge(x, [&, captured](const Tensor& dy) {
               if (depth++ == 0) y.backward();
               return dy * static_cast<double>(*captured + 1);
             }));
  captured.reset();
  y.backward();
  CHECK(depth == 2);
  CHECK(alive.expired());
  CHECK(numbers(x.grad()) == Numbers{2});
  CHECK_THROWS_WITH_AS(y.backward(), doctest::Contains("second pass through 'own'"), GraphError);
}

TEST_CASE("detach: the same elements, and no gradient") {
  const Tensor x = leaf({2, 3}), y = x * x;
  const Tensor constant = y.detach();
  CHECK(constant.array().shares_storage(y.array()));
  CHECK_FALSE(constant.requires_grad());
  sum(constant * x).backward();
  CHECK(numbers(x.grad()) == Numbers{4, 9});
}
