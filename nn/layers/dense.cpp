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
  const std::uint64_t draws = generator_.step();
  try {
    parameter("kernel", options_.kernel_initializer(kernel, float32, generator_), options_.kernel_regularizer);
    if (options_.use_bias)
      parameter("bias", options_.bias_initializer(bias, float32, generator_), options_.bias_regularizer);
  } catch (...) {
    unbuild();
    generator_.set_step(draws);
    throw;
  }
}

void Dense::unbuild() noexcept {
  undeclare("kernel");
  undeclare("bias");
}

std::optional<Shape> Dense::build(const Shape& sample, std::source_location where) {
  if (sample.rank() == 0) throw ShapeError("Dense: the input needs a last axis of features, but has none", where);
  if (!built()) make_parameters(sample.back(), where);
  const Shape& kernel = declared("kernel")->shape();
  if (sample.back() != kernel[0])
    throw ShapeError(
        concat("Dense: the last axis of the input must be ", kernel[0], ", as in the kernel ", kernel,
               ", but a sample has shape ", sample, sample.elements() == kernel[0] ? ": flatten it first" : ""),
        where);
  Shape result = sample;
  result[result.rank() - 1] = options_.units;
  return result;
}

std::optional<Shape> Dense::input_shape() const {
  if (!built()) return std::nullopt;
  return Shape{declared("kernel")->shape()[0]};
}

Tensor Dense::forward(const Tensor& x) {
  Shape sample = x.shape();
  if (sample.rank() > 1) sample.erase(0);
  build(sample, std::source_location::current());
  const Tensor &kernel = *declared("kernel"), *bias = declared("bias");
  const Tensor z = bias ? linear(x, kernel, *bias) : matmul(x, kernel);
  const Tensor y = options_.activation(z);
  if (options_.activity_regularizer) {
    const Tensor term = options_.activity_regularizer(y);
    const auto batch = static_cast<double>(y.rank() > 0 ? y.shape()[0] : 1);
    add_penalty(options_.activity_mean ? term / batch : term);
  }
  return y;
}

}  // namespace xg::nn
