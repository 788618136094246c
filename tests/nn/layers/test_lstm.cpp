#include <doctest/doctest.h>

#include "autograd/engine.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/layers/recurrent.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/close.hpp"

using namespace xg;

TEST_CASE("LSTM: activations of the user's own, which no operation knows, give what those of the library give") {
  const Tensor x = Generator(1).normal({3, 4, 2}, 0, 1, float64);
  const auto of = [](nn::ActivationFunction activation, nn::ActivationFunction gate) {
    return nn::LSTM({.units = 5,
                     .activation = std::move(activation),
                     .recurrent_activation = std::move(gate),
                     .return_sequences = true,
                     .dtype = float64});
  };
  nn::LSTM known = of("tanh", "sigmoid");
  const Tensor y = known(x);
  sum(y * y).backward();
  for (const bool both : {false, true}) {
    nn::LSTM own = of([](const Tensor& z) { return tanh(z); },
                      both ? nn::ActivationFunction([](const Tensor& z) { return sigmoid(z); }) : "sigmoid");
    own.build_for({4, 2});
    own.assign_state(known);
    const Tensor same = own(x);
    CHECK(largest_difference(numbers(same), numbers(y)) < 1e-14);
    sum(same * same).backward();
    for (const auto& parameter : own.parameters())
      CHECK(largest_difference(numbers(parameter.value.grad()), numbers(known[parameter.name].grad())) < 1e-13);
  }
  nn::LSTM other = of("tanh", "tanh");
  other.build_for({4, 2});
  other.assign_state(known);
  CHECK(largest_difference(numbers(other(x)), numbers(y)) > 1e-3);
}
