#pragma once

#include <cstdint>
#include <source_location>

#include "nn/initializers.hpp"
#include "nn/layer.hpp"

namespace xg::nn {

/// The options of Embedding.
struct EmbeddingOptions {
  std::int64_t input_dim = 0;                             ///< how many entries there are
  std::int64_t output_dim = 0;                            ///< the width of an entry
  Initializer embeddings_initializer = "random_uniform";  ///< of the embeddings (input_dim, output_dim)
  Regularizer embeddings_regularizer = {};                ///< of the embeddings
  Regularizer activity_regularizer = {};                  ///< of the output
  bool activity_mean = true;                              ///< divide the activity penalty by the batch size
  Constraint embeddings_constraint = {};                  ///< of the embeddings
  bool mask_zero = false;                                 ///< 0 stands for no step: a mask stands beside the output
  DType dtype = float32;                                  ///< of the embeddings: float32 or float64
};

/// A row for each whole number: (batch, ...) of numbers in [0, input_dim) -> (batch, ..., output_dim). Numbers of a
/// floating dtype are taken for whole ones if they are. Parameter: embeddings (input_dim, output_dim).
class XG_API Embedding : public ClonedLayer<Embedding> {
 public:
  /// An input_dim or output_dim below 1, and a dtype that is not floating, is a ValueError.
  explicit Embedding(EmbeddingOptions options, std::source_location where = std::source_location::current());

  /// A number outside [0, input_dim), or none that is whole, is a ValueError.
  Tensor forward(const Tensor& x) override;
  /// With mask_zero: the rows, and the mask x != 0, false too where one that was given is.
  Tensors forward_many(const Tensors& inputs) override;
  /// Makes one with mask_zero, else hands it on.
  MaskUse mask_use() const override { return options_.mask_zero ? MaskUse::makes : MaskUse::hands_on; }
  std::string type() const override { return "Embedding"; }
  /// One of its own with the same values.
  Embedding clone() const { return copied(Embedding(options_)); }
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override;

 private:
  EmbeddingOptions options_;
  Parameter embeddings_;
};

extern template class ClonedLayer<Embedding>;

}  // namespace xg::nn
