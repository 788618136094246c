#pragma once

#include <source_location>
#include <string>

#include "nn/layer.hpp"

namespace xg::nn {

/// The options of Normalization.
struct NormalizationOptions {
  Axes axis = -1;         ///< whose elements each have their own statistics: {} is none, 0 the batch, which must not be
  Tensor mean = {};       ///< of the data, if it is known; broadcasts to the elements of the axes
  Tensor variance = {};   ///< of the data, if it is known
  bool invert = false;    ///< back from normalised to original values
  DType dtype = float32;  ///< of the statistics: float32 or float64
};

/// (x - mean) / max(sqrt(variance), 1e-7), with the statistics of data that adapt() saw before training: what training
/// does not change. Buffers: mean and variance, and count, of the samples seen.
class XG_API Normalization : public ClonedLayer<Normalization> {
 public:
  /// A mean without a variance, or the other way round, and a dtype that is not floating, is a ValueError.
  explicit Normalization(NormalizationOptions options = {},
                         std::source_location where = std::source_location::current());

  /// Takes the mean and the variance (over n) of these samples. No samples, and data if statistics were given to the
  /// constructor, is a ValueError.
  void adapt(const Tensor& data, std::source_location where = std::source_location::current());
  /// Without statistics it is a ValueError.
  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "Normalization"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own with the same values.
  Normalization clone() const { return copied(Normalization(options_)); }
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  NormalizationOptions options_;
  Shape shape_;  ///< of a batch of one, with 1 for the axes that have common statistics
  Buffer mean_, variance_, count_;
};

extern template class ClonedLayer<Normalization>;

}  // namespace xg::nn
