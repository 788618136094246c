#include "nn/layers/activations.hpp"

#include <utility>

#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "nn/activations.hpp"
#include "nn/check_number.hpp"
#include "nn/layers/activation.hpp"

namespace xg::nn {

Tensor Activation::forward(const Tensor& x) { return function_(x); }

Activation Activation::clone() const { return copied(Activation(function_)); }

LeakyReLU::LeakyReLU(double alpha, std::source_location where) : alpha_(alpha) {
  check_not_negative("LeakyReLU: alpha", alpha, where);
}

Tensor LeakyReLU::forward(const Tensor& x) { return leaky_relu(x, alpha_); }

ELU::ELU(double alpha, std::source_location where) : alpha_(alpha) { check_finite("ELU: alpha", alpha, where); }

Tensor ELU::forward(const Tensor& x) { return elu(x, alpha_); }

ThresholdedReLU::ThresholdedReLU(double theta, std::source_location where) : theta_(theta) {
  check_not_negative("ThresholdedReLU: theta", theta, where);
}

Tensor ThresholdedReLU::forward(const Tensor& x) { return where(greater(x, theta_), x, 0); }

ReLU::ReLU(const ReLUOptions& options, std::source_location where) : options_(options) {
  check_not_negative("ReLU: max_value", options.max_value, where);
  check_not_negative("ReLU: negative_slope", options.negative_slope, where);
  check_not_negative("ReLU: the threshold", options.threshold, where);
}

Tensor ReLU::forward(const Tensor& x) {
  const auto& [max_value, slope, threshold] = options_;
  const Tensor above = max_value == 0 ? x : minimum(x, max_value);
  if (threshold == 0 && slope == 0) return relu(above);
  return where(greater_equal(x, threshold), above, (x - threshold) * slope);
}

Tensor Softmax::forward(const Tensor& x) { return softmax(axis_)(x); }

PReLU::PReLU(PReLUOptions options, std::source_location where) : options_(std::move(options)) {
  if (!is_floating(options_.dtype)) refuse(where, "the dtype must be float32 or float64, got ", options_.dtype);
}

void PReLU::build(const Shape& sample) {
  Shape shape = sample;
  for (const int axis : options_.shared_axes) {
    if (axis < 1 || static_cast<std::size_t>(axis) > sample.rank())
      refuse(std::source_location::current(), "the shared axis ", axis, " is none of the axes 1 to ", sample.rank(),
             " of a sample of shape ", sample);
    shape[static_cast<std::size_t>(axis) - 1] = 1;
  }
  alpha_ = add_weight("alpha", shape, options_.alpha_initializer, options_.alpha_regularizer, options_.alpha_constraint,
                      options_.dtype);
}

Tensor PReLU::forward(const Tensor& x) {
  check_input(x, alpha_.rank(), "a sample's axes", alpha_.dtype());
  return relu(x) - alpha_ * relu(-x);
}

template class ClonedLayer<Activation>;
template class ClonedLayer<LeakyReLU>;
template class ClonedLayer<ELU>;
template class ClonedLayer<ThresholdedReLU>;
template class ClonedLayer<ReLU>;
template class ClonedLayer<Softmax>;
template class ClonedLayer<PReLU>;

}  // namespace xg::nn
