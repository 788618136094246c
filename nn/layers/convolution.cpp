#include "nn/layers/convolution.hpp"

#include <utility>

#include "autograd/ops/arithmetic.hpp"
#include "nn/layers/convolution_checks.hpp"

namespace xg::nn {
namespace {

using detail::check_at_least_one;
using detail::check_channels;
using detail::check_options;
using detail::check_reach;
using detail::check_sample;
using detail::convolved;
using detail::kernel_shape;
using detail::sample_axes;

template <std::size_t Axes>
Tensor transposed(const Tensor& x, const Tensor& w, const ConvOptions& options) {
  if constexpr (Axes == 1) return conv1d_transpose(x, w, options);
  if constexpr (Axes == 2) return conv2d_transpose(x, w, options);
  if constexpr (Axes == 3) return conv3d_transpose(x, w, options);
}

}  // namespace

template <std::size_t Axes>
Convolution<Axes>::Convolution(ConvolutionOptions options, std::source_location where) : Base(std::move(options)) {
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
void Convolution<Axes>::build(const Shape& sample) {
  check_sample<Axes>(type(), sample);
  if (sample.back() % options_.groups != 0)
    throw ShapeError(concat(type(), ": ", sample.back(), " channels do not fall into ", options_.groups, " groups"),
                     std::source_location::current());
  kernel_ = this->add_weight(
      "kernel", kernel_shape<Axes>(type(), options_.kernel_size, sample.back() / options_.groups, options_.filters),
      options_.kernel_initializer, options_.kernel_regularizer, options_.kernel_constraint, options_.dtype);
  this->declare_bias(options_.filters);
}

template <std::size_t Axes>
Tensor Convolution<Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes], kernel_.dtype());
  check_channels(type(), x, kernel_.shape()[Axes] * options_.groups);
  check_reach<Axes>(type(), x, options_);
  const Tensor z = convolved<Axes>(x, kernel_,
                                   {.bias = bias_,
                                    .stride = options_.strides,
                                    .padding = options_.padding,
                                    .dilation = options_.dilation_rate,
                                    .groups = options_.groups});
  return this->activated(z);
}

template <std::size_t Axes>
TransposedConvolution<Axes>::TransposedConvolution(TransposedConvolutionOptions options, std::source_location where)
    : Base(std::move(options)) {
  check_options<Axes>(type(), options_, where);
}

template <std::size_t Axes>
std::string TransposedConvolution<Axes>::type() const {
  return concat("Conv", Axes, "DTranspose");
}

template <std::size_t Axes>
void TransposedConvolution<Axes>::build(const Shape& sample) {
  check_sample<Axes>(type(), sample);
  kernel_ = this->add_weight(
      "kernel", kernel_shape<Axes>(type(), options_.kernel_size, options_.filters, sample.back()),
      options_.kernel_initializer, options_.kernel_regularizer, options_.kernel_constraint, options_.dtype);
  this->declare_bias(options_.filters);
}

template <std::size_t Axes>
Tensor TransposedConvolution<Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes], kernel_.dtype());
  check_channels(type(), x, kernel_.shape().back());
  Tensor z = transposed<Axes>(
      x, kernel_, {.stride = options_.strides, .padding = options_.padding, .dilation = options_.dilation_rate});
  if (options_.use_bias) z = z + bias_;
  return this->activated(z);
}

template class Convolution<1>;
template class Convolution<2>;
template class Convolution<3>;
template class TransposedConvolution<1>;
template class TransposedConvolution<2>;
template class TransposedConvolution<3>;

}  // namespace xg::nn
