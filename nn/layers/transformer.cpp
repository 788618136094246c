#include "nn/layers/transformer.hpp"

#include <utility>

#include "autograd/ops/arithmetic.hpp"
#include "nn/check_number.hpp"

namespace xg::nn {

TransformerBlock::TransformerBlock(TransformerBlockOptions options, std::source_location where)
    : options_(std::move(options)) {
  if (options_.num_heads < 1) refuse(where, "num_heads must be at least 1, got ", options_.num_heads);
  if (options_.intermediate_dim < 1)
    refuse(where, "intermediate_dim must be at least 1, got ", options_.intermediate_dim);
  if (!(options_.dropout >= 0 && options_.dropout < 1))
    refuse(where, "the dropout must lie in [0, 1), got ", options_.dropout);
  if (!(options_.epsilon > 0)) refuse(where, "epsilon must be greater than 0, got ", options_.epsilon);
  check_finite("TransformerBlock: epsilon", options_.epsilon, where);
  if (!is_floating(options_.dtype)) refuse(where, "the dtype must be float32 or float64, got ", options_.dtype);
}

void TransformerBlock::build(const Shape& sample) {
  if (sample.rank() != 2)
    throw ShapeError(concat(type(), ": a sample has shape ", sample, ", (tokens, features) is expected"),
                     std::source_location::current());
  const std::int64_t features = sample[1];
  if (features % options_.num_heads != 0 || features == 0)
    throw ShapeError(concat(type(), ": ", features, " features do not fall into ", options_.num_heads,
                            " heads: choose a multiple of ", options_.num_heads),
                     std::source_location::current());
  const LayerNormalizationOptions norm{.epsilon = options_.epsilon, .dtype = options_.dtype};
  attention_ = &add(MultiHeadAttention({.num_heads = options_.num_heads,
                                        .key_dim = features / options_.num_heads,
                                        .dropout = options_.dropout,
                                        .causal = options_.causal,
                                        .use_bias = options_.use_bias,
                                        .kernel_initializer = options_.kernel_initializer,
                                        .dtype = options_.dtype}),
                    "attention");
  attention_norm_ = &add(LayerNormalization(norm), "attention_norm");
  intermediate_ = &add(Dense({.units = options_.intermediate_dim,
                              .input_dim = features,
                              .use_bias = options_.use_bias,
                              .kernel_initializer = options_.kernel_initializer,
                              .activation = options_.activation,
                              .dtype = options_.dtype}),
                       "intermediate");
  output_ = &add(Dense({.units = features,
                        .input_dim = options_.intermediate_dim,
                        .use_bias = options_.use_bias,
                        .kernel_initializer = options_.kernel_initializer,
                        .dtype = options_.dtype}),
                 "output");
  output_norm_ = &add(LayerNormalization(norm), "output_norm");
  dropout_ = &add(Dropout(options_.dropout), "dropout");
  for (Module* child : {static_cast<Module*>(attention_), static_cast<Module*>(attention_norm_),
                        static_cast<Module*>(output_norm_), static_cast<Module*>(dropout_)})
    child->build_for(sample);
}

Tensor TransformerBlock::operator()(const Tensor& x, KeyValueCache& cache, std::source_location where) const {
  if (!options_.causal)
    refuse(where,
           "a cache is for causal blocks, whose tokens see none that follow: construct it with {.causal = true}");
  const Tensors result = (*this)(cache.followed_by(x), where);
  cache = {result["keys"], result["values"]};
  return result[0];
}

Tensor TransformerBlock::fed_forward(const Tensor& x) const { return (*dropout_)((*output_)((*intermediate_)(x))); }

Tensor TransformerBlock::forward(const Tensor& x) { return forward_many(x).only(); }

Tensors TransformerBlock::forward_many(const Tensors& inputs) {
  const Tensor& x = inputs[0];
  check_input(x, 2, "tokens, features", options_.dtype);
  const bool first = options_.normalize_first;
  std::vector<Tensors::Entry> seen(inputs.begin(), inputs.end());
  if (first) seen[0].value = (*attention_norm_)(x);
  Tensors result = (*attention_)(Tensors(seen));
  Tensor y = x + (*dropout_)(result[0]);
  if (!first) y = (*attention_norm_)(y);
  y = y + fed_forward(first ? (*output_norm_)(y) : y);
  Tensors outputs(first ? y : (*output_norm_)(y));
  for (std::size_t i = 1; i < result.size(); ++i) outputs.push_back(result.begin()[static_cast<std::ptrdiff_t>(i)]);
  return outputs;
}

template class ClonedLayer<TransformerBlock>;

}  // namespace xg::nn
