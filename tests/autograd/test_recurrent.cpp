#include <doctest/doctest.h>

#include <cmath>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/recurrent.hpp"
#include "autograd/ops/reduction.hpp"
#include "tests/autograd/op_cases.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;
using namespace xg::testing;

TEST_CASE("lstm steps: gradients of gates that both use are added up, recorded or not") {
  const Inputs inputs = leaves({uniform({3, 76}), uniform({3, 19})});
  const auto loss = [](const Inputs& v) {
    const Tensor c = lstm_state(v[0], v[1]);
    return sum(lstm_output(v[0], c) * lstm_output(v[0], v[1]) * c * lstm_state(v[0], c));
  };
  const auto fused = grad({loss(inputs)}, inputs), recorded = grad({loss(inputs)}, inputs, {.create_graph = true});
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto a = fused[i].to_vector<double>(), b = recorded[i].to_vector<double>();
    for (std::size_t k = 0; k < a.size(); ++k) CHECK(a[k] == doctest::Approx(b[k]).epsilon(1e-12));
  }
}

TEST_CASE("lstm steps: gates that are far from 0 keep small gradients") {
  const Tensor gates = Tensor({{40.0, 40.0, 0.5, -40.0}}).set_requires_grad(), c = Tensor({{2.0}});
  sum(lstm_state(gates, c)).backward();
  const auto got = gates.grad().to_vector<double>();
  CHECK(got[0] / (std::exp(-40.0) * std::tanh(0.5)) == doctest::Approx(1).epsilon(1e-5));
  CHECK(got[1] / (std::exp(-40.0) * 2) == doctest::Approx(1).epsilon(1e-5));
  CHECK(got[3] == 0);
}

TEST_CASE("lstm steps: errors") {
  CHECK_ERROR(ShapeError, lstm_state(ones({2, 8}), ones({2, 3})),
              "lstm_state: shapes (2, 8) and (2, 3) do not match (batch, 4 n) and (batch, n)");
  CHECK_ERROR(ShapeError, lstm_output(ones({2, 9}), ones({2, 2})),
              "lstm_output: shapes (2, 9) and (2, 2) do not match (batch, 4 n) and (batch, n)");
  CHECK_ERROR(ShapeError, lstm_output(ones({2, 8}), ones({3, 2})),
              "lstm_output: shapes (2, 8) and (3, 2) do not match (batch, 4 n) and (batch, n)");
  CHECK_ERROR(DTypeError, lstm_state(ones({2, 8}), ones({2, 2}, float64)),
              "lstm_state: dtypes float32 and float64 differ: convert with astype");
}
