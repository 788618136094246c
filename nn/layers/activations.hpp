#pragma once

#include <source_location>

#include "nn/initializers.hpp"
#include "nn/layer.hpp"

namespace xg::nn {

// Activation functions with arguments or parameters, as layers.

/// x where x > 0, else alpha x.
class XG_API LeakyReLU : public ClonedLayer<LeakyReLU> {
 public:
  /// A slope that is negative, NaN or not finite is a ValueError.
  explicit LeakyReLU(double alpha = 0.3, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "LeakyReLU"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own.
  LeakyReLU clone() const { return copied(LeakyReLU(alpha_)); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  double alpha_;
};

/// x where x > 0, else alpha (e^x - 1) (Clevert and others, 2015).
class XG_API ELU : public ClonedLayer<ELU> {
 public:
  /// An alpha that is NaN or not finite is a ValueError.
  explicit ELU(double alpha = 1, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "ELU"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own.
  ELU clone() const { return copied(ELU(alpha_)); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  double alpha_;
};

/// x where x > theta, else 0 (Konda and others, 2014).
class XG_API ThresholdedReLU : public ClonedLayer<ThresholdedReLU> {
 public:
  /// A theta that is negative, NaN or not finite is a ValueError.
  explicit ThresholdedReLU(double theta = 1, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "ThresholdedReLU"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own.
  ThresholdedReLU clone() const { return copied(ThresholdedReLU(theta_)); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  double theta_;
};

/// The options of ReLU.
struct ReLUOptions {
  double max_value = 0;       ///< the largest output; 0: none
  double negative_slope = 0;  ///< below the threshold
  double threshold = 0;       ///< above which x passes
};

/// min(x, max_value) where x >= threshold, else negative_slope (x - threshold).
class XG_API ReLU : public ClonedLayer<ReLU> {
 public:
  /// Numbers that are negative, NaN or not finite are a ValueError.
  explicit ReLU(const ReLUOptions& options = {}, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "ReLU"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own.
  ReLU clone() const { return copied(ReLU(options_)); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  ReLUOptions options_;
};

/// e^x / sum(e^x) along an axis; crossentropies behind it are exact, as behind Activation("softmax").
class XG_API Softmax : public ClonedLayer<Softmax> {
 public:
  /// Along that axis; negative ones count from the end.
  explicit Softmax(int axis = -1) : axis_(axis) {}

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "Softmax"; }
  /// Handed on if it acts along the last axis.
  MaskUse mask_use() const override { return axis_ == -1 ? MaskUse::hands_on : MaskUse::refuses; }
  /// One of its own.
  Softmax clone() const { return copied(Softmax(axis_)); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  int axis_;
};

/// The options of PReLU.
struct PReLUOptions {
  Initializer alpha_initializer = "zeros";  ///< of the slopes
  Regularizer alpha_regularizer = {};       ///< of the slopes
  Constraint alpha_constraint = {};         ///< of the slopes
  std::vector<int> shared_axes = {};        ///< of a sample, counted from 1, along which there is one slope for all
  DType dtype = float32;                    ///< of the slopes: float32 or float64
};

/// x where x > 0, else alpha x, with slopes that are learnt, one for each element of a sample (He and others, 2015).
/// Parameter: alpha, a sample's shape with 1 for shared axes.
class XG_API PReLU : public ClonedLayer<PReLU> {
 public:
  /// A dtype that is not floating is a ValueError.
  explicit PReLU(PReLUOptions options = {}, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "PReLU"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own with the same values.
  PReLU clone() const { return copied(PReLU(options_)); }
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  PReLUOptions options_;
  Parameter alpha_;
};

extern template class ClonedLayer<LeakyReLU>;
extern template class ClonedLayer<ELU>;
extern template class ClonedLayer<ThresholdedReLU>;
extern template class ClonedLayer<ReLU>;
extern template class ClonedLayer<Softmax>;
extern template class ClonedLayer<PReLU>;

}  // namespace xg::nn
