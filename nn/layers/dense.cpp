#include "nn/layers/dense.hpp"

#include <utility>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/linalg.hpp"

namespace xg::nn {

Dense::Dense(DenseOptions options, std::source_location where)
    : options_(std::move(options)), generator_(new_generator()) {
  if (options_.units < 1) throw ValueError(concat("Dense: units must be at least 1, got ", options_.units), where);
  if (options_.input_dim < 0)
    throw ValueError(concat("Dense: input_dim must not be negative, got ", options_.input_dim), where);
  if (options_.input_dim > 0) make_parameters(options_.input_dim, where);
}

void Dense::make_parameters(std::int64_t input_dim, std::source_location where) {
  const CallerScope scope(where);
  const Shape kernel{input_dim, options_.units}, bias{options_.units};
  kernel_ = &parameter("kernel", options_.kernel_initializer(kernel, float32, generator_), options_.kernel_regularizer);
  if (options_.use_bias)
    bias_ = &parameter("bias", options_.bias_initializer(bias, float32, generator_), options_.bias_regularizer);
}

std::optional<Shape> Dense::build(const Shape& sample, std::source_location where) {
  if (sample.rank() == 0) throw ShapeError("Dense: the input needs a last axis of features, but has none", where);
  if (!kernel_) make_parameters(sample.back(), where);
  const std::int64_t expected = kernel_->shape()[0];
  if (sample.back() != expected)
    throw ShapeError(
        concat("Dense: the last axis of the input must be ", expected, ", as in the kernel ", kernel_->shape(),
               ", but a sample has shape ", sample, sample.elements() == expected ? ": flatten it first" : ""),
        where);
  Shape result = sample;
  result[result.rank() - 1] = options_.units;
  return result;
}

std::optional<Shape> Dense::input_shape() const {
  if (!kernel_) return std::nullopt;
  return Shape{kernel_->shape()[0]};
}

Tensor Dense::forward(const Tensor& x) {
  Shape sample = x.shape();
  if (sample.rank() > 1) sample.erase(0);
  build(sample, std::source_location::current());
  const Tensor z = bias_ ? linear(x, *kernel_, *bias_) : matmul(x, *kernel_);
  const Tensor y = options_.activation(z);
  if (options_.activity_regularizer) {
    const Tensor term = options_.activity_regularizer(y);
    const auto batch = static_cast<double>(y.rank() > 0 ? y.shape()[0] : 1);
    add_penalty(options_.activity_mean ? term / batch : term);
  }
  return y;
}

}  // namespace xg::nn
