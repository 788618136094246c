#pragma once

#include "nn/layer.hpp"

namespace xg::nn {

/// Makes each sample one row: (N, ...) becomes (N, product of the rest).
class XG_API Flatten : public ClonedLayer<Flatten> {
 public:
  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "Flatten"; }
  /// One of its own with the same values.
  Flatten clone() const { return copied(Flatten()); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return Shape{sample.elements()}; }
};

extern template class ClonedLayer<Flatten>;

}  // namespace xg::nn
