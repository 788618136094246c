// An operation of your own: its value, its gradient, and the check that they belong together.
//
// Expected output:
//   swish(1) = 0.7310586
//   gradient at 1 = 0.92767054
//   gradient check: passed: ...
//   second derivatives: passed: ...
//   a wrong gradient: input 0, element ...
#include <xgrad.hpp>

#include <iostream>

#include "examples/ending.hpp"

using xg::Operand, xg::Saved, xg::Tensor;

// swish(x) = x sigmoid(x); swish'(x) = s + x s (1 - s) with s = sigmoid(x). A rule is written with tensor operations,
// so it can be differentiated again; what it keeps for the backward pass, it captures as Saved.
Tensor swish(const Operand& x) {
  const xg::NoGrad values_only;
  const Tensor value = x * sigmoid(x);
  const xg::WithGrad recording;
  return record("swish", value.array(), edge(x, [x = Saved(x)](const Tensor& dy) {
                  const Tensor s = sigmoid(x);
                  return dy * (s + x * s * (1.0 - s));
                }));
}

// The same with a mistake in the rule.
Tensor wrong_swish(const Operand& x) {
  return record("wrong_swish", swish(x).array(), edge(x, [x = Saved(x)](const Tensor& dy) { return dy * sigmoid(x); }));
}

int main() try {
  Tensor x = 1.0;
  x.set_requires_grad();
  const Tensor y = swish(x);
  y.backward();
  std::cout << "swish(1) = " << y << "\ngradient at 1 = " << x.grad() << '\n';

  Tensor samples({{-2.0, -0.5, 0.0}, {0.3, 1.0, 4.0}}, xg::float64);
  samples.set_requires_grad();
  const auto op = [](const std::vector<Tensor>& inputs) { return swish(inputs[0]); };
  const auto wrong_op = [](const std::vector<Tensor>& inputs) { return wrong_swish(inputs[0]); };
  const auto first = xg::gradcheck(op, {samples}), second = xg::gradgradcheck(op, {samples});
  const auto wrong = xg::gradcheck(wrong_op, {samples});
  std::cout << "gradient check: " << first << "\nsecond derivatives: " << second << "\na wrong gradient: " << wrong
            << '\n';
  return example::finish(first && second && !wrong);
} catch (const std::exception& error) {
  return example::fail(error);
}
