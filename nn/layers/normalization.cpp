#include "nn/layers/normalization.hpp"

#include <algorithm>
#include <utility>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
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

}  // namespace

template <class L>
template <class Options>
void ChannelNormalization<L>::declare(const Options& options, const Shape& sample) {
  if (sample.rank() == 0)
    throw ShapeError(concat(this->type(), ": the input needs a last axis, but has none"),
                     std::source_location::current());
  channels_ = sample.back();
  dtype_ = options.dtype;
  if (options.scale)
    gamma_ = this->add_weight("gamma", {channels_}, options.gamma_initializer, options.gamma_regularizer,
                              options.gamma_constraint, dtype_);
  if (options.center)
    beta_ = this->add_weight("beta", {channels_}, options.beta_initializer, options.beta_regularizer,
                             options.beta_constraint, dtype_);
}

template <class L>
void ChannelNormalization<L>::check_channels(const Tensor& x) const {
  if (x.rank() < 2 || x.shape().back() != channels_)
    throw ShapeError(
        concat(this->type(), ": the input has shape ", x.shape(), ", (batch, ..., ", channels_, ") is expected"),
        std::source_location::current());
  this->check_dtype(x, dtype_);
}

template <class L>
Tensor ChannelNormalization<L>::gamma() const {
  return gamma_.defined() ? Tensor(gamma_) : ones({channels_}, dtype_);
}

template <class L>
Tensor ChannelNormalization<L>::beta() const {
  return beta_.defined() ? Tensor(beta_) : zeros({channels_}, dtype_);
}

BatchNormalization::BatchNormalization(BatchNormalizationOptions options, std::source_location where)
    : options_(std::move(options)) {
  check_options(type(), options_, where);
  if (!(options_.momentum >= 0 && options_.momentum <= 1))
    refuse(where, "the momentum must lie in [0, 1], got ", options_.momentum);
}

void BatchNormalization::build(const Shape& sample) {
  declare(options_, sample);
  moving_mean_ = buffer("moving_mean", zeros({channels_}, dtype_));
  moving_variance_ = buffer("moving_variance", ones({channels_}, dtype_));
}

bool BatchNormalization::learns() const {
  const bool has_any = gamma_.defined() || beta_.defined();
  const bool is_frozen =
      has_any && !(gamma_.defined() && gamma_.requires_grad()) && !(beta_.defined() && beta_.requires_grad());
  return training() && !is_frozen;
}

Tensor BatchNormalization::forward(const Tensor& x) {
  check_channels(x);
  if (!learns()) return batch_norm(x, moving_mean_, moving_variance_, gamma(), beta(), options_.epsilon);
  const auto [y, mean, variance] = batch_norm_training(x, gamma(), beta(), options_.epsilon);
  move_statistics(mean, variance, static_cast<double>(x.size()) / static_cast<double>(channels_));
  return y;
}

Tensors BatchNormalization::forward_many(const Tensors& inputs) {
  const Tensors given = without_mask(inputs);
  if (!learns() || given.size() == inputs.size() || given.size() != 1) return {};
  const Tensor& x = given[0];
  check_channels(x);
  const Tensor mask = mask_for(type(), inputs, x);
  Tensor seen = mask;
  while (seen.rank() < x.rank()) seen = expand_dims(seen, -1);
  const double rows = static_cast<double>(x.size()) /
                      static_cast<double>(channels_ * std::max<std::int64_t>(mask.size(), 1)) *
                      count_nonzero(mask).item();
  const auto mean_of = [&](const Tensor& values) {
    return sum(reshape(where(seen, values, 0), {-1, channels_}), {.axis = 0}) / std::max(rows, 1.0);
  };
  const Tensor mean = mean_of(x), variance = mean_of(square(x - mean));
  move_statistics(mean.detach(), variance.detach(), rows);
  return {batch_norm(x, mean, variance, gamma(), beta(), options_.epsilon), {"mask", mask}};
}

void BatchNormalization::move_statistics(const Tensor& mean, const Tensor& variance, double rows) {
  const NoGrad values_only;
  const double keep = options_.momentum, unbiased = rows > 1 ? rows / (rows - 1) : 1;
  update(moving_mean_, latest(moving_mean_) * keep + mean * (1 - keep));
  update(moving_variance_, latest(moving_variance_) * keep + variance * unbiased * (1 - keep));
}

LayerNormalization::LayerNormalization(LayerNormalizationOptions options, std::source_location where)
    : options_(std::move(options)) {
  check_options(type(), options_, where);
}

void LayerNormalization::build(const Shape& sample) { declare(options_, sample); }

Tensor LayerNormalization::forward(const Tensor& x) {
  check_channels(x);
  return layer_norm(x, gamma(), beta(), options_.epsilon);
}

RMSNormalization::RMSNormalization(LayerNormalizationOptions options, std::source_location where)
    : options_(std::move(options)) {
  check_options(type(), options_, where);
  options_.center = false;
}

void RMSNormalization::build(const Shape& sample) { declare(options_, sample); }

Tensor RMSNormalization::forward(const Tensor& x) {
  check_channels(x);
  return rms_norm(x, gamma(), options_.epsilon);
}

GroupNormalization::GroupNormalization(GroupNormalizationOptions options, std::source_location where)
    : options_(std::move(options)) {
  check_options(type(), options_, where);
  if (options_.groups < 1) refuse(where, "groups must be at least 1, got ", options_.groups);
}

void GroupNormalization::build(const Shape& sample) {
  if (sample.rank() > 0 && sample.back() % options_.groups != 0)
    throw ShapeError(concat(type(), ": ", sample.back(), " channels do not fall into ", options_.groups, " groups"),
                     std::source_location::current());
  declare(options_, sample);
}

Tensor GroupNormalization::forward(const Tensor& x) {
  check_channels(x);
  const std::int64_t batch = x.shape()[0], groups = options_.groups;
  const Tensor grouped =
      reshape(x, {batch, x.size() / std::max<std::int64_t>(batch * channels_, 1), groups, channels_ / groups});
  const Reduce along{.axis = {1, 3}, .keepdims = true};
  const Tensor centred = grouped - mean(grouped, along);
  Tensor y = reshape(centred * rsqrt(mean(square(centred), along) + options_.epsilon), x.shape());
  if (gamma_.defined()) y = y * gamma_;
  return beta_.defined() ? y + beta_ : y;
}

template class ClonedLayer<BatchNormalization>;
template class ChannelNormalization<BatchNormalization>;
template class ClonedLayer<LayerNormalization>;
template class ChannelNormalization<LayerNormalization>;
template class ClonedLayer<RMSNormalization>;
template class ChannelNormalization<RMSNormalization>;
template class ClonedLayer<GroupNormalization>;
template class ChannelNormalization<GroupNormalization>;

}  // namespace xg::nn
