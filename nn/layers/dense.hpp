#pragma once

#include <cstdint>
#include <source_location>

#include "nn/activations.hpp"
#include "nn/initializers.hpp"
#include "nn/layer.hpp"
#include "nn/regularizers.hpp"

namespace xg::nn {

/// The options of Dense, in Keras's order.
struct DenseOptions {
  std::int64_t units = 0;                             ///< width of the output
  std::int64_t input_dim = 0;                         ///< width of the input; 0: learnt from the first input
  bool use_bias = true;                               ///< whether a bias is added
  Initializer kernel_initializer = "glorot_uniform";  ///< of the kernel (input_dim, units)
  Initializer bias_initializer = "zeros";             ///< of the bias (units)
  ActivationFunction activation = {};                 ///< of the sums
  Regularizer kernel_regularizer = {};                ///< of the kernel (input_dim, units)
  Regularizer bias_regularizer = {};                  ///< of the bias (units)
  Regularizer activity_regularizer = {};              ///< of the output
  bool activity_mean = true;          ///< divide the activity penalty by the batch size, as Keras 3; else as Keras 2
  Constraint kernel_constraint = {};  ///< of the kernel (input_dim, units)
  Constraint bias_constraint = {};    ///< of the bias (units)
  DType dtype = float32;              ///< of the parameters: float32 or float64
};

/// activation(x kernel + bias), for x (..., input_dim): a fully connected layer.
class XG_API Dense : public ClonedLayer<Dense> {
 public:
  /// Units below 1, a negative input_dim and a dtype that is not floating are a ValueError.
  explicit Dense(DenseOptions options, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "Dense"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own with the same values.
  Dense clone() const;
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override;
  std::optional<Shape> input_shape() const override;

 private:
  void check_fits(const Shape& sample, const Shape& kernel) const;

  DenseOptions options_;
  Generator generator_;
  Parameter kernel_, bias_;
};

extern template class ClonedLayer<Dense>;

}  // namespace xg::nn
