#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/node.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/assemble.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/einsum.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "lib/storage.hpp"
#include "tests/autograd/op_cases.hpp"

using namespace xg;
using namespace xg::testing;

// Gradients of parts of a tensor, and of factors that are used several times: added where they belong.

namespace {

using Numbers = std::vector<double>;

Numbers numbers(const Tensor& x) { return x.to_vector<double>(); }

void check_close(const Tensor& got, const Tensor& expected) {
  REQUIRE(got.shape() == expected.shape());
  const Numbers a = numbers(got), b = numbers(expected);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-12));
}

/// Takes a gradient as the engine does when others have given theirs before.
class Total final : public InputGradients {
 public:
  explicit Total(const Shape& shape) : sum(Array::full(shape, 10, float64)) {}

  bool wants(std::size_t) const override { return true; }
  void give(std::size_t, Tensor) override { ++given; }
  Array* total(std::size_t) override { return &sum; }
  void added(std::size_t) override { ++additions; }

  Array sum;
  int given = 0, additions = 0;
};

struct Part {
  std::string name;
  std::function<Tensor(const Tensor&)> take;
};

/// Everything that takes a part of a tensor (6, 4).
std::vector<Part> parts() {
  const Tensor mask = Tensor{1, 0, 0, 1, 1, 0} == 1;
  return {
      {"slice", [](const Tensor& x) { return slice(x, 1, {.start = 1, .stop = 3}); }},
      {"slice backwards", [](const Tensor& x) { return slice(x, 0, {.start = -1, .stop = 0, .step = -2}); }},
      {"index",
       [](const Tensor& x) {
         return x[{Slice(1, 5, 2), newaxis, 2}];
       }},
      {"take",
       [](const Tensor& x) {
         return take(x, {4, 0, 4}, 0);
       }},
      {"gather",
       [](const Tensor& x) {
         return gather(x, {{5, 0, 0, -1}, {5, 1, 1, 2}}, 0);
       }},
      {"boolean_mask", [=](const Tensor& x) { return boolean_mask(x, mask); }},
      {"split",
       [](const Tensor& x) {
         return split(x, {1, 3, 2})[1];
       }},
      {"chunk", [](const Tensor& x) { return chunk(x, 3)[2]; }},
  };
}

/// The gradient of x for a part's `dy`, with derivatives of its own: by rules that record.
Tensor recorded_gradient(const Part& part, const Tensor& x, const Tensor& dy) {
  return grad(sum(part.take(x) * dy), x, {.create_graph = true});
}

}  // namespace

TEST_CASE("parts: a gradient is added in its place to what others gave, without an array of the whole") {
  for (const Part& part : parts()) {
    CAPTURE(part.name);
    const Tensor x = uniform({6, 4}).set_requires_grad(), y = part.take(x), dy = uniform(y.shape());
    Total total(x.shape());
    {
      const NoGrad values_only;
      y.node()->differentiate(dy, total);
    }
    CHECK(total.given == 0);
    CHECK(total.additions == 1);
    check_close(total.sum, recorded_gradient(part, x, dy) + 10.0);
  }
}

TEST_CASE("parts: many of one tensor give what a product with all their weights gives") {
  for (const Part& part : parts()) {
    CAPTURE(part.name);
    Tensor x = uniform({6, 4}).set_requires_grad();
    const Tensor dy = uniform(part.take(x).shape());
    Tensor loss = sum(x * 0.5);
    for (int i = 0; i < 5; ++i) loss = loss + sum(part.take(x) * dy * static_cast<double>(i));
    loss.backward();
    check_close(x.grad(), recorded_gradient(part, x, dy) * 10.0 + 0.5);
  }
}

TEST_CASE("parts: have derivatives of any order where they are recorded") {
  for (const Part& part : parts()) {
    CAPTURE(part.name);
    const auto cubes = [&](const Inputs& v) {
      const Tensor a = part.take(v[0]), b = part.take(v[0]);
      return a * b * b + part.take(v[0] * v[0]);
    };
    CHECK(gradgradcheck(cubes, leaves({uniform({6, 4})})).passed);
  }
}

TEST_CASE("parts: reshaped, and put together again") {
  Tensor x = uniform({6, 4}).set_requires_grad();
  const Tensor w = uniform({4, 6});
  std::vector<Tensor> rows;
  for (std::int64_t i = 0; i < 6; ++i) rows.push_back(reshape(reshape(x[i], {2, 2}), {4}));
  sum(transpose(stack(rows)) * w).backward();
  CHECK(numbers(x.grad()) == numbers(transpose(w)));
  x.zero_grad();
  const std::vector<Tensor> columns = split(reshape(x, {3, 8}), {3, 4, 1}, 1);
  sum(reshape(concatenate({columns[1], columns[0], columns[2], columns[0]}, 1), {33}) * arange(0, 33, 1, float64))
      .backward();
  Numbers expected;
  for (int row = 0; row < 33; row += 11)
    for (const int column : {4 + 8, 5 + 9, 6 + 10, 0, 1, 2, 3, 7})
      expected.push_back(column + (column > 7 ? 2 : 1) * row);
  CHECK(numbers(x.grad()) == expected);
}

TEST_CASE("parts: a gradient that somebody else holds is not added to") {
  Tensor x = uniform({6, 4}).set_requires_grad();
  const Tensor y = x * 1.0;
  Tensor kept;
  Tensor given = ones({6, 4}, float64);
  const Tensor first = slice(y, 0, {.stop = 2}), second = slice(y, 0, {.stop = 3});
  Tensor whole = y * 1.0;
  whole.backward({.gradient = given, .retain_graph = true});
  (sum(first) + sum(second) + sum(whole * given)).backward();
  CHECK(numbers(given) == Numbers(24, 1));
}

TEST_CASE("matmul: factors that are used twice, or broadcast, have the gradients of products one by one") {
  for (const auto& [left, right] : std::vector<std::pair<Shape, Shape>>{
           {{3, 4}, {4, 2}}, {{5, 3, 4}, {4, 2}}, {{3, 4}, {5, 4, 2}}, {{2, 1, 3, 4}, {5, 4, 2}}, {{5, 3, 4}, {4}}}) {
    CAPTURE(to_string(left));
    CAPTURE(to_string(right));
    const auto twice = [](const Inputs& v) { return matmul(v[0], v[1]) * 2.0 + matmul(v[0] * 1.0, v[1]) * 3.0; };
    CHECK(gradcheck(twice, leaves({uniform(left), uniform(right)})).passed);
    CHECK(gradgradcheck(twice, leaves({uniform(left), uniform(right)})).passed);
    const auto same = [](const Inputs& v) { return matmul(v[0], v[1]) + matmul(v[0], v[1]) * 2.0; };
    CHECK(gradcheck(same, leaves({uniform(left), uniform(right)})).passed);
  }
}

TEST_CASE("matmul: the gradient of a matrix that many are multiplied by takes no matrix for each of them") {
  const std::int64_t batch = 200, n = 64;
  const Tensor a = Tensor(Array::full({batch, 2, n}, 1)), b = Tensor(Array::full({n, n}, 1)).set_requires_grad();
  const Tensor loss = sum(matmul(a, b));
  pool::reset_peak();
  const std::size_t before = pool::statistics().used_bytes;
  loss.backward();
  // The product's gradient and that of b; the products one by one would take 3.3 MB.
  CHECK(pool::statistics().peak_bytes - before < 400000);
  CHECK(b.grad().to_vector<double>() == Numbers(n * n, 2.0 * batch));
}

TEST_CASE("dot, einsum and matmul: the error does not grow with the length as one chain's would") {
  const std::int64_t k = 1000000;
  const Tensor ones_ = Tensor(Array::full({k}, 1)), tenths = Tensor(Array::full({k}, 0.1));
  const double exact = 1e6 * static_cast<double>(0.1F), error = (256 + 1e6 / 256) * 0x1p-24 * exact;
  CHECK(std::abs(dot(ones_, tenths).item<double>() - exact) < error);
  CHECK(std::abs(tensordot(ones_, tenths, 1).item<double>() - exact) < error);
  CHECK(std::abs(einsum("i,i->", {ones_, tenths}).item<double>() - exact) < error);
  CHECK(std::abs(einsum("ij,ij->", {reshape(ones_, {1000, -1}), reshape(tenths, {1000, -1})}).item<double>() - exact) <
        error);
  Tensor w = Tensor(Array::full({1, 1}, 1)).set_requires_grad();
  sum(matmul(reshape(tenths, {1000, 1000, 1}), w)).backward();
  CHECK(std::abs(w.grad().item<double>() - exact) < error);
}
