#pragma once

#include <source_location>

#include "nn/layer.hpp"

namespace xg::nn {

/// Steps to be left out: x (batch, steps, ...) -> x with 0 in all steps whose elements all are mask_value, and, if it
/// is called with nn::Tensors, the mask of the others beside it.
class XG_API Masking : public ClonedLayer<Masking> {
 public:
  /// A value that is NaN or not finite is a ValueError.
  explicit Masking(double mask_value = 0, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  Tensors forward_many(const Tensors& inputs) override;
  std::string type() const override { return "Masking"; }
  MaskUse mask_use() const override { return MaskUse::makes; }
  /// One of its own.
  Masking clone() const { return copied(Masking(mask_value_)); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  Tensor mask_of(const Tensor& x) const;

  double mask_value_;
};

extern template class ClonedLayer<Masking>;

}  // namespace xg::nn
