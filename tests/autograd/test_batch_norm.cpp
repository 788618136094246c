#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/node.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/normalization.hpp"
#include "autograd/ops/reduction.hpp"
#include "tests/autograd/op_cases.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

using Numbers = std::vector<double>;

void check_close(const Tensor& got, const Tensor& expected) {
  REQUIRE(got.shape() == expected.shape());
  const Numbers a = got.to_vector<double>(), b = expected.to_vector<double>();
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-10));
}

}  // namespace

TEST_CASE("batch_norm_training: gives the statistics of the batch, without gradient") {
  const Tensor x = uniform({4, 3, 5}).set_requires_grad(), gamma = uniform({5}), beta = uniform({5});
  const TrainedBatchNorm result = batch_norm_training(x, gamma, beta);
  check_close(result.mean, mean(x, {.axis = {0, 1}}));
  check_close(result.variance, var(x, {.axis = {0, 1}}));
  CHECK(result.y.requires_grad());
  CHECK_FALSE(result.mean.requires_grad());
  CHECK_FALSE(result.variance.requires_grad());
}

TEST_CASE("batch_norm_training: values and gradients are those of batch_norm with mean and var, recorded or not") {
  for (const bool record : {false, true}) {
    const Inputs inputs = leaves({uniform({4, 3, 5}), uniform({5}), uniform({5})});
    const Tensor &x = inputs[0], &gamma = inputs[1], &beta = inputs[2], w = uniform({4, 3, 5});
    const Tensor fused = batch_norm_training(x, gamma, beta).y;
    const Tensor composed = batch_norm(x, mean(x, {.axis = {0, 1}}), var(x, {.axis = {0, 1}}), gamma, beta);
    check_close(fused, composed);
    const auto got = grad({sum(fused * w)}, inputs, {.create_graph = record});
    const auto expected = grad({sum(composed * w)}, inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      check_close(got[i], expected[i]);
      CHECK(got[i].requires_grad() == (record && i < 2));
    }
  }
}

TEST_CASE("batch_norm_training: nothing is recorded for constants, and constants have no gradient") {
  const Tensor x = uniform({6, 2}), gamma = uniform({2}), beta = uniform({2});
  CHECK_FALSE(batch_norm_training(x, gamma, beta).y.requires_grad());
  for (std::size_t which = 0; which < 3; ++which) {
    Inputs inputs{x.array().clone(), gamma.array().clone(), beta.array().clone()};
    inputs[which].set_requires_grad();
    const Tensor y = batch_norm_training(inputs[0], inputs[1], inputs[2]).y;
    for (std::size_t i = 0; i < 3; ++i) CHECK(static_cast<bool>(y.node()->input(i)) == (i == which));
    sum(y * y).backward();
    CHECK(inputs[which].grad().defined());
  }
}
