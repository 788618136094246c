#pragma once

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "nn/initializers.hpp"
#include "nn/layer.hpp"

namespace xg::nn {

/// Which positions.
struct SinusoidalOptions {
  std::int64_t first = 0;  ///< the position of the first token
  double period = 10000;   ///< the longest, over 2 pi
  DType dtype = float32;   ///< of the result: float32 or float64
};
/// What tells tokens their place, (tokens, features), to be added to them: for position p and i from 0, column 2 i is
/// sin(p / period^(2 i / features)), and column 2 i + 1 the cosine (Vaswani and others, Attention is all you need,
/// 2017). Negative extents, and a period that is not positive, are a ValueError.
XG_API Tensor sinusoidal_positions(std::int64_t tokens, std::int64_t features, const SinusoidalOptions& options = {},
                                   std::source_location where = std::source_location::current());

/// The options of PositionEmbedding.
struct PositionEmbeddingOptions {
  std::int64_t sequence_length = 0;            ///< the most tokens
  Initializer initializer = "glorot_uniform";  ///< of the embeddings
  DType dtype = float32;                       ///< of the embeddings: float32 or float64
};

/// A learnt row for each position, added to the token there: x (batch, tokens, features) -> the same shape. Parameter:
/// embeddings (sequence_length, features).
class XG_API PositionEmbedding : public ClonedLayer<PositionEmbedding> {
 public:
  /// A sequence_length below 1, and a dtype that is not floating, is a ValueError.
  explicit PositionEmbedding(PositionEmbeddingOptions options,
                             std::source_location where = std::source_location::current());

  using Module::operator();
  /// For tokens that begin at another position than 0.
  Tensor operator()(const Tensor& x, std::int64_t first,
                    std::source_location where = std::source_location::current()) const;
  Tensor forward(const Tensor& x) override { return added(x, 0); }
  /// x, and beside it, named "first", the position of its first token.
  Tensors forward_many(const Tensors& inputs) override;
  std::string type() const override { return "PositionEmbedding"; }
  /// One of its own with the same values.
  PositionEmbedding clone() const { return copied(PositionEmbedding(options_)); }
  void build(const Shape& sample) override;
  void build_many(const std::vector<Shape>& samples) override { build(samples.front()); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }

 private:
  Tensor added(const Tensor& x, std::int64_t first) const;

  PositionEmbeddingOptions options_;
  Parameter embeddings_;
};

extern template class ClonedLayer<PositionEmbedding>;

}  // namespace xg::nn
