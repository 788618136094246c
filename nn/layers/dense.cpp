#include "nn/layers/dense.hpp"

#include <utility>

#include "autograd/ops/linalg.hpp"

namespace xg::nn {

Dense::Dense(DenseOptions options, std::source_location where)
    : options_(std::move(options)), generator_(new_generator()) {
  if (options_.units < 1) throw ValueError(concat("Dense: units must be at least 1, got ", options_.units), where);
  if (options_.input_dim < 0)
    throw ValueError(concat("Dense: input_dim must not be negative, got ", options_.input_dim), where);
  if (!is_floating(options_.dtype))
    throw ValueError(concat("Dense: the dtype must be float32 or float64, got ", options_.dtype), where);
  if (options_.input_dim > 0) build_for({options_.input_dim}, where);
}

void Dense::build(const Shape& sample) {
  if (sample.rank() == 0)
    throw ShapeError("Dense: the input needs a last axis of features, but has none", std::source_location::current());
  const Shape kernel{sample.back(), options_.units}, bias{options_.units};
  Generator& draws = drawn(generator_);
  kernel_ = parameter_from("kernel", options_.kernel_initializer(kernel, options_.dtype, draws),
                           options_.kernel_regularizer, options_.kernel_constraint);
  if (options_.use_bias)
    bias_ = parameter_from("bias", options_.bias_initializer(bias, options_.dtype, draws), options_.bias_regularizer,
                           options_.bias_constraint);
}

void Dense::check_fits(const Shape& sample, const Shape& kernel) const {
  if (sample.rank() == 0)
    throw ShapeError("Dense: the input needs a last axis of features, but has none", std::source_location::current());
  if (sample.back() != kernel[0])
    throw ShapeError(
        concat("Dense: the last axis of the input must be ", kernel[0], ", as in the kernel ", kernel,
               ", but a sample has shape ", sample, sample.elements() == kernel[0] ? ": flatten it first" : ""),
        std::source_location::current());
}

std::optional<Shape> Dense::output_shape(const Shape& sample) const {
  if (const Tensor* kernel = declared("kernel")) check_fits(sample, kernel->shape());
  if (sample.rank() == 0) return std::nullopt;
  Shape result = sample;
  result[result.rank() - 1] = options_.units;
  return result;
}

std::optional<Shape> Dense::input_shape() const {
  const Tensor* const kernel = declared("kernel");
  return kernel ? std::optional(Shape{kernel->shape()[0]}) : std::nullopt;
}

Dense Dense::clone() const {
  DenseOptions options = options_;
  options.input_dim = 0;  // assign_state() builds
  Dense made(options);
  made.generator_ = generator_;
  return copied(std::move(made));
}

Tensor Dense::forward(const Tensor& x) {
  if (x.rank() == 0 || x.shape().back() != kernel_.shape()[0]) {
    Shape sample = x.shape();
    if (sample.rank() > 1) sample.erase(0);
    check_fits(sample, kernel_.shape());
  }
  check_dtype(x, kernel_.dtype());
  const Tensor z = options_.use_bias ? linear(x, kernel_, bias_) : matmul(x, kernel_);
  return regularized(options_.activation(z), options_.activity_regularizer, options_.activity_mean);
}

template class ClonedLayer<Dense>;

}  // namespace xg::nn
