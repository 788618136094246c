#pragma once

#include <doctest/doctest.h>

#include "autograd/gradcheck.hpp"
#include "tests/nn/support.hpp"

/// What the tests of losses share.

inline xg::Tensor leaf(const xg::Tensor& values) {
  xg::Tensor x(values.array().clone());
  return x.set_requires_grad();
}

/// The gradient of a loss at x.
inline Numbers gradient_at(const xg::Tensor& x, const std::function<xg::Tensor(const xg::Tensor&)>& loss) {
  const xg::Tensor at = leaf(x);
  loss(at).backward();
  return numbers(at.grad());
}

/// First and second derivatives agree with differences.
inline void check_gradients(const char* name, const std::vector<xg::Tensor>& inputs, const xg::Function& loss) {
  INFO(name);
  const auto report = gradcheck(loss, inputs);
  CHECK_MESSAGE(report, to_string(report));
  const auto second = gradgradcheck(loss, inputs);
  CHECK_MESSAGE(second, to_string(second));
}
