#include "nn/layers/depthwise.hpp"

#include <utility>

#include "autograd/ops/shape.hpp"
#include "nn/layers/convolution_checks.hpp"

namespace xg::nn {
namespace {

using detail::check_channels;
using detail::check_options;
using detail::check_reach;
using detail::check_sample;
using detail::convolved;
using detail::kernel_shape;
using detail::sample_axes;

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
    : Base(std::move(options)) {
  check_options<Axes>(type(), options_, where);
}

template <std::size_t Axes>
std::string DepthwiseConvolution<Axes>::type() const {
  return concat("DepthwiseConv", Axes, 'D');
}

template <std::size_t Axes>
void DepthwiseConvolution<Axes>::build(const Shape& sample) {
  check_sample<Axes>(type(), sample);
  kernel_ = this->add_weight(
      "depthwise_kernel", kernel_shape<Axes>(type(), options_.kernel_size, sample.back(), options_.depth_multiplier),
      options_.depthwise_initializer, options_.depthwise_regularizer, options_.depthwise_constraint, options_.dtype);
  this->declare_bias(sample.back() * options_.depth_multiplier);
}

template <std::size_t Axes>
Tensor DepthwiseConvolution<Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes], kernel_.dtype());
  check_channels(type(), x, kernel_.shape()[Axes]);
  check_reach<Axes>(type(), x, options_);
  const Tensor z = by_channel<Axes>(x, kernel_, bias_, options_);
  return this->activated(z);
}

template <std::size_t Axes>
SeparableConvolution<Axes>::SeparableConvolution(SeparableConvolutionOptions options, std::source_location where)
    : Base(std::move(options)) {
  check_options<Axes>(type(), options_, where);
}

template <std::size_t Axes>
std::string SeparableConvolution<Axes>::type() const {
  return concat("SeparableConv", Axes, 'D');
}

template <std::size_t Axes>
void SeparableConvolution<Axes>::build(const Shape& sample) {
  check_sample<Axes>(type(), sample);
  const std::int64_t between = sample.back() * options_.depth_multiplier;
  kernel_ = this->add_weight(
      "depthwise_kernel", kernel_shape<Axes>(type(), options_.kernel_size, sample.back(), options_.depth_multiplier),
      options_.depthwise_initializer, options_.depthwise_regularizer, options_.depthwise_constraint, options_.dtype);
  pointwise_ = this->add_weight("pointwise_kernel", kernel_shape<Axes>(type(), 1, between, options_.filters),
                                options_.pointwise_initializer, options_.pointwise_regularizer,
                                options_.pointwise_constraint, options_.dtype);
  this->declare_bias(options_.filters);
}

template <std::size_t Axes>
Tensor SeparableConvolution<Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes], kernel_.dtype());
  check_channels(type(), x, kernel_.shape()[Axes]);
  check_reach<Axes>(type(), x, options_);
  const Tensor between = by_channel<Axes>(x, kernel_, Tensor(), options_);
  const Tensor z = convolved<Axes>(between, pointwise_, {.bias = bias_});
  return this->activated(z);
}

template class DepthwiseConvolution<1>;
template class DepthwiseConvolution<2>;
template class SeparableConvolution<1>;
template class SeparableConvolution<2>;

}  // namespace xg::nn
