#pragma once

#include <functional>
#include <source_location>
#include <string>

#include "autograd/tensor.hpp"
#include "nn/lookup.hpp"

namespace xg::nn {

/// An elementwise (or, softmax, row by row) function that a layer applies to its output: given by Keras's name or as
/// any function of one Tensor. Names: linear, relu, sigmoid, softmax, log_softmax, softplus, tanh, exponential,
/// elu, selu, gelu, silu, mish, leaky_relu, softsign.
class XG_API ActivationFunction {
 public:
  /// A function of one tensor.
  using Function = std::function<Tensor(const Tensor&)>;

  /// The identity.
  ActivationFunction() = default;
  /// An unknown name is a ValueError that lists the known ones.
  ActivationFunction(const char* name, std::source_location where = std::source_location::current());
  /// The one of that name; an unknown one is a ValueError that lists the known ones.
  ActivationFunction(const std::string& name, std::source_location where = std::source_location::current())
      : ActivationFunction(name.c_str(), where) {}
  /// A function of the user's. Null is a ValueError.
  template <class F>
  requires std::is_invocable_r_v<Tensor, F, const Tensor&> ActivationFunction(
      F function, std::source_location where = std::source_location::current())
      : name_(custom), function_(given_function<Function>("activation", std::move(function), where)) {}

  /// The name it was found by; empty for a function of the user's.
  const std::string& name() const { return name_; }
  /// Errors in a function of the user's name the line in it.
  Tensor operator()(const Tensor& x) const;

 private:
  static constexpr const char* custom = "custom";

  std::string name_ = "linear";
  Function function_;
};

}  // namespace xg::nn
