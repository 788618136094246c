#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <utility>

#include "autograd/ops/spatial.hpp"
#include "nn/activations.hpp"
#include "nn/initializers.hpp"
#include "nn/layer.hpp"

namespace xg::nn {

/// What convolutional layers have in common: a kernel, and a bias and an activation behind it.
template <class L, class Options>
class ConvolutionalLayer : public ClonedLayer<L> {
 public:
  /// One of its own with the same values.
  L clone() const { return this->copied(L(options_)); }
  /// The shape that a batch of none gets, once the kernel is there.
  std::optional<Shape> output_shape(const Shape& sample) const override {
    return kernel_.defined() ? std::optional(this->shape_by_trial(sample, options_.dtype)) : std::nullopt;
  }

 protected:
  /// For derived classes, which check the options.
  explicit ConvolutionalLayer(Options options) : options_(std::move(options)) {}
  /// Declares a bias of so many features, if it is wanted.
  void declare_bias(std::int64_t features) {
    if (options_.use_bias)
      bias_ = this->add_weight("bias", {features}, options_.bias_initializer, options_.bias_regularizer,
                               options_.bias_constraint, options_.dtype);
  }
  /// The output for these sums, bias included.
  Tensor activated(const Tensor& sums) {
    return this->regularized(options_.activation(sums), options_.activity_regularizer, options_.activity_mean);
  }

  Options options_;   ///< what it was made with
  Parameter kernel_;  ///< the kernel that acts on the input
  Parameter bias_;    ///< (features); none without use_bias
};

/// The options of Conv1D, Conv2D and Conv3D.
struct ConvolutionOptions {
  std::int64_t filters = 0;                           ///< features of the output
  PerAxis kernel_size = 0;                            ///< extents of a window
  PerAxis strides = 1;                                ///< the distance between windows
  Padding padding = "valid";                          ///< zeros around the input; "causal" too for Conv1D
  PerAxis dilation_rate = 1;                          ///< the distance between a window's elements
  std::int64_t groups = 1;                            ///< channels and filters fall into so many, apart from each other
  bool use_bias = true;                               ///< whether a bias is added
  Initializer kernel_initializer = "glorot_uniform";  ///< of the kernel (kernel_size, channels / groups, filters)
  Initializer bias_initializer = "zeros";             ///< of the bias (filters)
  ActivationFunction activation = {};                 ///< of the sums
  Regularizer kernel_regularizer = {};                ///< of the kernel
  Regularizer bias_regularizer = {};                  ///< of the bias
  Regularizer activity_regularizer = {};              ///< of the output
  bool activity_mean = true;                          ///< divide the activity penalty by the batch size
  Constraint kernel_constraint = {};                  ///< of the kernel
  Constraint bias_constraint = {};                    ///< of the bias
  DType dtype = float32;                              ///< of the parameters: float32 or float64
};

/// A convolution over one to three spatial axes, channels last: x (batch, spatial axes, channels) -> (batch, spatial
/// axes, filters). Not flipped. Extents: see conv2d(). Parameters: kernel (kernel_size, channels / groups, filters) and
/// bias (filters).
template <std::size_t Axes>
class XG_API Convolution : public ConvolutionalLayer<Convolution<Axes>, ConvolutionOptions> {
  using Base = ConvolutionalLayer<Convolution<Axes>, ConvolutionOptions>;
  using Base::options_, Base::kernel_, Base::bias_;

 public:
  /// Filters below 1, extents, strides or dilations below 1, groups that do not divide the filters, and a dtype that is
  /// not floating are a ValueError.
  explicit Convolution(ConvolutionOptions options, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override;
  void build(const Shape& sample) override;
};

/// Over (batch, length, channels).
using Conv1D = Convolution<1>;
/// Over (batch, height, width, channels).
using Conv2D = Convolution<2>;
/// Over (batch, depth, height, width, channels).
using Conv3D = Convolution<3>;

/// The options of Conv1DTranspose, Conv2DTranspose and Conv3DTranspose.
struct TransposedConvolutionOptions {
  std::int64_t filters = 0;                           ///< features of the output
  PerAxis kernel_size = 0;                            ///< extents of a window
  PerAxis strides = 1;                                ///< how many outputs there are for an input, along each axis
  Padding padding = "valid";                          ///< what is cut off around the output
  PerAxis dilation_rate = 1;                          ///< the distance between a window's elements
  bool use_bias = true;                               ///< whether a bias is added
  Initializer kernel_initializer = "glorot_uniform";  ///< of the kernel (kernel_size, filters, channels)
  Initializer bias_initializer = "zeros";             ///< of the bias (filters)
  ActivationFunction activation = {};                 ///< of the sums
  Regularizer kernel_regularizer = {};                ///< of the kernel
  Regularizer bias_regularizer = {};                  ///< of the bias
  Regularizer activity_regularizer = {};              ///< of the output
  bool activity_mean = true;                          ///< divide the activity penalty by the batch size
  Constraint kernel_constraint = {};                  ///< of the kernel
  Constraint bias_constraint = {};                    ///< of the bias
  DType dtype = float32;                              ///< of the parameters: float32 or float64
};

/// The transpose of a convolution: x (batch, spatial axes, channels) -> (batch, larger spatial axes, filters). Extents:
/// see conv2d_transpose(). Parameters: kernel (kernel_size, filters, channels) and bias (filters).
template <std::size_t Axes>
class XG_API TransposedConvolution
    : public ConvolutionalLayer<TransposedConvolution<Axes>, TransposedConvolutionOptions> {
  using Base = ConvolutionalLayer<TransposedConvolution<Axes>, TransposedConvolutionOptions>;
  using Base::options_, Base::kernel_, Base::bias_;

 public:
  /// Filters below 1, extents, strides or dilations below 1, and a dtype that is not floating are a ValueError.
  explicit TransposedConvolution(TransposedConvolutionOptions options,
                                 std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override;
  void build(const Shape& sample) override;
};

/// Over (batch, length, channels).
using Conv1DTranspose = TransposedConvolution<1>;
/// Over (batch, height, width, channels).
using Conv2DTranspose = TransposedConvolution<2>;
/// Over (batch, depth, height, width, channels).
using Conv3DTranspose = TransposedConvolution<3>;

}  // namespace xg::nn
