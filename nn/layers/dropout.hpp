#pragma once

#include <source_location>

#include "lib/random.hpp"
#include "nn/layer.hpp"

namespace xg::nn {

/// In training: each element is 0 with probability `rate`, else divided by 1 - rate, drawn anew for each pass from the
/// layer's own generator. In evaluation: the identity.
class XG_API Dropout : public ClonedLayer<Dropout> {
 public:
  /// A rate outside [0, 1] is a ValueError.
  explicit Dropout(double rate, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "Dropout"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own with the same values.
  Dropout clone() const;
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  double rate_;
  Generator generator_;
};

extern template class ClonedLayer<Dropout>;

}  // namespace xg::nn
