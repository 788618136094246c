#include <doctest/doctest.h>

#include <memory>

#include "autograd/checkpoint.hpp"
#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/node.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/conv.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/normalization.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/storage.hpp"

using namespace xg;

// What the graph promises where it fails, and after it was freed.

namespace {

using Numbers = std::vector<double>;

constexpr std::int64_t elements = 1 << 18;
constexpr std::size_t megabyte = std::size_t{1} << 20;
/// What nodes and rules may take.
constexpr std::size_t small = megabyte / 16;

Numbers numbers(const Tensor& x) { return x.to_vector<double>(); }

std::size_t used() { return pool::statistics().used_bytes; }

Tensor leaf(std::initializer_list<double> values) {
  Tensor x(values, float64);
  return x.set_requires_grad();
}

Tensor throwing(const Tensor&) { throw ValueError("it fails"); }

/// A backward pass that fails leaves every gradient of these as it is; `stored` had one.
void check_untouched(const Tensor& loss, const Tensor& stored, const std::vector<Tensor>& empty) {
  const Numbers before = numbers(stored.grad());
  CHECK_THROWS_AS(loss.backward({.retain_graph = true}), Error);
  CHECK(numbers(stored.grad()) == before);
  for (const Tensor& each : empty) CHECK_FALSE(each.grad().defined());
}

}  // namespace

TEST_CASE("contracts: a backward pass whose last step fails, in a hook of the oldest leaf, changes no gradient") {
  Tensor oldest = leaf({1}), a = leaf({2}), b = leaf({3});
  b.set_grad(Tensor({5.0}, float64));
  oldest.register_hook(throwing);
  Tensor product = a * b;
  product.retain_grad();
  check_untouched(sum(product * oldest), b, {oldest, a, product});
}

TEST_CASE(
    "contracts: a backward pass whose last step fails, in the rule of the oldest operation, changes no gradient") {
  const Tensor oldest = leaf({1});
  const Tensor fails = record("fails", oldest.array().clone(), edge(oldest, throwing));
  Tensor a = leaf({2}), b = leaf({3});
  b.set_grad(Tensor({5.0}, float64));
  Tensor product = a * b;
  product.retain_grad();
  check_untouched(sum(product * fails), b, {oldest, a, product});
}

TEST_CASE("contracts: a hook's result that does not fit is refused, and changes no gradient") {
  for (const Shape& shape : {Shape{2}, Shape{3, 2}, Shape{2, 4}}) {
    Tensor x = ones({2, 3}, float64).set_requires_grad(), y = ones({2, 3}, float64).set_requires_grad();
    y.set_grad(full({2, 3}, 5, float64));
    x.register_hook([&](const Tensor&) { return ones(shape, float64); });
    const Tensor loss = sum(x * y);
    CHECK_THROWS_AS(loss.backward({.retain_graph = true}), ShapeError);
    CHECK_THROWS_AS(grad(loss, x), ShapeError);
    CHECK(numbers(y.grad()) == Numbers(6, 5));
    CHECK_FALSE(x.grad().defined());
  }
}

TEST_CASE("contracts: a hook's result of another dtype becomes the leaf's") {
  const Tensor x = leaf({1, 2});
  Tensor(x).register_hook([](const Tensor& gradient) { return astype(gradient * 2.0, float32); });
  sum(x * 3.0).backward();
  CHECK(x.grad().dtype() == float64);
  CHECK(numbers(x.grad()) == Numbers{6, 6});
}

TEST_CASE("contracts: a given gradient has the root's shape itself, not one that broadcasts to it") {
  const Tensor x = ones({2, 3}, float64).set_requires_grad();
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{1, 3}, Shape{2, 1}, Shape{1, 2, 3}, Shape{6}}) {
    const Tensor given = ones(shape, float64);
    CHECK_THROWS_AS((x * 2.0).backward({.gradient = given}), ShapeError);
    CHECK_THROWS_AS(grad({x * 2.0}, {x}, {.gradients = {given}}), ShapeError);
    CHECK_THROWS_AS(Tensor(x).set_grad(given), ShapeError);
  }
  CHECK_THROWS_AS(Tensor(x).set_grad(ones({2, 3}, float32)), Error);
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("contracts: a leaf that also asked for its gradient gets it once") {
  Tensor x = leaf({1, 2});
  x.retain_grad();
  for (int pass = 1; pass <= 2; ++pass) {
    sum(x * 3.0).backward();
    CHECK(numbers(x.grad()) == Numbers{3.0 * pass, 3.0 * pass});
  }
}

TEST_CASE("contracts: an intermediate result that asked for its gradient adds up over passes, with its hooks") {
  const Tensor x = leaf({1, 2});
  Tensor y = x * 2.0;
  y.retain_grad();
  y.register_hook([](const Tensor& gradient) { return gradient * 10.0; });
  const Tensor loss = sum(y * 3.0);
  loss.backward({.retain_graph = true});
  CHECK(numbers(y.grad()) == Numbers{30, 30});
  loss.backward();
  CHECK(numbers(y.grad()) == Numbers{60, 60});
  CHECK(numbers(x.grad()) == Numbers{120, 120});
}

TEST_CASE("contracts: a gradient that somebody holds is added to as well, and what is held stays") {
  const Tensor w = Tensor({1.0, 2.0}, float64).set_requires_grad(), factor({3.0, 4.0}, float64);
  sum(w * factor).backward();
  const Tensor held = w.grad();
  sum(w * factor).backward();
  CHECK(w.grad().to_vector<double>() == std::vector<double>{6, 8});
  CHECK(held.to_vector<double>() == std::vector<double>{3, 4});
}

TEST_CASE("contracts: hooks of a leaf run in the order in which they were registered") {
  Tensor x = leaf({1});
  x.register_hook([](const Tensor& gradient) { return gradient + 1.0; });
  x.register_hook([](const Tensor& gradient) { return gradient * 10.0; });
  x.register_hook([](const Tensor& gradient) { return gradient - 3.0; });
  sum(x * 2.0).backward();
  CHECK(numbers(x.grad()) == Numbers{27});
}

TEST_CASE("contracts: grad() goes past an older part that was freed, if what is asked for is newer") {
  const Tensor x = leaf({2});
  const Tensor freed = x * x;
  sum(freed).backward();
  const Tensor newer = leaf({5});
  const Tensor y = freed * newer;
  CHECK(numbers(grad(y, newer, {.retain_graph = true})) == Numbers{4});
  CHECK_THROWS_AS(grad(y, x, {.retain_graph = true}), GraphError);
  CHECK_THROWS_AS(y.backward({.retain_graph = true}), GraphError);
  CHECK_FALSE(newer.grad().defined());
}

TEST_CASE("contracts: a graph that was freed keeps no value, though its nodes are kept") {
  const Tensor x = ones({elements}).set_requires_grad();
  sum(x).backward();
  const std::size_t before = used();
  std::vector<NodeRef> nodes;
  {
    const Tensor scaled = x * 1.0, y = softmax(scaled), z = tanh(y), w = square(z);
    const Tensor loss = sum(w);
    CHECK(used() - before >= 4 * megabyte);
    loss.backward();
    for (const Tensor& each : {scaled, y, z, w, loss}) nodes.push_back(each.node());
  }
  CHECK(used() - before < small);
  for (const NodeRef& node : nodes)
    for (std::size_t i = 0; i < node->inputs(); ++i) CHECK_FALSE(node->input(i));
}

TEST_CASE("contracts: a softmax keeps no logits, nor do they outlive the graph") {
  const Tensor x = ones({elements}).set_requires_grad();
  sum(x).backward();
  const std::size_t before = used();
  const Tensor y = softmax(x * 1.0), p = sigmoid(x * 1.0);
  sum(y + p).backward();
  CHECK(used() - before < 2 * (megabyte + megabyte / 4) + small);
}

TEST_CASE("contracts: a leaf goes when nobody holds it, though a result of a freed graph is kept") {
  const std::size_t before = used();
  Tensor y;
  {
    const Tensor x = ones({elements}).set_requires_grad();
    y = sum(x * 2.0);
    y.backward();
    CHECK(used() - before >= 2 * megabyte);
  }
  CHECK(used() - before < small);
  CHECK(y.item() == 2 * elements);
}

TEST_CASE("contracts: rules of a list of inputs, and what a checkpoint calls, go with the graph") {
  auto of_list = std::make_shared<int>(0), of_checkpoint = std::make_shared<int>(0);
  const std::weak_ptr<int> list = of_list, function = of_checkpoint;
  const Tensor x = leaf({1, 2});
  std::vector<AnyEdge> edges{edge(x, std::function<Tensor(const Tensor&)>([of_list](const Tensor& dy) { return dy; }))};
  const Tensor y = record("list", x.array().clone(), std::move(edges));
  edges.clear();
  const Tensor z = checkpoint([of_checkpoint](const std::vector<Tensor>& v) { return v[0] * 2.0; }, {y});
  of_list.reset();
  of_checkpoint.reset();
  CHECK_FALSE(list.expired());
  CHECK_FALSE(function.expired());
  sum(z).backward();
  CHECK(list.expired());
  CHECK(function.expired());
  CHECK(numbers(x.grad()) == Numbers{2, 2});
}

TEST_CASE("contracts: what a checkpoint was given goes with the graph") {
  const Tensor x = ones({elements}).set_requires_grad();
  sum(x).backward();
  const std::size_t before = used();
  NodeRef node;
  {
    const Tensor y = checkpoint([](const std::vector<Tensor>& v) { return square(v[0]); }, {x * 1.0});
    node = y.node();
    sum(y).backward();
  }
  CHECK(used() - before < small);
  CHECK(node->inputs() == 0);
}

TEST_CASE("contracts: a saved tensor is refused after every way to change it in place") {
  const auto refused_after = [](auto change) {
    Tensor x = leaf({1, 2});
    const Tensor loss = sum(x * x);
    change(x);
    CHECK_THROWS_AS(loss.backward(), GraphError);
    CHECK_FALSE(x.grad().defined());
  };
  refused_after([](Tensor& x) { x.assign(Tensor({3.0, 4.0}, float64)); });
  refused_after([](Tensor& x) { x.detach().assign(x.detach()); });
  refused_after([](Tensor& x) { x.array().slice(0, 1, 1, 1).assign(Array::zeros({1}, float64)); });
  refused_after([](Tensor& x) { x.array().bump_version(); });
}

TEST_CASE("contracts: a convolution refuses groups that do not divide its channels, or its features") {
  const Tensor x = ones({1, 4, 6}), w = ones({3, 3, 6});
  CHECK(conv1d(x, w, {.groups = 2}).shape() == Shape{1, 2, 6});
  CHECK_THROWS_AS(conv1d(x, ones({3, 1, 6}), {.groups = 4}), Error);
  CHECK_THROWS_AS(conv1d(x, ones({3, 3, 5}), {.groups = 2}), Error);
  CHECK_THROWS_AS(conv1d(x, w, {.groups = 0}), Error);
  CHECK_THROWS_AS(conv1d(x, w, {.groups = -2}), Error);
  CHECK_THROWS_AS(conv1d(x, w, {.groups = 3}), ShapeError);
  CHECK_THROWS_AS(conv1d(x, ones({3, 6, 6}), {.groups = 2}), ShapeError);
  CHECK_THROWS_AS(conv1d_transpose(x, ones({3, 3, 4}), {.groups = 2}), ShapeError);
  CHECK_THROWS_AS(conv1d_transpose(x, ones({3, 3, 6}), {.groups = 4}), Error);
}

TEST_CASE("contracts: a convolution's bias has one number for each feature, in the input's dtype") {
  const Tensor x = ones({1, 4, 2}), w = ones({3, 2, 5});
  CHECK(conv1d(x, w, {.bias = ones({5})}).shape() == Shape{1, 2, 5});
  CHECK_THROWS_AS(conv1d(x, w, {.bias = ones({5}, float64)}), Error);
  CHECK_THROWS_AS(conv1d(x, w, {.bias = ones({1})}), ShapeError);
  CHECK_THROWS_AS(conv1d(x, w, {.bias = ones({})}), ShapeError);
  CHECK_THROWS_AS(conv1d(x, w, {.bias = ones({1, 5})}), ShapeError);
  CHECK_THROWS_AS(conv1d(x, ones({3, 2, 5}, float64)), Error);
}

TEST_CASE("contracts: batch_norm refuses each parameter of another shape or dtype") {
  const Tensor x = ones({2, 3}), fits = ones({3});
  CHECK(batch_norm(x, fits, fits, fits, fits).shape() == Shape{2, 3});
  for (const Tensor& wrong : {ones({2}), ones({1}), ones({}), ones({2, 3}), ones({3}, float64)}) {
    CHECK_THROWS_AS(batch_norm(x, wrong, fits, fits, fits), Error);
    CHECK_THROWS_AS(batch_norm(x, fits, wrong, fits, fits), Error);
    CHECK_THROWS_AS(batch_norm(x, fits, fits, wrong, fits), Error);
    CHECK_THROWS_AS(batch_norm(x, fits, fits, fits, wrong), Error);
    CHECK_THROWS_AS(layer_norm(x, wrong, fits), Error);
    CHECK_THROWS_AS(layer_norm(x, fits, wrong), Error);
    CHECK_THROWS_AS(rms_norm(x, wrong), Error);
  }
}
