#include "nn/layers/convolution.hpp"

#include <utility>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/assemble.hpp"
#include "autograd/ops/conv.hpp"
#include "autograd/ops/shape.hpp"

namespace xg::nn {
namespace {

constexpr const char* sample_axes[] = {"", "length, channels", "height, width, channels",
                                       "depth, height, width, channels"};

template <std::size_t Axes>
Tensor convolved(const Tensor& x, const Tensor& w, const ConvOptions& options) {
  if constexpr (Axes == 1) return conv1d(x, w, options);
  if constexpr (Axes == 2) return conv2d(x, w, options);
  if constexpr (Axes == 3) return conv3d(x, w, options);
}

template <std::size_t Axes>
Tensor transposed(const Tensor& x, const Tensor& w, const ConvOptions& options) {
  if constexpr (Axes == 1) return conv1d_transpose(x, w, options);
  if constexpr (Axes == 2) return conv2d_transpose(x, w, options);
  if constexpr (Axes == 3) return conv3d_transpose(x, w, options);
}

/// (extents, second to last, last).
template <std::size_t Axes>
Shape kernel_shape(const std::string& layer, const PerAxis& kernel_size, std::int64_t second_to_last,
                   std::int64_t last) {
  const auto extents = kernel_size.resolve(layer.c_str(), "kernel_size", Axes, 1, std::source_location::current());
  Shape shape;
  for (std::size_t axis = 3 - Axes; axis < 3; ++axis) shape.push_back(extents[axis]);
  shape.push_back(second_to_last);
  shape.push_back(last);
  return shape;
}

void check_at_least_one(const std::string& layer, const char* what, std::int64_t number, std::source_location where) {
  if (number < 1) throw ValueError(concat(layer, ": ", what, " must be at least 1, got ", number), where);
}

/// What the options of all of them have in common.
template <std::size_t Axes, class Options>
void check_options(const std::string& layer, const Options& options, std::source_location where) {
  if constexpr (requires { options.filters; }) check_at_least_one(layer, "filters", options.filters, where);
  if constexpr (requires { options.depth_multiplier; })
    check_at_least_one(layer, "depth_multiplier", options.depth_multiplier, where);
  options.kernel_size.resolve(layer.c_str(), "kernel_size", Axes, 1, where);
  options.strides.resolve(layer.c_str(), "strides", Axes, 1, where);
  options.dilation_rate.resolve(layer.c_str(), "dilation_rate", Axes, 1, where);
  constexpr bool may_be_causal = Axes == 1 && requires { options.groups; };
  if (options.padding.causal() && !may_be_causal)
    throw ValueError(concat(layer, ": \"causal\" padding is for Conv1D alone"), where);
  if (!is_floating(options.dtype))
    throw ValueError(concat(layer, ": the dtype must be float32 or float64, got ", options.dtype), where);
}

template <std::size_t Axes>
void check_sample(const std::string& layer, const Shape& sample) {
  if (sample.rank() != Axes + 1)
    throw ShapeError(concat(layer, ": a sample has shape ", sample, ", (", sample_axes[Axes], ") is expected"),
                     std::source_location::current());
}

void check_channels(const std::string& layer, const Tensor& x, std::int64_t channels) {
  if (x.shape().back() != channels)
    throw ShapeError(concat(layer, ": the input of shape ", x.shape(), " has ", x.shape().back(),
                            " channels, the kernel was made for ", channels),
                     std::source_location::current());
}

}  // namespace

template <std::size_t Axes>
Convolution<Axes>::Convolution(ConvolutionOptions options, std::source_location where) : options_(std::move(options)) {
  check_options<Axes>(type(), options_, where);
  check_at_least_one(type(), "groups", options_.groups, where);
  if (options_.filters % options_.groups != 0)
    this->refuse(where, options_.filters, " filters do not fall into ", options_.groups, " groups");
}

template <std::size_t Axes>
std::string Convolution<Axes>::type() const {
  return concat("Conv", Axes, 'D');
}

template <std::size_t Axes>
Convolution<Axes> Convolution<Axes>::clone() const {
  return this->copied(Convolution(options_));
}

template <std::size_t Axes>
void Convolution<Axes>::build(const Shape& sample) {
  check_sample<Axes>(type(), sample);
  if (sample.back() % options_.groups != 0)
    throw ShapeError(concat(type(), ": ", sample.back(), " channels do not fall into ", options_.groups, " groups"),
                     std::source_location::current());
  kernel_ = this->add_weight(
      "kernel", kernel_shape<Axes>(type(), options_.kernel_size, sample.back() / options_.groups, options_.filters),
      options_.kernel_initializer, options_.kernel_regularizer, options_.kernel_constraint, options_.dtype);
  if (options_.use_bias)
    bias_ = this->add_weight("bias", {options_.filters}, options_.bias_initializer, options_.bias_regularizer,
                             options_.bias_constraint, options_.dtype);
}

template <std::size_t Axes>
std::optional<Shape> Convolution<Axes>::output_shape(const Shape& sample) const {
  return kernel_.defined() ? std::optional(this->shape_by_trial(sample, options_.dtype)) : std::nullopt;
}

template <std::size_t Axes>
Tensor Convolution<Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes], kernel_.dtype());
  check_channels(type(), x, kernel_.shape()[Axes] * options_.groups);
  const Tensor z = convolved<Axes>(x, kernel_,
                                   {.bias = bias_,
                                    .stride = options_.strides,
                                    .padding = options_.padding,
                                    .dilation = options_.dilation_rate,
                                    .groups = options_.groups});
  return this->regularized(options_.activation(z), options_.activity_regularizer, options_.activity_mean);
}

template <std::size_t Axes>
TransposedConvolution<Axes>::TransposedConvolution(TransposedConvolutionOptions options, std::source_location where)
    : options_(std::move(options)) {
  check_options<Axes>(type(), options_, where);
}

template <std::size_t Axes>
std::string TransposedConvolution<Axes>::type() const {
  return concat("Conv", Axes, "DTranspose");
}

template <std::size_t Axes>
TransposedConvolution<Axes> TransposedConvolution<Axes>::clone() const {
  return this->copied(TransposedConvolution(options_));
}

template <std::size_t Axes>
void TransposedConvolution<Axes>::build(const Shape& sample) {
  check_sample<Axes>(type(), sample);
  kernel_ = this->add_weight(
      "kernel", kernel_shape<Axes>(type(), options_.kernel_size, options_.filters, sample.back()),
      options_.kernel_initializer, options_.kernel_regularizer, options_.kernel_constraint, options_.dtype);
  if (options_.use_bias)
    bias_ = this->add_weight("bias", {options_.filters}, options_.bias_initializer, options_.bias_regularizer,
                             options_.bias_constraint, options_.dtype);
}

template <std::size_t Axes>
std::optional<Shape> TransposedConvolution<Axes>::output_shape(const Shape& sample) const {
  return kernel_.defined() ? std::optional(this->shape_by_trial(sample, options_.dtype)) : std::nullopt;
}

template <std::size_t Axes>
Tensor TransposedConvolution<Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes], kernel_.dtype());
  check_channels(type(), x, kernel_.shape().back());
  Tensor z = transposed<Axes>(
      x, kernel_, {.stride = options_.strides, .padding = options_.padding, .dilation = options_.dilation_rate});
  if (options_.use_bias) z = z + bias_;
  return this->regularized(options_.activation(z), options_.activity_regularizer, options_.activity_mean);
}

namespace {

/// Each channel by itself: kernel (extents, channels, multiplier).
template <std::size_t Axes, class Options>
Tensor by_channel(const Tensor& x, const Tensor& kernel, const Tensor& bias, const Options& options) {
  Shape shape = kernel.shape();
  const std::int64_t channels = shape[Axes];
  shape[Axes] = 1;
  shape[Axes + 1] *= channels;
  return convolved<Axes>(x, reshape(kernel, shape),
                         {.bias = bias,
                          .stride = options.strides,
                          .padding = options.padding,
                          .dilation = options.dilation_rate,
                          .groups = channels});
}

}  // namespace

template <std::size_t Axes>
DepthwiseConvolution<Axes>::DepthwiseConvolution(DepthwiseConvolutionOptions options, std::source_location where)
    : options_(std::move(options)) {
  check_options<Axes>(type(), options_, where);
}

template <std::size_t Axes>
std::string DepthwiseConvolution<Axes>::type() const {
  return concat("DepthwiseConv", Axes, 'D');
}

template <std::size_t Axes>
DepthwiseConvolution<Axes> DepthwiseConvolution<Axes>::clone() const {
  return this->copied(DepthwiseConvolution(options_));
}

template <std::size_t Axes>
void DepthwiseConvolution<Axes>::build(const Shape& sample) {
  check_sample<Axes>(type(), sample);
  kernel_ = this->add_weight(
      "depthwise_kernel", kernel_shape<Axes>(type(), options_.kernel_size, sample.back(), options_.depth_multiplier),
      options_.depthwise_initializer, options_.depthwise_regularizer, options_.depthwise_constraint, options_.dtype);
  if (options_.use_bias)
    bias_ = this->add_weight("bias", {sample.back() * options_.depth_multiplier}, options_.bias_initializer,
                             options_.bias_regularizer, options_.bias_constraint, options_.dtype);
}

template <std::size_t Axes>
std::optional<Shape> DepthwiseConvolution<Axes>::output_shape(const Shape& sample) const {
  return kernel_.defined() ? std::optional(this->shape_by_trial(sample, options_.dtype)) : std::nullopt;
}

template <std::size_t Axes>
Tensor DepthwiseConvolution<Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes], kernel_.dtype());
  check_channels(type(), x, kernel_.shape()[Axes]);
  const Tensor z = by_channel<Axes>(x, kernel_, bias_, options_);
  return this->regularized(options_.activation(z), options_.activity_regularizer, options_.activity_mean);
}

template <std::size_t Axes>
SeparableConvolution<Axes>::SeparableConvolution(SeparableConvolutionOptions options, std::source_location where)
    : options_(std::move(options)) {
  check_options<Axes>(type(), options_, where);
}

template <std::size_t Axes>
std::string SeparableConvolution<Axes>::type() const {
  return concat("SeparableConv", Axes, 'D');
}

template <std::size_t Axes>
SeparableConvolution<Axes> SeparableConvolution<Axes>::clone() const {
  return this->copied(SeparableConvolution(options_));
}

template <std::size_t Axes>
void SeparableConvolution<Axes>::build(const Shape& sample) {
  check_sample<Axes>(type(), sample);
  const std::int64_t between = sample.back() * options_.depth_multiplier;
  depthwise_ = this->add_weight(
      "depthwise_kernel", kernel_shape<Axes>(type(), options_.kernel_size, sample.back(), options_.depth_multiplier),
      options_.depthwise_initializer, options_.depthwise_regularizer, options_.depthwise_constraint, options_.dtype);
  pointwise_ = this->add_weight("pointwise_kernel", kernel_shape<Axes>(type(), 1, between, options_.filters),
                                options_.pointwise_initializer, options_.pointwise_regularizer,
                                options_.pointwise_constraint, options_.dtype);
  if (options_.use_bias)
    bias_ = this->add_weight("bias", {options_.filters}, options_.bias_initializer, options_.bias_regularizer,
                             options_.bias_constraint, options_.dtype);
}

template <std::size_t Axes>
std::optional<Shape> SeparableConvolution<Axes>::output_shape(const Shape& sample) const {
  return depthwise_.defined() ? std::optional(this->shape_by_trial(sample, options_.dtype)) : std::nullopt;
}

template <std::size_t Axes>
Tensor SeparableConvolution<Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes], depthwise_.dtype());
  check_channels(type(), x, depthwise_.shape()[Axes]);
  const Tensor between = by_channel<Axes>(x, depthwise_, Tensor(), options_);
  const Tensor z = convolved<Axes>(between, pointwise_, {.bias = bias_});
  return this->regularized(options_.activation(z), options_.activity_regularizer, options_.activity_mean);
}

template class Convolution<1>;
template class Convolution<2>;
template class Convolution<3>;
template class TransposedConvolution<1>;
template class TransposedConvolution<2>;
template class TransposedConvolution<3>;
template class DepthwiseConvolution<1>;
template class DepthwiseConvolution<2>;
template class SeparableConvolution<1>;
template class SeparableConvolution<2>;

}  // namespace xg::nn
