#pragma once

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "nn/layers/attention.hpp"
#include "nn/layers/dropout.hpp"
#include "nn/layers/normalization.hpp"

namespace xg::nn {

/// The options of TransformerBlock.
struct TransformerBlockOptions {
  std::int64_t num_heads = 0;                         ///< how many attend side by side; the features fall into them
  std::int64_t intermediate_dim = 0;                  ///< width of the layer in the middle of the feed-forward part
  ActivationFunction activation = "gelu";             ///< of that layer
  double dropout = 0;                                 ///< of the weights, and of what both parts add
  bool normalize_first = false;                       ///< before each part instead of behind its sum
  bool causal = false;                                ///< a token sees none that follow it
  double epsilon = 1e-5;                              ///< added to the variance
  bool use_bias = true;                               ///< whether biases are added
  Initializer kernel_initializer = "glorot_uniform";  ///< of the kernels
  DType dtype = float32;                              ///< of the parameters: float32 or float64
};

/// Attention of tokens to each other, then a feed-forward part for each, both added to what comes in (Vaswani and
/// others, 2017): x (batch, tokens, features) -> the same shape. Behind each sum stands a LayerNormalization, or, with
/// normalize_first, before each part (Xiong and others, 2020). Causal ones make a language model.
///
/// Masks and caches: see MultiHeadAttention. Children: attention, attention_norm, intermediate, output,
/// output_norm, dropout.
class XG_API TransformerBlock : public ClonedLayer<TransformerBlock> {
 public:
  /// Extents below 1, a dropout outside [0, 1), an epsilon that is not positive and a dtype that is not floating are a
  /// ValueError.
  explicit TransformerBlock(TransformerBlockOptions options,
                            std::source_location where = std::source_location::current());

  using Module::operator();
  /// For the tokens that follow those in the cache, which then holds theirs too. If the block is not causal it is a
  /// ValueError.
  Tensor operator()(const Tensor& x, KeyValueCache& cache,
                    std::source_location where = std::source_location::current()) const;
  Tensor forward(const Tensor& x) override;
  Tensors forward_many(const Tensors& inputs) override;
  std::string type() const override { return "TransformerBlock"; }
  /// One of its own with the same values.
  TransformerBlock clone() const { return copied(TransformerBlock(options_)); }
  /// Features that do not fall into the heads are a ShapeError.
  void build(const Shape& sample) override;
  void build_many(const std::vector<Shape>& samples) override { build(samples.front()); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  Tensor fed_forward(const Tensor& x) const;

  TransformerBlockOptions options_;
  MultiHeadAttention* attention_ = nullptr;
  LayerNormalization *attention_norm_ = nullptr, *output_norm_ = nullptr;
  Dense *intermediate_ = nullptr, *output_ = nullptr;
  Dropout* dropout_ = nullptr;
};

extern template class ClonedLayer<TransformerBlock>;

}  // namespace xg::nn
