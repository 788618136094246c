#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/node.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/attention.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "lib/memory_pool.hpp"
#include "tests/autograd/op_cases.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/threads.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

using Numbers = std::vector<double>;
constexpr double never = -std::numeric_limits<double>::infinity();

void check_close(const Tensor& got, const Tensor& expected, double tolerance = 1e-12) {
  REQUIRE(got.shape() == expected.shape());
  const Numbers a = got.to_vector<double>(), b = expected.to_vector<double>();
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  CHECK(worst <= tolerance);
}

/// The scores as a whole, and their softmax: rows in which nothing is seen are not for it.
Tensor composed(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options) {
  Tensor scores = matmul(q, transpose(k, -2, -1)) * options.scale.value_or(1 / std::sqrt(double(q.shape().back())));
  if (options.mask.defined())
    scores = options.mask.dtype() == boolean ? where(options.mask, scores, never) : scores + options.mask;
  if (options.causal)
    scores = where(tril(ones({q.shape()[-2], k.shape()[-2]}, uint8), options.past) == 1, scores, never);
  return matmul(softmax(scores), v);
}

void check_like_composed(const Inputs& inputs, const AttentionOptions& options) {
  const Tensor fused = scaled_dot_product_attention(inputs[0], inputs[1], inputs[2], options);
  const Tensor expected = composed(inputs[0], inputs[1], inputs[2], options);
  const Tensor w = uniform(expected.shape());
  check_close(fused, expected);
  const auto got = grad({sum(fused * w)}, inputs), wanted = grad({sum(expected * w)}, inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) check_close(got[i], wanted[i], 1e-11);
}

/// Every query sees the first key.
Tensor some_mask(const Shape& shape) {
  Tensor mask = uniform(shape) > 0.0;
  mask[{ellipsis, Slice(), 0}] = full({}, true, boolean);
  return mask;
}

}  // namespace

TEST_CASE("attention: values and gradients are those of the whole softmax, whatever blocks there are") {
  for (const auto& [queries, keys] : {std::pair(1, 1), {1, 400}, {95, 191}, {96, 192}, {97, 193}, {200, 385}, {300, 7}})
    for (const auto& [d, m] : {std::pair(1, 3), {20, 64}}) {
      CAPTURE(queries);
      CAPTURE(keys);
      CAPTURE(d);
      const Inputs inputs = leaves({uniform({2, queries, d}), uniform({2, keys, d}), uniform({2, keys, m})});
      check_like_composed(inputs, {});
      check_like_composed(inputs, {.causal = true});
      check_like_composed(inputs, {.causal = true, .past = 100, .scale = 0.7});
      check_like_composed(inputs, {.mask = some_mask({queries, keys})});
      check_like_composed(inputs, {.mask = some_mask({2, 1, keys}), .causal = true});
      check_like_composed(inputs, {.mask = uniform({queries, 1})});
      check_like_composed(inputs, {.mask = uniform({2, 1, keys}), .causal = true});
    }
}

TEST_CASE("attention: scores that grow, fall and are large, block by block") {
  const std::int64_t keys = 500;
  const Tensor steps = reshape(arange(0, keys, 1, float64), {keys, 1});
  for (const double slope : {1.0, -1.0, 30.0, -30.0}) {
    const Inputs inputs = leaves({uniform({100, 1}, 0.5, 2), steps * slope, uniform({keys, 3})});
    const Tensor y = scaled_dot_product_attention(inputs[0], inputs[1], inputs[2]);
    check_close(y, composed(inputs[0], inputs[1], inputs[2], {}), 1e-11);
    for (const Tensor& g : grad({sum(y)}, inputs)) CHECK(xg::all(isfinite(g)).item<bool>());
  }
}

TEST_CASE("attention: in any strides") {
  const Tensor base = uniform({2, 200, 3, 8});
  const Inputs views =
      leaves({transpose(base, 1, 2), transpose(base, 1, 2), transpose(uniform({2, 3, 8, 200}), -2, -1)});
  check_like_composed(views, {.causal = true});
}

TEST_CASE("attention: a query that sees no key gives zeros, and a gradient of zeros") {
  for (const std::int64_t keys : {4, 193}) {
    Tensor mask = full({100, keys}, true, boolean);
    mask[{97, Slice()}] = full({}, false, boolean);
    mask[{3, Slice()}] = full({}, false, boolean);
    const Inputs inputs = leaves({uniform({100, 5}), uniform({keys, 5}), uniform({keys, 6})});
    for (const bool record : {false, true}) {
      const Tensor y = scaled_dot_product_attention(inputs[0], inputs[1], inputs[2], {.mask = mask});
      const auto all = grad({sum(y * y)}, inputs, {.create_graph = record});
      for (const std::int64_t row : {3, 97}) {
        CHECK(y[{row}].to_vector<double>() == Numbers(6, 0.0));
        CHECK(all[0][{row}].to_vector<double>() == Numbers(5, 0.0));
      }
      for (const Tensor& g : all) CHECK(xg::all(isfinite(g)).item<bool>());
    }
  }
  const Tensor q = uniform({3, 2}).set_requires_grad();
  const Tensor y = scaled_dot_product_attention(q, uniform({0, 2}), uniform({0, 4}));
  CHECK(y.to_vector<double>() == Numbers(12, 0.0));
  CHECK(grad({sum(y)}, Inputs{q})[0].to_vector<double>() == Numbers(6, 0.0));
}

TEST_CASE("attention: NaN and infinity reach the rows that see them, and no others") {
  const std::int64_t keys = 400;
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()})
    for (const std::int64_t where_bad : {0, 300, 399}) {
      const Tensor q = ones({3, 2}, float64);
      Tensor k = uniform({keys, 2}), mask = full({3, keys}, true, boolean);
      k[{where_bad, 0}] = full({}, bad, float64);
      mask[{1, where_bad}] = full({}, false, boolean);
      const Tensor y = scaled_dot_product_attention(q, k, uniform({keys, 2}), {.mask = mask});
      CHECK(isnan(y).to_vector<int>() == std::vector<int>{1, 1, 0, 0, 1, 1});
    }
}

TEST_CASE("attention: the same bits on any number of threads") {
  const auto run = [](int threads) {
    const Threads scope(threads);
    manual_seed(3);
    const auto drawn = [](const Shape& shape) { return default_generator().uniform(shape, -1, 1, float32); };
    const Inputs inputs = leaves({drawn({3, 210, 16}), drawn({3, 400, 16}), drawn({3, 400, 20})});
    const Tensor y = scaled_dot_product_attention(inputs[0], inputs[1], inputs[2], {.causal = true, .past = 190});
    auto all = grad({sum(y * y)}, inputs);
    all.push_back(y);
    std::vector<std::vector<double>> numbers;
    for (const Tensor& each : all) numbers.push_back(each.to_vector<double>());
    return numbers;
  };
  const auto one = run(1);
  for (const int threads : {2, 3}) CHECK(run(threads) == one);
}

TEST_CASE("attention: memory grows with the tokens") {
  const auto peak = [](std::int64_t tokens) {
    const Inputs inputs = leaves({uniform({tokens, 8}), uniform({tokens, 8}), uniform({tokens, 8})});
    const auto used = pool::statistics().used_bytes;
    pool::reset_peak();
    grad({sum(scaled_dot_product_attention(inputs[0], inputs[1], inputs[2]))}, inputs);
    return static_cast<double>(pool::statistics().peak_bytes - used);
  };
  CHECK(peak(2000) < 2.5 * peak(1000));
}

TEST_CASE("attention: weights are left out at the rate of the dropout") {
  Generator generator(5);
  const Tensor q = zeros({1, 4}, float64), k = zeros({1000, 4}, float64), v = ones({1000, 1}, float64);
  const double kept = scaled_dot_product_attention(q, k, v, {.dropout = 0.25, .generator = &generator}).item<double>();
  CHECK(kept == doctest::Approx(1).epsilon(0.1));
  CHECK(kept != 1);
  CHECK(std::abs(std::remainder(kept * 750, 1)) < 1e-9);
}

TEST_CASE("attention: nothing is recorded for constants, and constants have no gradient") {
  const Inputs constants{uniform({3, 2}), uniform({4, 2}), uniform({4, 5})};
  CHECK_FALSE(scaled_dot_product_attention(constants[0], constants[1], constants[2]).requires_grad());
  for (std::size_t which = 0; which < 3; ++which) {
    Inputs inputs = constants;
    inputs[which] = constants[which].array().clone();
    inputs[which].set_requires_grad();
    const Tensor y = scaled_dot_product_attention(inputs[0], inputs[1], inputs[2]);
    for (std::size_t i = 0; i < 3; ++i) CHECK(static_cast<bool>(y.node()->input(i)) == (i == which));
    sum(y * y).backward();
    CHECK(inputs[which].grad().defined());
  }
}

TEST_CASE("attention: other dtypes, and errors") {
  const Tensor q = ones({2, 3, 4}), k = ones({2, 5, 4}), v = ones({2, 5, 6});
  CHECK(scaled_dot_product_attention(q, k, ones({2, 5, 6}, float64)).dtype() == float64);
  CHECK_ERROR(
      DTypeError, scaled_dot_product_attention(q, ones({2, 5, 4}, int64), v),
      "scaled_dot_product_attention: a float32 or float64 tensor expected, got int64 of shape (2, 5, 4): convert "
      "with astype");
  CHECK_ERROR(ShapeError, scaled_dot_product_attention(q, k, ones({2, 4, 6})),
              "scaled_dot_product_attention: shapes (2, 3, 4), (2, 5, 4) and (2, 4, 6) do not match (..., queries, d), "
              "(..., keys, d) and (..., keys, m)");
  CHECK_ERROR(ShapeError, scaled_dot_product_attention(q, ones({3, 5, 4}), v),
              "scaled_dot_product_attention: the axes before the last two of shapes (2, 3, 4), (3, 5, 4) and (2, 5, 6) "
              "do not broadcast");
  CHECK_ERROR(ShapeError, scaled_dot_product_attention(q, k, v, {.mask = full({5, 3}, true, boolean)}),
              "scaled_dot_product_attention: a mask of shape (5, 3) does not broadcast to the scores' (2, 3, 5)");
  CHECK_ERROR(DTypeError, scaled_dot_product_attention(q, k, v, {.mask = ones({3, 5}, float64)}),
              "scaled_dot_product_attention: the mask must be boolean (true: seen) or float32 (added), got float64");
  CHECK_ERROR(ValueError, scaled_dot_product_attention(q, k, v, {.causal = true, .past = -1}),
              "scaled_dot_product_attention: the past must not be negative, got -1");
  CHECK_ERROR(ValueError, scaled_dot_product_attention(q, k, v, {.dropout = 1.5}),
              "scaled_dot_product_attention: the dropout must lie in [0, 1], got 1.5");
  CHECK_ERROR(ValueError, scaled_dot_product_attention(q, k, v, {.dropout = 0.5}),
              "scaled_dot_product_attention: a dropout of 0.5 needs a generator to draw from");
}
