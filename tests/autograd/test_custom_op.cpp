#include <doctest/doctest.h>

#include <cmath>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/gradcheck.hpp"
#include "autograd/node.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/record.hpp"
#include "tests/autograd/op_cases.hpp"

using namespace xg;
using namespace xg::testing;

// Operations as a user of the library writes them.

namespace {

/// A loop over the elements: what a user without kernels of the library would write.
template <class F>
Array each(const Array& x, F f) {
  std::vector<double> values = x.to_vector<double>();
  for (double& value : values) value = f(value);
  return Array::from(values, x.shape()).astype(x.dtype());
}

/// x^3, with a rule of operations.
Tensor third_power(const Operand& x) {
  return record("third_power", each(x.array(), [](double v) { return v * v * v; }),
                edge(x, [x = Saved(x)](const Tensor& dy) { return dy * 3.0 * x * x; }));
}

/// e^-x, with a rule that needs the output.
Tensor decay(const Operand& x) {
  return record("decay", each(x.array(), [](double v) { return std::exp(-v); }),
                edge(x, [](const Tensor& dy, const Tensor& y) { return -dy * y; }));
}

/// a^2 b, for shapes that broadcast.
Tensor square_times(const Operand& a, const Operand& b) {
  const NoGrad values_only;
  const Array value = (square(a) * b).array();
  const WithGrad recording;
  return record("square_times", value,
                edge(a, [a = Saved(a), b = Saved(b)](const Tensor& dy) { return dy * 2.0 * a * b; }),
                edge(b, [a = Saved(a)](const Tensor& dy) { return dy * square(a); }));
}

/// The sum of any number of tensors.
Tensor total(const std::vector<Tensor>& tensors) {
  Tensor value = zeros(tensors.front().shape(), tensors.front().dtype());
  std::vector<AnyEdge> edges;
  for (const Tensor& tensor : tensors) {
    value += tensor.detach();
    edges.push_back(edge(tensor, std::function<Tensor(const Tensor&)>([](const Tensor& dy) { return dy; })));
  }
  return record("total", value.array(), std::move(edges));
}

/// A rule that returns a scalar gradient, to be stretched over the input.
Tensor average(const Operand& x) {
  const double count = static_cast<double>(x.tensor().size());
  return record("average", mean(x.tensor().detach()).array(),
                edge(x, [count](const Tensor& dy) { return dy / count; }));
}

}  // namespace

TEST_CASE("custom operations: first and second derivatives") {
  const std::vector<Inputs> one{leaves({uniform({3, 4})}), leaves({uniform({})})};
  for (const Inputs& inputs : one)
    for (const Function& function : {Function([](const Inputs& v) { return third_power(v[0]); }),
                                     Function([](const Inputs& v) { return decay(v[0]); }),
                                     Function([](const Inputs& v) { return average(v[0]); })}) {
      CHECK_MESSAGE(gradcheck(function, inputs).passed, gradcheck(function, inputs));
      CHECK_MESSAGE(gradgradcheck(function, inputs).passed, gradgradcheck(function, inputs));
    }
  for (const auto& [a, b] : broadcast_pairs()) {
    const Function function = [](const Inputs& v) { return square_times(v[0], v[1]); };
    CHECK(gradcheck(function, leaves({uniform(a), uniform(b)})).passed);
    CHECK(gradgradcheck(function, leaves({uniform(a), uniform(b)})).passed);
  }
  const Function function = [](const Inputs& v) { return total(v); };
  CHECK(gradcheck(function, leaves({uniform({2}), uniform({2}), uniform({2})})).passed);
  CHECK(gradgradcheck(function, leaves({uniform({2}), uniform({2})})).passed);
}

TEST_CASE("custom operations: the second derivative of x^3 is 6x, the third 6") {
  Tensor x({2.0, -3.0}, float64);
  x.set_requires_grad();
  const Tensor first = grad(sum(third_power(x)), x, {.create_graph = true});
  const Tensor second = grad(sum(first), x, {.create_graph = true});
  const Tensor third = grad(sum(second), x);
  CHECK(first.to_vector<double>() == std::vector<double>{12, 27});
  CHECK(second.to_vector<double>() == std::vector<double>{12, -18});
  CHECK(third.to_vector<double>() == std::vector<double>{6, 6});
}

TEST_CASE("custom operations: the node carries the name, the line and the shape") {
  const Tensor x = ones({2, 3}).set_requires_grad();
  const Tensor y = third_power(x);
  CHECK(std::string(y.node()->op()) == "third_power");
  CHECK(y.node()->where().line() == __LINE__ - 2);
  CHECK(y.node()->shape() == Shape{2, 3});
  CHECK(y.node()->dtype() == float32);
  CHECK(y.node()->inputs() == 1);
  CHECK(y.node()->input(0) == x.node());
  CHECK(y.node()->id() > x.node()->id());
  CHECK_FALSE(y.is_leaf());
}

TEST_CASE("custom operations: without an input that requires a gradient there is no node") {
  CHECK_FALSE(third_power(ones({2})).node());
  CHECK_FALSE(third_power(2.0).node());
  CHECK_FALSE(total({ones({2}), ones({2})}).node());
  const Tensor x = ones({2}).set_requires_grad();
  const NoGrad off;
  CHECK_FALSE(third_power(x).node());
}

TEST_CASE("custom operations: a saved tensor that was changed in place is refused") {
  Tensor x({2.0}, float64);
  x.set_requires_grad();
  const Tensor y = third_power(x);
  x.assign(Tensor{3.0});
  CHECK_THROWS_WITH_AS(y.backward(),
                       doctest::Contains("that 'third_power' saved for its gradient was changed in place"), GraphError);
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("custom operations: an empty list of edges is refused") {
  CHECK_THROWS_WITH_AS(record("mine", ones({3}).array(), std::vector<AnyEdge>{}),
                       doctest::Contains("mine: record() was given an empty list of edges"), ValueError);
}

TEST_CASE("custom operations: a rule that returns an undefined tensor is refused") {
  const Tensor x = ones({2}).set_requires_grad();
  const Tensor y = record("odd", x.array(), edge(x, [](const Tensor&) { return Tensor(); }));
  CHECK_THROWS_WITH_AS(sum(y).backward(),
                       doctest::Contains("the rule of 'odd' returned an undefined tensor where shape (2,) is expected"),
                       ShapeError);
}

TEST_CASE("custom operations: a rule that returns a shape that does not fit is refused") {
  const Tensor x = ones({2}).set_requires_grad();
  const Tensor y = record("odd", x.array().clone(), edge(x, [](const Tensor&) { return ones({3}); }));
  CHECK_THROWS_WITH_AS(
      sum(y).backward(),
      doctest::Contains("the rule of 'odd' returned a gradient of shape (3,) where shape (2,) is expected"),
      ShapeError);
  CHECK_FALSE(x.grad().defined());
}
