#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/loss.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/scan.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/ops/special.hpp"
#include "tests/autograd/laws.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

constexpr double float64_tolerance = 1e-13;
constexpr double float32_tolerance = 4 * 0x1p-23;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::vector<double> numbers(const Tensor& x) { return x.to_vector<double>(); }

double rounded(double x, DType dtype) { return dtype == float32 ? static_cast<float>(x) : x; }

/// The distance of subnormal numbers.
double smallest(DType dtype) {
  return dtype == float32 ? std::numeric_limits<float>::denorm_min() : std::numeric_limits<double>::denorm_min();
}

bool close(double got, double want, DType dtype, double magnitude) {
  if (std::isnan(want)) return std::isnan(got);
  const double tolerance = dtype == float32 ? float32_tolerance : float64_tolerance;
  return got == want ||
         std::abs(got - want) <= std::max(tolerance * std::max(std::abs(want), magnitude), 2 * smallest(dtype));
}

/// Compares what an operation gives with its reference, element by element.
void compare(const OpCase& op, const Function& function, const Inputs& inputs, const Values& expected,
             const std::string& which) {
  const Tensor result = function(inputs);
  CHECK_MESSAGE(result.shape() == expected.shape, title(op), ", ", which, ": shape ", result.shape(), ", expected ",
                expected.shape);
  const std::vector<double> got = result.to_vector<double>();
  REQUIRE(got.size() == expected.numbers.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double want = rounded(expected.numbers[i], result.dtype());
    if (!close(got[i], want, result.dtype(), op.magnitude))
      FAIL_CHECK(title(op), ", ", which, ", element ", i, ": ", got[i], ", expected ", want);
  }
}

Inputs converted(const Inputs& inputs, DType dtype) {
  Inputs result;
  for (const Tensor& input : inputs)
    result.push_back(is_floating(input.dtype()) ? Tensor(input.array().astype(dtype)) : input);
  return result;
}

int agrees_with_reference(const OpCase& op, const Inputs& sample) {
  for (const DType dtype : {float64, float32}) {
    const Inputs inputs = converted(sample, dtype);
    compare(op, op.function, inputs, op.reference(inputs), concat(dtype));
  }
  return 2;
}

int ignores_the_layout(const OpCase& op, const Inputs& sample) {
  for (const DType dtype : {float64, float32}) {
    const Inputs inputs = converted(sample, dtype);
    const Values expected = op.reference(inputs);
    for (const Layout layout : {Layout::transposed, Layout::sliced})
      compare(op, laid_out(op.function, layout), bases(inputs, layout), expected,
              concat(dtype, layout == Layout::sliced ? ", sliced" : ", transposed"));
  }
  return 4;
}

/// What breaks formulas: zeros, infinities, NaN, what overflows or underflows in e^x, the ends of the number range.
template <class T>
Tensor edge_values() {
  using Limits = std::numeric_limits<T>;
  const T tiny = Limits::denorm_min(), normal = Limits::min(), largest = Limits::max();
  std::vector<T> values{0, Limits::infinity(), Limits::quiet_NaN(), tiny, tiny * 1000, normal, largest};
  for (const double x : {1e-20, 1e20, 0.5, 1.0, 20.0, 88.0, 89.0, 95.0, 103.0, 300.0, 710.0, 720.0, 744.0})
    values.push_back(static_cast<T>(x));
  const std::vector<T> positive = values;
  for (const T x : positive) values.push_back(-x);
  return Array::from(values, {static_cast<std::int64_t>(values.size())});
}

/// The edge values; for two inputs every pair of them.
Inputs edge_inputs(std::size_t count, const Tensor& values) {
  if (count == 1) return {values};
  return {values.array().reshape({values.size(), 1}), values};
}

}  // namespace

std::vector<Law> xg::testing::value_laws() {
  const auto has_reference = [](const OpCase& op) { return static_cast<bool>(op.reference); };
  return {{"the values are those of the reference", agrees_with_reference, has_reference},
          {"transposed and sliced inputs give the same values", ignores_the_layout, has_reference}};
}

TEST_CASE("values: elementwise operations hold for zeros, infinities, NaN and the ends of the number range") {
  for (const OpCase& op : op_cases()) {
    if (!op.elementwise) continue;
    for (const Tensor& values : {edge_values<double>(), edge_values<float>()}) {
      const Inputs inputs = edge_inputs(op.samples.front().size(), values);
      compare(op, op.function, inputs, op.reference(inputs), concat(values.dtype(), ", edge values"));
    }
  }
}

TEST_CASE("values: elementwise operations of nothing give nothing") {
  for (const OpCase& op : op_cases()) {
    if (!op.elementwise) continue;
    const Inputs inputs(op.samples.front().size(), Tensor(Array::zeros({0, 3}, float64)));
    CHECK_MESSAGE((op.function(inputs).shape() == Shape{0, 3}), title(op));
  }
}

TEST_CASE("values: reductions of nothing") {
  const Tensor nothing = zeros({0, 3});
  CHECK(sum(nothing).item() == 0);
  CHECK(numbers(sum(nothing, {.axis = 0})) == std::vector<double>{0, 0, 0});
  CHECK(sum(nothing, {.axis = 1}).shape() == Shape{0});
  CHECK(sum_squares(nothing).item() == 0);
  CHECK(std::isnan(mean(nothing).item()));
  CHECK(max(nothing, {.axis = 1, .keepdims = true}).shape() == Shape{0, 1});
  CHECK(argmax(nothing, {.axis = 1}).shape() == Shape{0});
  CHECK(logsumexp(nothing, {.axis = 1}).shape() == Shape{0});
  CHECK(softmax(nothing).shape() == Shape{0, 3});
  CHECK(log_softmax(nothing, 1).shape() == Shape{0, 3});
  CHECK(cross_entropy(nothing, nothing).shape() == Shape{0});
  CHECK_THROWS_AS(max(nothing), ShapeError);
  CHECK_THROWS_AS(argmin(nothing, {.axis = 0}), ShapeError);
  CHECK_THROWS_AS(logsumexp(nothing, {.axis = 0}), ShapeError);
}

TEST_CASE("values: shapes, indices and products of nothing") {
  const Tensor nothing = zeros({0, 3});
  CHECK(reshape(nothing, {3, -1}).shape() == Shape{3, 0});
  CHECK(reshape(transpose(nothing), {0, 7}).shape() == Shape{0, 7});
  CHECK(concatenate({nothing, ones({2, 3})}).shape() == Shape{2, 3});
  CHECK(stack({nothing, nothing}, 1).shape() == Shape{0, 2, 3});
  CHECK(broadcast_to(zeros({1, 3}), {0, 3}).shape() == Shape{0, 3});
  CHECK(slice(ones({4}), 0, {.start = 4}).shape() == Shape{0});
  CHECK(take(nothing, arange(0)).shape() == Shape{0, 3});
  CHECK(gather(nothing, Array::zeros({0, 2}, int64), 1).shape() == Shape{0, 2});
  CHECK(one_hot(arange(0), 3).shape() == Shape{0, 3});
  CHECK(matmul(nothing, ones({3, 2})).shape() == Shape{0, 2});
  CHECK(numbers(matmul(transpose(nothing), ones({0, 1}))) == std::vector<double>{0, 0, 0});
  CHECK(numbers(linear(ones({1, 0}), ones({0, 2}), Tensor{3.0, 4.0})) == std::vector<double>{3, 4});
}

TEST_CASE("values: the gradient of nothing is nothing") {
  Tensor x = zeros({0, 3}).set_requires_grad();
  sum(tanh(x) * x + matmul(x, ones({3, 3}))).backward();
  CHECK(x.grad().shape() == Shape{0, 3});
  Tensor w = ones({3, 2}).set_requires_grad();
  sum(matmul(zeros({0, 3}), w)).backward();
  CHECK(numbers(w.grad()) == std::vector<double>(6, 0));
}

TEST_CASE("values: one NaN makes the results that depend on it NaN") {
  const Tensor x{{1.0, not_a_number, 3.0}, {4.0, 5.0, 6.0}};
  for (const auto& reduced : {sum(x, {.axis = 1}), mean(x, {.axis = 1}), max(x, {.axis = 1}), min(x, {.axis = 1}),
                              var(x, {.axis = 1}), logsumexp(x, {.axis = 1}), cross_entropy(x, ones_like(x))}) {
    CHECK(std::isnan(numbers(reduced)[0]));
    CHECK(std::isfinite(numbers(reduced)[1]));
  }
  for (const auto& reduced : {max(x, {.axis = 0}), min(x, {.axis = 0}), max(transpose(x), {.axis = 1})})
    CHECK(std::isnan(numbers(reduced)[1]));
  for (const auto& row : {softmax(x), log_softmax(x)})
    for (std::size_t i = 0; i < 6; ++i) CHECK(std::isnan(numbers(row)[i]) == (i < 3));
  CHECK(std::isnan(max(x).item()));
  CHECK(std::isnan(sum_squares(x).item()));
  CHECK(std::isnan(cross_entropy(select(x, 0), zeros({3})).item()));
}

TEST_CASE("values: softmax and logsumexp of large numbers neither overflow nor lose the small ones") {
  const Tensor x{{300.0, 300.0}, {-300.0, -300.0}, {300.0, -300.0}};
  CHECK(numbers(softmax(x)) == std::vector<double>{0.5, 0.5, 0.5, 0.5, 1, 0});
  CHECK(numbers(log_softmax(x))[5] == -600);
  const auto logs = numbers(logsumexp(x, {.axis = 1}));
  CHECK(logs[0] == Close(300 + std::log(2), 1e-7));
  CHECK(logs[1] == Close(-300 + std::log(2), 1e-7));
  CHECK(logs[2] == 300);
  CHECK(numbers(cross_entropy(x, Tensor{{1.0, 0.0}, {0.0, 1.0}, {0.0, 1.0}}))[2] == 600);
}

TEST_CASE("values: softmax and logsumexp of infinities") {
  const Tensor x{{-infinity, 0.0}, {-infinity, -infinity}, {infinity, 0.0}};
  const auto shares = numbers(softmax(x));
  CHECK(shares[0] == 0);
  CHECK(shares[1] == 1);
  CHECK(std::isnan(shares[2]));
  const auto logs = numbers(logsumexp(x, {.axis = 1}));
  CHECK(logs == std::vector<double>{0, -infinity, infinity});
  CHECK(cross_entropy(Tensor{-infinity, 0.0}, Tensor{0.0, 1.0}).item() == 0);
}

TEST_CASE("values: argmax and argmin give the first of equals, and the first NaN") {
  const Tensor x{{1.0, 7.0, 7.0, 0.0}, {2.0, not_a_number, 9.0, not_a_number}, {0.0, 0.0, 0.0, 0.0}};
  CHECK(numbers(argmax(x, {.axis = 1})) == std::vector<double>{1, 1, 0});
  CHECK(numbers(argmin(x, {.axis = 1})) == std::vector<double>{3, 1, 0});
  CHECK(numbers(argmax(x, {.axis = 0})) == std::vector<double>{1, 1, 1, 1});
  CHECK(argmax(Tensor{3, 9, 9, 1}).item<int>() == 1);
  CHECK(argmin(Tensor(5.0)).item<int>() == 0);
}

TEST_CASE("values: twenty million float ones add up exactly") {
  const std::int64_t count = 20'000'001;
  const Tensor x = ones({count});
  CHECK(sum(x).item() == static_cast<double>(static_cast<float>(count)));
  CHECK(sum(slice(x, 0, {.stop = 16'777'215})).item() == 16'777'215);
  CHECK(mean(x).item() == 1);
  CHECK(sum_squares(slice(x, 0, {.stop = 16'777'215})).item() == 16'777'215);
}

TEST_CASE("values: gradients at kinks and ties are the documented ones") {
  const auto gradient = [](const Function& f, const Tensor& at) {
    const Tensor x = leaves({at.array().astype(float64)})[0];
    return numbers(grad(sum(f({x})), x));
  };
  using V = const Inputs&;
  using Numbers = std::vector<double>;
  CHECK(gradient([](V v) { return relu(v[0]); }, Tensor{-0.0, 0.0}) == Numbers{0, 0});
  CHECK(gradient([](V v) { return abs(v[0]); }, Tensor(0.0)) == Numbers{0});
  CHECK(gradient([](V v) { return clip(v[0], -1, 1); }, Tensor{-1.0, 1.0, 1.5}) == Numbers{1, 1, 0});
  CHECK(gradient([](V v) { return maximum(v[0], 2.0); }, Tensor{1.0, 2.0, 3.0}) == Numbers{0, 0.5, 1});
  CHECK(gradient([](V v) { return minimum(2.0, v[0]); }, Tensor{1.0, 2.0, 3.0}) == Numbers{1, 0.5, 0});
  CHECK(gradient([](V v) { return maximum(v[0], v[0]); }, Tensor(2.0)) == Numbers{1});
  CHECK(gradient([](V v) { return max(v[0]); }, Tensor{1.0, 3.0, 3.0}) == Numbers{0, 0.5, 0.5});
  CHECK(gradient([](V v) { return min(v[0], {.axis = 0}); }, Tensor{{1.0, 3.0}, {1.0, 2.0}}) ==
        Numbers{0.5, 0, 0.5, 1});
  CHECK(gradient([](V v) { return pow(v[0], 0.0) + pow(v[0], 1.0) + pow(v[0], 2.0); }, Tensor(0.0)) == Numbers{1});
  CHECK(gradient([](V v) { return pow(0.0, v[0]); }, Tensor{1.0, 2.0}) == Numbers{0, 0});
  CHECK(gradient([](V v) { return norm(v[0]); }, Tensor{0.0, 0.0}) == Numbers{0, 0});
  CHECK(gradient([](V v) { return leaky_relu(v[0], 0.25) + elu(v[0]); }, Tensor(0.0)) == Numbers{1.25});
  CHECK(gradient([](V v) { return take(v[0], Tensor{1, 1, 1}); }, Tensor{5.0, 6.0}) == Numbers{0, 3});
}

TEST_CASE("values: operators are the named operations") {
  const Tensor a = uniform({3, 4}, 0.5, 2), b = uniform({4}, 0.5, 2);
  CHECK(numbers(a + b) == numbers(add(a, b)));
  CHECK(numbers(a - b) == numbers(subtract(a, b)));
  CHECK(numbers(a * b) == numbers(multiply(a, b)));
  CHECK(numbers(a / b) == numbers(divide(a, b)));
  CHECK(numbers(-a) == numbers(negative(a)));
  CHECK(numbers(a == b) == numbers(equal(a, b)));
  CHECK(numbers(a != b) == numbers(not_equal(a, b)));
  CHECK(numbers(a < b) == numbers(less(a, b)));
  CHECK(numbers(a <= b) == numbers(less_equal(a, b)));
  CHECK(numbers(a > b) == numbers(greater(a, b)));
  CHECK(numbers(a >= b) == numbers(greater_equal(a, b)));
}

TEST_CASE("values: changes of shape and slices are views, the others copies") {
  const Tensor x = uniform({4, 6});
  for (const auto& view :
       {reshape(x, {2, 12}), flatten(x), transpose(x), permute(x, {1, 0}), expand_dims(x, 1), flip(x),
        broadcast_to(x, {2, 4, 6}), slice(x, 1, {.step = -2}), select(x, 2), squeeze(reshape(x, {4, 1, 6})),
        reshape(slice(x, 0, {.start = 1}), {18}), x.detach(), astype(x, float64)})
    CHECK(view.array().shares_storage(x.array()));
  for (const auto& copy :
       {concatenate({x}), stack({x}), take(x, arange(4)), reshape(transpose(x), {24}), x + 0.0, relu(x)})
    CHECK_FALSE(copy.array().shares_storage(x.array()));
  slice(x, 0, {.stop = 1}).assign(zeros({1, 6}));
  CHECK(sum(abs(select(x, 0))).item() == 0);
  CHECK(select(x, 1).array().to_vector<double>()[0] != 0);
}

TEST_CASE("values: order and running results with NaN, and of nothing") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor x({2.0, not_a_number, -infinity, 3.0}, float64);
  CHECK(numbers(argsort(x)) == std::vector<double>{2, 0, 3, 1});
  CHECK(numbers(argsort(x, 0, true)) == std::vector<double>{1, 3, 0, 2});
  CHECK(numbers(argsort(Tensor{1, 0, 1, 0})) == std::vector<double>{1, 3, 0, 2});
  CHECK(to_string(cummax(x, 0)) == to_string(Tensor({2.0, not_a_number, not_a_number, not_a_number}, float64)));
  CHECK(to_string(cummin(Tensor({2.0, 1.0, not_a_number, 0.0}, float64), 0)) ==
        to_string(Tensor({2.0, 1.0, not_a_number, not_a_number}, float64)));
  CHECK(std::isnan(median(x).item()));
  CHECK(median(Tensor{4, 1, 3}).item() == 3);
  CHECK(median(Tensor{4, 1, 3, 2}).dtype() == float32);
  CHECK(cumsum(zeros({0, 3}), 0).shape() == Shape{0, 3});
  CHECK(sort(zeros({3, 0})).shape() == Shape{3, 0});
  CHECK(topk(zeros({2}), 0).values.shape() == Shape{0});
  CHECK(cumsum(Tensor({true, true}, boolean), 0).dtype() == int64);
}

TEST_CASE("values: products, any and all of nothing, and what counts as true") {
  const Tensor nothing = zeros({0, 2});
  CHECK(numbers(prod(nothing, {.axis = 0})) == std::vector<double>{1, 1});
  CHECK(numbers(any(nothing, {.axis = 0})) == std::vector<double>{0, 0});
  CHECK(numbers(all(nothing, {.axis = 0})) == std::vector<double>{1, 1});
  CHECK(any(Tensor({0.0, not_a_number}, float64)).item() == 1);
  CHECK(any(nothing).dtype() == boolean);
  CHECK(count_nonzero(Tensor{0, 3, -1}).dtype() == int64);
  CHECK(prod(Tensor({100, 100}, uint8)).item() == 10000);
}

TEST_CASE("values: remainders of integers have the divisor's sign") {
  CHECK(numbers(remainder(Tensor{7, -7, 7, -7}, Tensor{3, 3, -3, -3})) == std::vector<double>{1, 2, -2, -1});
  CHECK(remainder(Tensor{7}, 2).dtype() == int64);
  CHECK(numbers(remainder(full({1}, -9223372036854775807.0, int64), -1)) == std::vector<double>{0});
  CHECK(numbers(remainder(Tensor({200}, uint8), Tensor({7}, uint8))) == std::vector<double>{4});
}

TEST_CASE("values: the gamma function's logarithm and its derivatives at their ends") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(lgamma(Tensor({0.0}, float64)).item() == infinity);
  CHECK(lgamma(Tensor({-2.0}, float64)).item() == infinity);
  CHECK(lgamma(Tensor({1e300}, float64)).item() == Close(6.897755278982137e302, 1e-14));
  CHECK(digamma(Tensor({0.0}, float64)).item() == -infinity);
  CHECK(digamma(Tensor({infinity}, float64)).item() == infinity);
  CHECK(digamma(Tensor({1e10}, float64)).item() == Close(std::log(1e10) - 0.5e-10, 1e-14));
  CHECK(std::isnan(digamma(Tensor({-infinity}, float64)).item()));
  CHECK(polygamma(1, Tensor({infinity}, float64)).item() == 0);
  CHECK(polygamma(2, Tensor({1.0}, float64)).item() == Close(-2 * 1.2020569031595942, 1e-14));
  CHECK(polygamma(3, Tensor({1.0}, float64)).item() == Close(6.493939402266829, 1e-14));
  CHECK(std::isnan(polygamma(std::numeric_limits<int>::max(), Tensor({0.5}, float64)).item()));  // at once
}
