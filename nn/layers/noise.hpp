#pragma once

#include <cstddef>
#include <source_location>

#include "lib/random.hpp"
#include "nn/layer.hpp"

namespace xg::nn {

// Layers that act in training alone, and are the identity in evaluation. Each draws from a generator of its own.

/// Dropout of whole channels: x (batch, spatial axes, channels), of which each sample's channels are 0 with probability
/// `rate`, else divided by 1 - rate (Tompson and others, 2015).
template <std::size_t Axes>
class XG_API SpatialDropout : public ClonedLayer<SpatialDropout<Axes>> {
 public:
  /// A rate outside [0, 1] is a ValueError.
  explicit SpatialDropout(double rate, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override;
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own that draws the same.
  SpatialDropout clone() const;
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  double rate_;
  Generator generator_;
};

/// Of (batch, length, channels).
using SpatialDropout1D = SpatialDropout<1>;
/// Of (batch, height, width, channels).
using SpatialDropout2D = SpatialDropout<2>;
/// Of (batch, depth, height, width, channels).
using SpatialDropout3D = SpatialDropout<3>;

/// x + normal numbers of mean 0.
class XG_API GaussianNoise : public ClonedLayer<GaussianNoise> {
 public:
  /// A standard deviation that is negative, NaN or not finite is a ValueError.
  explicit GaussianNoise(double stddev, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "GaussianNoise"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own that draws the same.
  GaussianNoise clone() const;
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  double stddev_;
  Generator generator_;
};

/// x times normal numbers of mean 1 and standard deviation sqrt(rate / (1 - rate)) (Srivastava and others, 2014).
class XG_API GaussianDropout : public ClonedLayer<GaussianDropout> {
 public:
  /// A rate outside [0, 1) is a ValueError.
  explicit GaussianDropout(double rate, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "GaussianDropout"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own that draws the same.
  GaussianDropout clone() const;
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  double rate_;
  Generator generator_;
};

/// Dropout that keeps mean and variance of standardised inputs, for selu: elements become -1.758... with probability
/// `rate`, then all are scaled and shifted (Klambauer and others, Self-normalizing neural networks, 2017).
class XG_API AlphaDropout : public ClonedLayer<AlphaDropout> {
 public:
  /// A rate outside [0, 1) is a ValueError.
  explicit AlphaDropout(double rate, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "AlphaDropout"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own that draws the same.
  AlphaDropout clone() const;
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  double rate_;
  Generator generator_;
};

extern template class ClonedLayer<GaussianNoise>;
extern template class ClonedLayer<GaussianDropout>;
extern template class ClonedLayer<AlphaDropout>;

}  // namespace xg::nn
