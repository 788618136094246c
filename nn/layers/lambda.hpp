#pragma once

#include <functional>
#include <optional>
#include <source_location>

#include "nn/layer.hpp"

namespace xg::nn {

/// The options of Lambda.
struct LambdaOptions {
  std::optional<Shape> output_shape = {};  ///< of a sample, if it is known: layers behind are made at once then
  MaskUse mask_use = MaskUse::refuses;     ///< what becomes of a mask: refuses, drops or hands_on
};

/// A function of one tensor as a layer. It has no parameters: what has is a struct with a forward().
/// ```cpp
/// nn::Sequential model{nn::Lambda([](const xg::Tensor& x) { return x / 255.0; }), nn::Flatten()};
/// ```
class XG_API Lambda : public ClonedLayer<Lambda> {
 public:
  /// What is called.
  using Function = std::function<Tensor(const Tensor&)>;

  /// Of that function; copies of the layer have copies of it. Null is a ValueError, as is MaskUse::makes.
  explicit Lambda(Function function, LambdaOptions options = {},
                  std::source_location where = std::source_location::current());

  /// An undefined result is a ValueError; samples of another shape than output_shape are a ShapeError.
  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "Lambda"; }
  MaskUse mask_use() const override { return options_.mask_use; }
  /// One of its own.
  Lambda clone() const { return copied(Lambda(function_, options_)); }
  std::optional<Shape> output_shape(const Shape&) const override { return options_.output_shape; }

 private:
  Function function_;
  LambdaOptions options_;
};

extern template class ClonedLayer<Lambda>;

}  // namespace xg::nn
