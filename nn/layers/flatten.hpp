#pragma once

#include "nn/module.hpp"

namespace xg::nn {

/// Makes each sample one row: (N, ...) becomes (N, product of the rest).
class XG_API Flatten : public Layer {
 public:
  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "Flatten"; }
  std::optional<Shape> build(const Shape& sample, std::source_location) override { return Shape{sample.elements()}; }
};

}  // namespace xg::nn
