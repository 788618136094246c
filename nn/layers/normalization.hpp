#pragma once

#include <cstdint>
#include <source_location>

#include "nn/initializers.hpp"
#include "nn/layer.hpp"

namespace xg::nn {

/// A layer that multiplies each channel, the last axis, by gamma and adds beta, where it has them.
template <class L>
class XG_API ChannelNormalization : public ClonedLayer<L> {
 protected:
  /// Declares the parameters that the options want.
  template <class Options>
  void declare(const Options& options, const Shape& sample);
  /// An error unless x has the channels and the dtype of the parameters.
  void check_channels(const Tensor& x) const;
  /// gamma, or ones in its place.
  Tensor gamma() const;
  /// beta, or zeros in its place.
  Tensor beta() const;

  Parameter gamma_;            ///< (channels); none if it is not wanted
  Parameter beta_;             ///< (channels); none if it is not wanted
  std::int64_t channels_ = 0;  ///< of the samples it was built for
  DType dtype_ = float32;      ///< of the parameters
};

/// The options of BatchNormalization.
struct BatchNormalizationOptions {
  double momentum = 0.99;                  ///< of the moving statistics
  double epsilon = 1e-3;                   ///< added to the variance
  bool center = true;                      ///< whether beta is added
  bool scale = true;                       ///< whether gamma is multiplied
  Initializer beta_initializer = "zeros";  ///< of beta (channels)
  Initializer gamma_initializer = "ones";  ///< of gamma (channels)
  Regularizer beta_regularizer = {};       ///< of beta
  Regularizer gamma_regularizer = {};      ///< of gamma
  Constraint beta_constraint = {};         ///< of beta
  Constraint gamma_constraint = {};        ///< of gamma
  DType dtype = float32;                   ///< of the parameters: float32 or float64
};

/// gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel, the last axis: in training with the statistics
/// of the batch, in evaluation with the moving ones (Ioffe and Szegedy, 2015). Each training pass makes moving =
/// momentum moving + (1 - momentum) batch, with the variance n / (n - 1) of the batch for n elements a channel; as any
/// change of buffers, once the pass is over. Parameters: gamma, beta; buffers: moving_mean, from 0, and
/// moving_variance, from 1. Steps that a mask beside the input leaves out do not count in the batch's statistics, as in
/// Keras 3. With gamma and beta frozen it is in evaluation always, as in Keras: the statistics stay.
class XG_API BatchNormalization : public ChannelNormalization<BatchNormalization> {
 public:
  /// A momentum outside [0, 1], an epsilon that is not positive, and a dtype that is not floating are a ValueError.
  explicit BatchNormalization(BatchNormalizationOptions options = {},
                              std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  Tensors forward_many(const Tensors& inputs) override;
  std::string type() const override { return "BatchNormalization"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own with the same values.
  BatchNormalization clone() const { return copied(BatchNormalization(options_)); }
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  bool learns() const;
  void move_statistics(const Tensor& mean, const Tensor& variance, double rows);

  BatchNormalizationOptions options_;
  Buffer moving_mean_, moving_variance_;
};

/// The options of LayerNormalization and RMSNormalization.
struct LayerNormalizationOptions {
  double epsilon = 1e-3;                   ///< added to the variance
  bool center = true;                      ///< whether beta is added; not for RMSNormalization
  bool scale = true;                       ///< whether gamma is multiplied
  Initializer beta_initializer = "zeros";  ///< of beta (features)
  Initializer gamma_initializer = "ones";  ///< of gamma (features)
  Regularizer beta_regularizer = {};       ///< of beta
  Regularizer gamma_regularizer = {};      ///< of gamma
  Constraint beta_constraint = {};         ///< of beta
  Constraint gamma_constraint = {};        ///< of gamma
  DType dtype = float32;                   ///< of the parameters: float32 or float64
};

/// gamma (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of each row of the last axis (Ba and others,
/// 2016).
class XG_API LayerNormalization : public ChannelNormalization<LayerNormalization> {
 public:
  /// An epsilon that is not positive, and a dtype that is not floating, is a ValueError.
  explicit LayerNormalization(LayerNormalizationOptions options = {},
                              std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "LayerNormalization"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own with the same values.
  LayerNormalization clone() const { return copied(LayerNormalization(options_)); }
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  LayerNormalizationOptions options_;
};

/// gamma x / sqrt(mean(x^2) + epsilon), for each row of the last axis (Zhang and Sennrich, 2019).
class XG_API RMSNormalization : public ChannelNormalization<RMSNormalization> {
 public:
  /// An epsilon that is not positive, and a dtype that is not floating, is a ValueError.
  explicit RMSNormalization(LayerNormalizationOptions options = {.epsilon = 1e-6},
                            std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "RMSNormalization"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own with the same values.
  RMSNormalization clone() const { return copied(RMSNormalization(options_)); }
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  LayerNormalizationOptions options_;
};

/// The options of GroupNormalization.
struct GroupNormalizationOptions {
  std::int64_t groups = 32;                ///< into how many the channels fall
  double epsilon = 1e-3;                   ///< added to the variance
  bool center = true;                      ///< whether beta is added
  bool scale = true;                       ///< whether gamma is multiplied
  Initializer beta_initializer = "zeros";  ///< of beta (channels)
  Initializer gamma_initializer = "ones";  ///< of gamma (channels)
  Regularizer beta_regularizer = {};       ///< of beta
  Regularizer gamma_regularizer = {};      ///< of gamma
  Constraint beta_constraint = {};         ///< of beta
  Constraint gamma_constraint = {};        ///< of gamma
  DType dtype = float32;                   ///< of the parameters: float32 or float64
};

/// gamma (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of each group of channels of each sample (Wu
/// and He, 2018): x (batch, ..., channels).
class XG_API GroupNormalization : public ChannelNormalization<GroupNormalization> {
 public:
  /// Fewer groups than one, an epsilon that is not positive, and a dtype that is not floating are a ValueError.
  explicit GroupNormalization(GroupNormalizationOptions options = {},
                              std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "GroupNormalization"; }
  /// One of its own with the same values.
  GroupNormalization clone() const { return copied(GroupNormalization(options_)); }
  /// Channels that do not fall into the groups are a ShapeError.
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  GroupNormalizationOptions options_;
};

extern template class ClonedLayer<BatchNormalization>;
extern template class ChannelNormalization<BatchNormalization>;
extern template class ClonedLayer<LayerNormalization>;
extern template class ChannelNormalization<LayerNormalization>;
extern template class ClonedLayer<RMSNormalization>;
extern template class ChannelNormalization<RMSNormalization>;
extern template class ClonedLayer<GroupNormalization>;
extern template class ChannelNormalization<GroupNormalization>;

}  // namespace xg::nn
