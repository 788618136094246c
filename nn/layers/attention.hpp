#pragma once

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "nn/layers/dense.hpp"

namespace xg::nn {

/// The options of MultiHeadAttention.
struct MultiHeadAttentionOptions {
  std::int64_t num_heads = 0;                         ///< how many attend side by side
  std::int64_t key_dim = 0;                           ///< width of the queries and keys of a head
  std::int64_t value_dim = 0;                         ///< width of the values of a head; 0: key_dim
  std::int64_t output_dim = 0;                        ///< width of the output; 0: that of the query
  double dropout = 0;                                 ///< of the weights
  bool causal = false;                                ///< a token sees none that follow it
  bool use_bias = true;                               ///< whether biases are added
  Initializer kernel_initializer = "glorot_uniform";  ///< of the kernels
  Initializer bias_initializer = "zeros";             ///< of the biases
  Regularizer kernel_regularizer = {};                ///< of the kernels
  Regularizer bias_regularizer = {};                  ///< of the biases
  Regularizer activity_regularizer = {};              ///< of the output
  bool activity_mean = true;                          ///< divide the activity penalty by the batch size
  Constraint kernel_constraint = {};                  ///< of the kernels
  Constraint bias_constraint = {};                    ///< of the biases
  DType dtype = float32;                              ///< of the parameters: float32 or float64
};

/// The keys and values of the tokens that were seen, (batch, heads, tokens, width) each: held by the caller while it
/// generates what follows. Undefined ones are of no token.
struct XG_API KeyValueCache {
  Tensor keys;    ///< of all heads
  Tensor values;  ///< of all heads

  /// How many tokens were seen.
  std::int64_t tokens() const { return keys.defined() ? keys.shape()[-2] : 0; }
  /// What a layer is called with for the tokens that follow: x, and inputs named "keys" and "values", which are (0,)
  /// where there are none.
  Tensors followed_by(const Tensor& x) const;
};

/// Attention of several heads (Vaswani and others, Attention is all you need, 2017): every token of a query (batch,
/// tokens, features) gets a mixture of the values (batch, other tokens, features) whose keys fit it best.
/// ```cpp
/// nn::MultiHeadAttention attention({.num_heads = 4, .key_dim = 32});
/// attention(x);                                                    // to itself
/// attention({query, value});                                       // or {query, value, key}: the keys are the values
/// attention({{"query", x}, {"mask", seen}});                       // boolean, true where a token is seen
/// ```
/// A mask is (batch, keys), (batch, queries, keys) or (batch, heads, queries, keys). One of the first kind, of tokens
/// that attend to each other, is handed on beside the output. With inputs named "keys" and "values", of a
/// KeyValueCache, those come before the tokens of x, and what is then in the cache are further outputs of these names.
///
/// Children: query, key, value and attention_output, whose kernels are (features, heads key_dim), the heads side by
/// side, and (heads value_dim, output): Keras's with two axes for two of its three, PyTorch's in_proj_weight and
/// out_proj.weight transposed.
class XG_API MultiHeadAttention : public ClonedLayer<MultiHeadAttention> {
 public:
  /// Extents below 1, a dropout outside [0, 1) and a dtype that is not floating are a ValueError.
  explicit MultiHeadAttention(MultiHeadAttentionOptions options,
                              std::source_location where = std::source_location::current());

  using Module::operator();
  /// For the tokens that follow those in the cache, which then holds theirs too.
  Tensor operator()(const Tensor& x, KeyValueCache& cache,
                    std::source_location where = std::source_location::current()) const;
  Tensor forward(const Tensor& x) override;
  Tensors forward_many(const Tensors& inputs) override;
  std::string type() const override { return "MultiHeadAttention"; }
  /// One of its own with the same values.
  MultiHeadAttention clone() const { return copied(MultiHeadAttention(options_)); }
  void build(const Shape& sample) override;
  void build_many(const std::vector<Shape>& samples) override;
  std::optional<Shape> output_shape(const Shape& sample) const override;

 private:
  std::int64_t value_dim() const { return options_.value_dim > 0 ? options_.value_dim : options_.key_dim; }
  void declare(const Shape& sample, std::int64_t other_features);
  Dense& projection(const char* name, std::int64_t units, std::int64_t features);
  Tensor heads(const Tensor& x, std::int64_t width) const;
  void check_tokens(const char* role, const Tensor& x, const Tensor& query) const;
  Tensor mask_of(const Tensors& inputs, std::int64_t batch, std::int64_t queries, std::int64_t keys) const;
  Tensor behind(const Tensors& inputs, const char* name, const Tensor& now) const;

  MultiHeadAttentionOptions options_;
  Dense *query_ = nullptr, *key_ = nullptr, *value_ = nullptr, *output_ = nullptr;
};

extern template class ClonedLayer<MultiHeadAttention>;

}  // namespace xg::nn
