#include "nn/activations.hpp"

#include "autograd/ops/activation.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/origin.hpp"

namespace xg::nn {

ActivationFunction::ActivationFunction(const char* name, std::source_location where)
    : name_(given_name("activation", name, where)) {
  static const std::vector<std::pair<std::string_view, Function>> known{
      {"linear", nullptr},
      {"relu", [](const Tensor& x) { return relu(x); }},
      // Losses of these are computed from x.
      {"sigmoid", [](const Tensor& x) { return with_origin(sigmoid(x), "sigmoid", x); }},
      {"softmax", [](const Tensor& x) { return with_origin(softmax(x), "softmax", x); }},
      {"log_softmax", [](const Tensor& x) { return log_softmax(x); }},
      {"softplus", [](const Tensor& x) { return softplus(x); }},
      {"tanh", [](const Tensor& x) { return tanh(x); }},
      {"exponential", [](const Tensor& x) { return exp(x); }},
      {"elu", [](const Tensor& x) { return elu(x); }},
      {"selu", [](const Tensor& x) { return selu(x); }},
      {"gelu", [](const Tensor& x) { return gelu(x); }},
      {"silu", [](const Tensor& x) { return silu(x); }},
      {"mish", [](const Tensor& x) { return mish(x); }},
      {"leaky_relu", [](const Tensor& x) { return leaky_relu(x); }},
      {"softsign", [](const Tensor& x) { return softsign(x); }},
  };
  function_ = find_by_name("activation", name, known, where);
}

Tensor ActivationFunction::operator()(const Tensor& x) const {
  if (!function_) return x;
  if (name_ != custom) return function_(x);
  const OwnLines own;
  return function_(x);
}

}  // namespace xg::nn
