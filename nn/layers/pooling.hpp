#pragma once

#include <cstddef>
#include <source_location>

#include "autograd/ops/pool.hpp"
#include "nn/layer.hpp"

namespace xg::nn {

/// What pooling makes of a window.
enum class Pooling { max, average };

/// The options of MaxPooling1D, AveragePooling2D and their like.
struct PoolingOptions {
  PerAxis pool_size = 2;      ///< extents of a window
  PerAxis strides = 0;        ///< the distance between windows; 0: that of the extents
  Padding padding = "valid";  ///< how far windows reach over the ends; what lies there does not count
};

/// The largest element, or the mean, of windows of each channel: x (batch, spatial axes, channels) -> (batch, fewer
/// spatial elements, channels). Extents as for convolutions.
template <Pooling Kind, std::size_t Axes>
class XG_API PoolingLayer : public ClonedLayer<PoolingLayer<Kind, Axes>> {
 public:
  /// Extents below 1 and negative strides are a ValueError.
  explicit PoolingLayer(PoolingOptions options = {}, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override;
  /// One of its own.
  PoolingLayer clone() const { return this->copied(PoolingLayer(options_)); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return this->shape_by_trial(sample); }

 private:
  PoolingOptions options_;
};

/// Over (batch, length, channels).
using MaxPooling1D = PoolingLayer<Pooling::max, 1>;
/// Over (batch, height, width, channels).
using MaxPooling2D = PoolingLayer<Pooling::max, 2>;
/// Over (batch, depth, height, width, channels).
using MaxPooling3D = PoolingLayer<Pooling::max, 3>;
/// Over (batch, length, channels).
using AveragePooling1D = PoolingLayer<Pooling::average, 1>;
/// Over (batch, height, width, channels).
using AveragePooling2D = PoolingLayer<Pooling::average, 2>;
/// Over (batch, depth, height, width, channels).
using AveragePooling3D = PoolingLayer<Pooling::average, 3>;

/// The largest element, or the mean, of each channel: x (batch, spatial axes, channels) -> (batch, channels), or
/// (batch, 1, ..., channels) with keepdims.
template <Pooling Kind, std::size_t Axes>
class XG_API GlobalPooling : public ClonedLayer<GlobalPooling<Kind, Axes>> {
 public:
  /// With keepdims the spatial axes stay, with one element.
  explicit GlobalPooling(bool keepdims = false) : keepdims_(keepdims) {}

  Tensor forward(const Tensor& x) override;
  /// The mean over (batch, steps, channels) is that of the steps which a mask beside it counts, NaN if there are none.
  Tensors forward_many(const Tensors& inputs) override;
  std::string type() const override;
  /// One of its own.
  GlobalPooling clone() const { return this->copied(GlobalPooling(keepdims_)); }
  std::optional<Shape> output_shape(const Shape& sample) const override;

 private:
  bool keepdims_;
};

/// Over (batch, length, channels).
using GlobalMaxPooling1D = GlobalPooling<Pooling::max, 1>;
/// Over (batch, height, width, channels).
using GlobalMaxPooling2D = GlobalPooling<Pooling::max, 2>;
/// Over (batch, depth, height, width, channels).
using GlobalMaxPooling3D = GlobalPooling<Pooling::max, 3>;
/// Over (batch, length, channels).
using GlobalAveragePooling1D = GlobalPooling<Pooling::average, 1>;
/// Over (batch, height, width, channels).
using GlobalAveragePooling2D = GlobalPooling<Pooling::average, 2>;
/// Over (batch, depth, height, width, channels).
using GlobalAveragePooling3D = GlobalPooling<Pooling::average, 3>;

/// The largest elements, or the means, of a fixed number of windows, whatever the extents (as PyTorch's): x (batch,
/// spatial axes, channels) -> (batch, output_size, channels).
template <Pooling Kind, std::size_t Axes>
class XG_API AdaptivePooling : public ClonedLayer<AdaptivePooling<Kind, Axes>> {
 public:
  /// So many windows along each axis; fewer than one is a ValueError.
  explicit AdaptivePooling(PerAxis output_size, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override;
  /// One of its own.
  AdaptivePooling clone() const { return this->copied(AdaptivePooling(output_size_)); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return this->shape_by_trial(sample); }

 private:
  PerAxis output_size_;
};

/// Over (batch, length, channels).
using AdaptiveMaxPooling1D = AdaptivePooling<Pooling::max, 1>;
/// Over (batch, height, width, channels).
using AdaptiveMaxPooling2D = AdaptivePooling<Pooling::max, 2>;
/// Over (batch, length, channels).
using AdaptiveAveragePooling1D = AdaptivePooling<Pooling::average, 1>;
/// Over (batch, height, width, channels).
using AdaptiveAveragePooling2D = AdaptivePooling<Pooling::average, 2>;

}  // namespace xg::nn
