#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>

#include "nn/layers/convolution.hpp"

namespace xg::nn {

/// The options of DepthwiseConv1D and DepthwiseConv2D.
struct DepthwiseConvolutionOptions {
  PerAxis kernel_size = 0;                               ///< extents of a window
  PerAxis strides = 1;                                   ///< the distance between windows
  Padding padding = "valid";                             ///< zeros around the input
  std::int64_t depth_multiplier = 1;                     ///< how many outputs each channel has
  PerAxis dilation_rate = 1;                             ///< the distance between a window's elements
  bool use_bias = true;                                  ///< whether a bias is added
  Initializer depthwise_initializer = "glorot_uniform";  ///< of the kernel (kernel_size, channels, depth_multiplier)
  Initializer bias_initializer = "zeros";                ///< of the bias (channels depth_multiplier)
  ActivationFunction activation = {};                    ///< of the sums
  Regularizer depthwise_regularizer = {};                ///< of the kernel
  Regularizer bias_regularizer = {};                     ///< of the bias
  Regularizer activity_regularizer = {};                 ///< of the output
  bool activity_mean = true;                             ///< divide the activity penalty by the batch size
  Constraint depthwise_constraint = {};                  ///< of the kernel
  Constraint bias_constraint = {};                       ///< of the bias
  DType dtype = float32;                                 ///< of the parameters: float32 or float64
};

/// A convolution of each channel by itself: x (batch, spatial axes, channels) -> (batch, spatial axes, channels
/// depth_multiplier); the outputs of a channel are neighbours. Parameters: depthwise_kernel (kernel_size, channels,
/// depth_multiplier) and bias.
template <std::size_t Axes>
class XG_API DepthwiseConvolution : public ConvolutionalLayer<DepthwiseConvolution<Axes>, DepthwiseConvolutionOptions> {
  using Base = ConvolutionalLayer<DepthwiseConvolution<Axes>, DepthwiseConvolutionOptions>;
  using Base::options_, Base::kernel_, Base::bias_;

 public:
  /// Extents, strides, dilations or a multiplier below 1, and a dtype that is not floating are a ValueError.
  explicit DepthwiseConvolution(DepthwiseConvolutionOptions options,
                                std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override;
  void build(const Shape& sample) override;
};

/// Over (batch, length, channels).
using DepthwiseConv1D = DepthwiseConvolution<1>;
/// Over (batch, height, width, channels).
using DepthwiseConv2D = DepthwiseConvolution<2>;

/// The options of SeparableConv1D and SeparableConv2D.
struct SeparableConvolutionOptions {
  std::int64_t filters = 0;                              ///< features of the output
  PerAxis kernel_size = 0;                               ///< extents of a window
  PerAxis strides = 1;                                   ///< the distance between windows
  Padding padding = "valid";                             ///< zeros around the input
  PerAxis dilation_rate = 1;                             ///< the distance between a window's elements
  std::int64_t depth_multiplier = 1;                     ///< how many outputs each channel has in between
  bool use_bias = true;                                  ///< whether a bias is added
  Initializer depthwise_initializer = "glorot_uniform";  ///< of the first kernel
  Initializer pointwise_initializer = "glorot_uniform";  ///< of the second
  Initializer bias_initializer = "zeros";                ///< of the bias (filters)
  ActivationFunction activation = {};                    ///< of the sums
  Regularizer depthwise_regularizer = {};                ///< of the first kernel
  Regularizer pointwise_regularizer = {};                ///< of the second
  Regularizer bias_regularizer = {};                     ///< of the bias
  Regularizer activity_regularizer = {};                 ///< of the output
  bool activity_mean = true;                             ///< divide the activity penalty by the batch size
  Constraint depthwise_constraint = {};                  ///< of the first kernel
  Constraint pointwise_constraint = {};                  ///< of the second
  Constraint bias_constraint = {};                       ///< of the bias
  DType dtype = float32;                                 ///< of the parameters: float32 or float64
};

/// A depthwise convolution, then one of windows of one element over all channels (Chollet, Xception, 2017). Parameters:
/// depthwise_kernel (kernel_size, channels, depth_multiplier), pointwise_kernel (1, ..., channels depth_multiplier,
/// filters) and bias (filters).
template <std::size_t Axes>
class XG_API SeparableConvolution : public ConvolutionalLayer<SeparableConvolution<Axes>, SeparableConvolutionOptions> {
  using Base = ConvolutionalLayer<SeparableConvolution<Axes>, SeparableConvolutionOptions>;
  using Base::options_, Base::kernel_, Base::bias_;

 public:
  /// Filters, extents, strides, dilations or a multiplier below 1, and a dtype that is not floating are a ValueError.
  explicit SeparableConvolution(SeparableConvolutionOptions options,
                                std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override;
  void build(const Shape& sample) override;

 private:
  Parameter pointwise_;
};

/// Over (batch, length, channels).
using SeparableConv1D = SeparableConvolution<1>;
/// Over (batch, height, width, channels).
using SeparableConv2D = SeparableConvolution<2>;

}  // namespace xg::nn
