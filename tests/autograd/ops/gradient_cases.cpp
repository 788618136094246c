#include "autograd/ops/gradient.hpp"

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {

// Their gradients are not those of their values: tests/autograd/test_transforms.cpp checks them.
Cases gradient_cases() {
  const auto identity = [](const Inputs& v) { return Values(v[0]); };
  return {
      {.name = "stop_gradient",
       .function = [](const Inputs& v) { return stop_gradient(v[0]); },
       .samples = samples_of_one(),
       .reference = identity,
       .differentiable = false,
       .elementwise = true},
      {.name = "reverse_gradient",
       .function = [](const Inputs& v) { return reverse_gradient(v[0], 0.5); },
       .samples = samples_of_one(),
       .reference = identity,
       .differentiable = false,
       .elementwise = true},
  };
}

}  // namespace xg::testing
