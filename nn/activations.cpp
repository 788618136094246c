#include "nn/activations.hpp"

#include "autograd/ops/activation.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/origin.hpp"
#include "nn/registry.hpp"

namespace xg::nn {
namespace {

using Function = ActivationFunction::Function;

Tensor unchanged(const Tensor& x) { return x; }

/// A maker of what has one argument.
template <class Value>
auto with(const char* name, Value otherwise, Tensor (*activation)(const Operand&, Value)) {
  return [=](Arguments& given) -> Function {
    Value value = otherwise;
    given(name, value);
    return [=](const Tensor& x) { return activation(x, value); };
  };
}

/// Losses of these are computed from x.
Tensor sigmoid_of_logits(const Tensor& x) { return with_origin(sigmoid(x), "sigmoid", x); }

Tensor softmax_of_logits(const Operand& x, int axis) {
  const Tensor p = xg::softmax(x, axis);
  const bool is_last = axis == -1 || axis + 1 == static_cast<int>(p.rank());
  return is_last ? with_origin(p, "softmax", x) : p;
}

Function make_gelu(Arguments& given) {
  const auto options = options_from<GeluOptions>(given);
  return [=](const Tensor& x) { return xg::gelu(x, options.approximate); };
}

}  // namespace

ActivationFunction::ActivationFunction() : FunctionChoice("linear") {}

ActivationFunction elu(double alpha) { return Spec{"elu", {{"alpha", alpha}}}; }
ActivationFunction leaky_relu(double negative_slope) {
  return Spec{"leaky_relu", {{"negative_slope", negative_slope}}};
}
ActivationFunction softmax(int axis) { return Spec{"softmax", {{"axis", axis}}}; }
ActivationFunction log_softmax(int axis) { return Spec{"log_softmax", {{"axis", axis}}}; }
ActivationFunction gelu(const GeluOptions& options) { return Spec{"gelu", arguments_of(options)}; }

template <>
Registry<Function>& Choice<ActivationFunction, Function>::registry() {
  static Registry<Function> known(ActivationFunction::kind,
                                  {
                                      {"linear", always(unchanged)},
                                      {"relu", always(relu)},
                                      {"sigmoid", always(sigmoid_of_logits)},
                                      {"softmax", with("axis", -1, softmax_of_logits)},
                                      {"log_softmax", with("axis", -1, xg::log_softmax)},
                                      {"softplus", always(softplus)},
                                      {"tanh", always(tanh)},
                                      {"exponential", always(exp)},
                                      {"elu", with("alpha", 1.0, xg::elu)},
                                      {"selu", always(selu)},
                                      {"gelu", make_gelu},
                                      {"silu", always(silu)},
                                      {"mish", always(mish)},
                                      {"leaky_relu", with("negative_slope", 0.01, xg::leaky_relu)},
                                      {"softsign", always(softsign)},
                                  });
  return known;
}

template class Choice<ActivationFunction, Function>;

}  // namespace xg::nn
