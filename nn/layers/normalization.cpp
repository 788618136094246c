#include "nn/layers/normalization.hpp"

#include <utility>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/normalization.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/check_number.hpp"

namespace xg::nn {
namespace {

template <class Options>
void check_options(const std::string& layer, const Options& options, std::source_location where) {
  if (!(options.epsilon > 0))
    throw ValueError(concat(layer, ": epsilon must be greater than 0, got ", options.epsilon), where);
  check_finite(layer + ": epsilon", options.epsilon, where);
  if (!is_floating(options.dtype))
    throw ValueError(concat(layer, ": the dtype must be float32 or float64, got ", options.dtype), where);
}

std::int64_t channels_of(const std::string& layer, const Shape& sample) {
  if (sample.rank() == 0)
    throw ShapeError(concat(layer, ": the input needs a last axis, but has none"), std::source_location::current());
  return sample.back();
}

/// An error unless x has the parameters' dtype and as many channels.
void check_channels(const std::string& layer, const Tensor& x, std::int64_t channels, DType dtype) {
  if (x.rank() < 2 || x.shape().back() != channels)
    throw ShapeError(concat(layer, ": the input has shape ", x.shape(), ", (batch, ..., ", channels, ") is expected"),
                     std::source_location::current());
  if (x.dtype() != dtype)
    throw DTypeError(concat(layer, ": the input is ", x.dtype(), ", the parameters are ", dtype, ": astype(x, ", dtype,
                            ") converts it, the option dtype makes other parameters"),
                     std::source_location::current());
}

/// The parameter, or what stands in its place.
Tensor or_ones(const Tensor& gamma, std::int64_t count, DType dtype) {
  return gamma.defined() ? gamma : ones({count}, dtype);
}
Tensor or_zeros(const Tensor& beta, std::int64_t count, DType dtype) {
  return beta.defined() ? beta : zeros({count}, dtype);
}

}  // namespace

BatchNormalization::BatchNormalization(BatchNormalizationOptions options, std::source_location where)
    : options_(std::move(options)) {
  check_options(type(), options_, where);
  if (!(options_.momentum >= 0 && options_.momentum <= 1))
    refuse(where, "the momentum must lie in [0, 1], got ", options_.momentum);
}

void BatchNormalization::build(const Shape& sample) {
  const Shape shape{channels_of(type(), sample)};
  const DType dtype = options_.dtype;
  if (options_.scale)
    gamma_ = add_weight("gamma", shape, options_.gamma_initializer, options_.gamma_regularizer,
                        options_.gamma_constraint, dtype);
  if (options_.center)
    beta_ = add_weight("beta", shape, options_.beta_initializer, options_.beta_regularizer, options_.beta_constraint,
                       dtype);
  moving_mean_ = buffer("moving_mean", zeros(shape, dtype));
  moving_variance_ = buffer("moving_variance", ones(shape, dtype));
}

Tensor BatchNormalization::forward(const Tensor& x) {
  const std::int64_t channels = moving_mean_.shape()[0];
  check_channels(type(), x, channels, options_.dtype);
  const Tensor gamma = or_ones(gamma_, channels, options_.dtype), beta = or_zeros(beta_, channels, options_.dtype);
  if (!training()) return batch_norm(x, moving_mean_, moving_variance_, gamma, beta, options_.epsilon);
  auto [y, mean, variance] = batch_norm_training(x, gamma, beta, options_.epsilon);
  const NoGrad values_only;
  const double rows = static_cast<double>(x.size()) / static_cast<double>(channels), keep = options_.momentum;
  if (rows > 1) variance = variance * (rows / (rows - 1));
  update(moving_mean_, latest(moving_mean_) * keep + mean * (1 - keep));
  update(moving_variance_, latest(moving_variance_) * keep + variance * (1 - keep));
  return y;
}

LayerNormalization::LayerNormalization(LayerNormalizationOptions options, std::source_location where)
    : options_(std::move(options)) {
  check_options(type(), options_, where);
}

void LayerNormalization::build(const Shape& sample) {
  const Shape shape{channels_of(type(), sample)};
  if (options_.scale)
    gamma_ = add_weight("gamma", shape, options_.gamma_initializer, options_.gamma_regularizer,
                        options_.gamma_constraint, options_.dtype);
  if (options_.center)
    beta_ = add_weight("beta", shape, options_.beta_initializer, options_.beta_regularizer, options_.beta_constraint,
                       options_.dtype);
}

Tensor LayerNormalization::forward(const Tensor& x) {
  const std::int64_t features = gamma_.defined() ? gamma_.size() : beta_.defined() ? beta_.size() : x.shape().back();
  check_channels(type(), x, features, options_.dtype);
  return layer_norm(x, or_ones(gamma_, features, options_.dtype), or_zeros(beta_, features, options_.dtype),
                    options_.epsilon);
}

RMSNormalization::RMSNormalization(LayerNormalizationOptions options, std::source_location where)
    : options_(std::move(options)) {
  check_options(type(), options_, where);
}

void RMSNormalization::build(const Shape& sample) {
  const Shape shape{channels_of(type(), sample)};
  if (options_.scale)
    gamma_ = add_weight("gamma", shape, options_.gamma_initializer, options_.gamma_regularizer,
                        options_.gamma_constraint, options_.dtype);
}

Tensor RMSNormalization::forward(const Tensor& x) {
  const std::int64_t features = gamma_.defined() ? gamma_.size() : x.shape().back();
  check_channels(type(), x, features, options_.dtype);
  return rms_norm(x, or_ones(gamma_, features, options_.dtype), options_.epsilon);
}

GroupNormalization::GroupNormalization(GroupNormalizationOptions options, std::source_location where)
    : options_(std::move(options)) {
  check_options(type(), options_, where);
  if (options_.groups < 1) refuse(where, "groups must be at least 1, got ", options_.groups);
}

void GroupNormalization::build(const Shape& sample) {
  const std::int64_t channels = channels_of(type(), sample);
  if (channels % options_.groups != 0)
    throw ShapeError(concat(type(), ": ", channels, " channels do not fall into ", options_.groups, " groups"),
                     std::source_location::current());
  if (options_.scale)
    gamma_ = add_weight("gamma", {channels}, options_.gamma_initializer, options_.gamma_regularizer,
                        options_.gamma_constraint, options_.dtype);
  if (options_.center)
    beta_ = add_weight("beta", {channels}, options_.beta_initializer, options_.beta_regularizer,
                       options_.beta_constraint, options_.dtype);
}

Tensor GroupNormalization::forward(const Tensor& x) {
  const std::int64_t channels = gamma_.defined() ? gamma_.size() : beta_.defined() ? beta_.size() : x.shape().back();
  check_channels(type(), x, channels, options_.dtype);
  const std::int64_t batch = x.shape()[0], groups = options_.groups;
  const Tensor grouped =
      reshape(x, {batch, x.size() / std::max<std::int64_t>(batch * channels, 1), groups, channels / groups});
  const Reduce along{.axis = {1, 3}, .keepdims = true};
  const Tensor centred = grouped - mean(grouped, along);
  Tensor y = reshape(centred * rsqrt(mean(square(centred), along) + options_.epsilon), x.shape());
  if (gamma_.defined()) y = y * gamma_;
  return beta_.defined() ? y + beta_ : y;
}

}  // namespace xg::nn
