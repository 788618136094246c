#pragma once

#include "autograd/tensor.hpp"
#include "nn/choices.hpp"

namespace xg::nn {

/// An elementwise (or, softmax, row by row) function that a layer applies to its output: given by Keras's name, by one
/// of the functions below, or as any function of one Tensor. Names: linear, relu, sigmoid, softmax, log_softmax,
/// softplus, tanh, exponential, elu, selu, gelu, silu, mish, leaky_relu, softsign.
class XG_API ActivationFunction : public FunctionChoice<ActivationFunction, Tensor(const Tensor&)> {
 public:
  /// What errors call it.
  static constexpr const char* kind = "activation";

  /// By name, by Spec, or as a function.
  using FunctionChoice::FunctionChoice;
  /// The identity: linear.
  ActivationFunction();
};

/// x where x > 0, else alpha (e^x - 1).
XG_API ActivationFunction elu(double alpha = 1);
/// x where x > 0, else negative_slope x.
XG_API ActivationFunction leaky_relu(double negative_slope = 0.01);
/// e^x / sum(e^x) along an axis.
XG_API ActivationFunction softmax(int axis = -1);
/// ln softmax(x) along an axis.
XG_API ActivationFunction log_softmax(int axis = -1);

/// Which gelu.
struct GeluOptions {
  bool approximate = false;  ///< by a tanh instead of the normal distribution function

  /// Names them all.
  void visit(Arguments& arguments) { arguments("approximate", approximate); }
};
/// x Phi(x), Phi the normal distribution function.
XG_API ActivationFunction gelu(const GeluOptions& options = {});

}  // namespace xg::nn
