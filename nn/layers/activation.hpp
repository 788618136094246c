#pragma once

#include "nn/activations.hpp"
#include "nn/layer.hpp"

namespace xg::nn {

/// An activation function as a layer of its own: `nn::Activation("relu")`.
class XG_API Activation : public ClonedLayer<Activation> {
 public:
  /// An unknown name is a ValueError that lists the known ones.
  explicit Activation(const char* name, std::source_location where = std::source_location::current())
      : function_(name, where) {}
  /// The one of that name.
  explicit Activation(const std::string& name, std::source_location where = std::source_location::current())
      : function_(name, where) {}
  /// A function of the user's.
  explicit Activation(ActivationFunction function) : function_(std::move(function)) {}

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "Activation"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own with the same values.
  Activation clone() const;
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  ActivationFunction function_;
};

extern template class ClonedLayer<Activation>;

}  // namespace xg::nn
