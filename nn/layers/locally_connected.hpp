#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>

#include "nn/layers/convolution.hpp"

namespace xg::nn {

/// The options of LocallyConnected1D and LocallyConnected2D.
struct LocallyConnectedOptions {
  std::int64_t filters = 0;                           ///< features of the output
  PerAxis kernel_size = 0;                            ///< extents of a window
  PerAxis strides = 1;                                ///< the distance between windows
  ActivationFunction activation = {};                 ///< of the sums
  bool use_bias = true;                               ///< whether a bias is added
  Initializer kernel_initializer = "glorot_uniform";  ///< of the kernel
  Initializer bias_initializer = "zeros";             ///< of the bias
  Regularizer kernel_regularizer = {};                ///< of the kernel
  Regularizer bias_regularizer = {};                  ///< of the bias
  Regularizer activity_regularizer = {};              ///< of the output
  bool activity_mean = true;                          ///< divide the activity penalty by the batch size
  Constraint kernel_constraint = {};                  ///< of the kernel
  Constraint bias_constraint = {};                    ///< of the bias
  DType dtype = float32;                              ///< of the parameters: float32 or float64
};

/// A convolution, "valid", whose kernel is another one at each window: x (batch, spatial axes, channels) -> (batch,
/// spatial axes, filters). Parameters: kernel (windows, elements of a window x channels, filters), windows row by row,
/// and bias (spatial axes of the windows, filters). The spatial axes must be those of the first input.
template <std::size_t Axes>
class XG_API LocallyConnected : public ConvolutionalLayer<LocallyConnected<Axes>, LocallyConnectedOptions> {
  using Base = ConvolutionalLayer<LocallyConnected<Axes>, LocallyConnectedOptions>;
  using Base::options_, Base::kernel_, Base::bias_;

 public:
  /// Filters below 1, extents or strides below 1, and a dtype that is not floating are a ValueError.
  explicit LocallyConnected(LocallyConnectedOptions options,
                            std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override;
  void build(const Shape& sample) override;

 private:
  Tensor windows_of(const Tensor& x) const;

  Shape sample_;  ///< that it was built for
};

/// Over (batch, length, channels).
using LocallyConnected1D = LocallyConnected<1>;
/// Over (batch, height, width, channels).
using LocallyConnected2D = LocallyConnected<2>;

}  // namespace xg::nn
