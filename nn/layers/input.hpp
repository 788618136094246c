#pragma once

#include <source_location>

#include "nn/layer.hpp"

namespace xg::nn {

/// Tells the shape of samples, and passes them on: the first of a Sequential whose layers are to make their parameters
/// at once.
/// ```cpp
/// nn::Sequential model{nn::Input({28, 28, 1}), nn::Conv2D({.filters = 32, .kernel_size = 3}), nn::Flatten()};
/// ```
class XG_API Input : public ClonedLayer<Input> {
 public:
  /// Samples of that shape. A negative extent is a ValueError.
  explicit Input(const Shape& sample, std::source_location where = std::source_location::current());

  /// Samples of another shape are a ShapeError.
  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "Input"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own.
  Input clone() const { return copied(Input(sample_)); }
  std::optional<Shape> input_shape() const override { return sample_; }
  std::optional<Shape> output_shape(const Shape& sample) const override;

 private:
  void check(const Shape& sample) const;

  Shape sample_;
};

extern template class ClonedLayer<Input>;

}  // namespace xg::nn
