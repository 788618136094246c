#include "nn/layers/attention.hpp"

#include <algorithm>
#include <utility>

#include "autograd/creation.hpp"
#include "autograd/ops/attention.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/mask.hpp"

namespace xg::nn {
namespace {

bool is_token_list(const std::string& name) { return name != "mask" && name != "keys" && name != "values"; }

/// True if the query is all there is: its tokens attend to each other.
bool is_of_itself(const Tensors& inputs) {
  return std::count_if(inputs.begin(), inputs.end(), [](const auto& entry) { return is_token_list(entry.name); }) == 1;
}

/// Query, value and key of what a layer was called with: those that are missing are those before.
std::vector<Tensor> token_lists(const std::string& layer, const Tensors& inputs) {
  std::vector<Tensor> lists;
  for (const auto& [name, value] : inputs)
    if (is_token_list(name)) lists.push_back(value);
  if (lists.empty() || lists.size() > 3)
    throw ValueError(
        concat(layer, ": a query, a value and a key are expected, or the first of them, got ", shapes_of(inputs)),
        std::source_location::current());
  while (lists.size() < 3) lists.push_back(lists.back());
  return lists;
}

}  // namespace

Tensors KeyValueCache::followed_by(const Tensor& x) const {
  const Tensor none = zeros({0}, x.dtype());
  return {{"query", x}, {"keys", keys.defined() ? keys : none}, {"values", values.defined() ? values : none}};
}

MultiHeadAttention::MultiHeadAttention(MultiHeadAttentionOptions options, std::source_location where)
    : options_(std::move(options)) {
  if (options_.num_heads < 1) refuse(where, "num_heads must be at least 1, got ", options_.num_heads);
  if (options_.key_dim < 1) refuse(where, "key_dim must be at least 1, got ", options_.key_dim);
  if (options_.value_dim < 0) refuse(where, "value_dim must not be negative, got ", options_.value_dim);
  if (options_.output_dim < 0) refuse(where, "output_dim must not be negative, got ", options_.output_dim);
  for (const std::int64_t width : {options_.key_dim, options_.value_dim})
    if (std::int64_t all = 0; __builtin_mul_overflow(options_.num_heads, width, &all))
      refuse(where, options_.num_heads, " heads of width ", width, " are more features than a tensor can have");
  if (!(options_.dropout >= 0 && options_.dropout < 1))
    refuse(where, "the dropout must lie in [0, 1), got ", options_.dropout);
  if (!is_floating(options_.dtype)) refuse(where, "the dtype must be float32 or float64, got ", options_.dtype);
}

Dense& MultiHeadAttention::projection(const char* name, std::int64_t units, std::int64_t features) {
  return add(Dense({.units = units,
                    .input_dim = features,
                    .use_bias = options_.use_bias,
                    .kernel_initializer = options_.kernel_initializer,
                    .bias_initializer = options_.bias_initializer,
                    .kernel_regularizer = options_.kernel_regularizer,
                    .bias_regularizer = options_.bias_regularizer,
                    .kernel_constraint = options_.kernel_constraint,
                    .bias_constraint = options_.bias_constraint,
                    .dtype = options_.dtype}),
             name);
}

void MultiHeadAttention::build(const Shape& sample) { declare(sample, sample.rank() == 2 ? sample[1] : 0); }

/// Which of several inputs are masks is not known here: the values' features show when they come.
void MultiHeadAttention::build_many(const std::vector<Shape>& samples) {
  samples.size() == 1 ? build(samples.front()) : declare(samples.front(), 0);
}

void MultiHeadAttention::declare(const Shape& sample, std::int64_t other_features) {
  if (sample.rank() != 2)
    throw ShapeError(concat(type(), ": a sample has shape ", sample, ", (tokens, features) is expected"),
                     std::source_location::current());
  const std::int64_t count = options_.num_heads, width = value_dim();
  query_ = &projection("query", count * options_.key_dim, sample[1]);
  key_ = &projection("key", count * options_.key_dim, other_features);
  value_ = &projection("value", count * width, other_features);
  output_ = &projection("attention_output", options_.output_dim > 0 ? options_.output_dim : sample[1], count * width);
}

std::optional<Shape> MultiHeadAttention::output_shape(const Shape& sample) const {
  if (sample.rank() != 2) return std::nullopt;
  return Shape{sample[0], options_.output_dim > 0 ? options_.output_dim : sample[1]};
}

Tensor MultiHeadAttention::operator()(const Tensor& x, KeyValueCache& cache, std::source_location where) const {
  const Tensors result = (*this)(cache.followed_by(x), where);
  cache = {result["keys"], result["values"]};
  return result[0];
}

/// (batch, tokens, heads width) to (batch, heads, tokens, width): a view.
Tensor MultiHeadAttention::heads(const Tensor& x, std::int64_t width) const {
  return transpose(reshape(x, {x.shape()[0], x.shape()[1], options_.num_heads, width}), 1, 2);
}

void MultiHeadAttention::check_tokens(const char* role, const Tensor& x, const Tensor& query) const {
  if (x.rank() != 3 || x.shape()[0] != query.shape()[0])
    throw ShapeError(concat(type(), ": the ", role, " has shape ", x.shape(), ", (batch, tokens, features) is expected",
                            x.rank() == 3 ? concat(" with the batch of the query ", query.shape()) : std::string()),
                     std::source_location::current());
  check_dtype(x, options_.dtype);
}

/// With axes that broadcast to (batch, heads, queries, keys).
Tensor MultiHeadAttention::mask_of(const Tensors& inputs, std::int64_t batch, std::int64_t queries,
                                   std::int64_t keys) const {
  if (!inputs.contains("mask")) return {};
  Tensor mask = inputs["mask"];
  if (mask.shape() == Shape{batch, keys})
    mask = reshape(mask, {batch, 1, 1, keys});
  else if (mask.rank() == 3)
    mask = expand_dims(mask, 1);
  if (mask.rank() != 4 || !broadcasts_to(mask.shape(), {batch, options_.num_heads, queries, keys}))
    throw ShapeError(concat(type(), ": a mask of shape (", batch, ", ", keys, "), (", batch, ", ", queries, ", ", keys,
                            ") or (", batch, ", ", options_.num_heads, ", ", queries, ", ", keys, ") is expected, got ",
                            inputs["mask"].shape()),
                     std::source_location::current());
  return mask;
}

/// What a cache holds under that name, and behind it what is new.
Tensor MultiHeadAttention::behind(const Tensors& inputs, const char* name, const Tensor& now) const {
  if (!inputs.contains(name))
    throw ValueError(concat(type(), ": a cache is of keys and values, got ", shapes_of(inputs)),
                     std::source_location::current());
  const Tensor &held = inputs[name], &keys = inputs["keys"];
  if (held.shape() == Shape{0} && keys.shape() == Shape{0}) return now;
  Shape expected = now.shape();
  if (keys.rank() == 4) expected[-2] = keys.shape()[-2];
  if (held.shape() != expected || held.dtype() != now.dtype())
    throw ShapeError(concat(type(), ": the cache's ", name, " are ", held.dtype(), ' ', held.shape(), ", ", now.dtype(),
                            ' ', expected, " is expected: a cache is for one layer and one batch"),
                     std::source_location::current());
  return concatenate({held, now}, -2);
}

Tensor MultiHeadAttention::forward(const Tensor& x) { return forward_many(x).only(); }

Tensors MultiHeadAttention::forward_many(const Tensors& inputs) {
  const std::vector<Tensor> lists = token_lists(type(), inputs);
  const Tensor &query = lists[0], &value = lists[1], &key = lists[2];
  check_input(query, 2, "tokens, features", options_.dtype);
  check_tokens("value", value, query);
  check_tokens("key", key, query);
  if (key.shape()[1] != value.shape()[1])
    throw ShapeError(concat(type(), ": the key ", key.shape(), " and the value ", value.shape(), " differ in tokens"),
                     std::source_location::current());
  const Tensor q = heads((*query_)(query), options_.key_dim);
  Tensor k = heads((*key_)(key), options_.key_dim), v = heads((*value_)(value), value_dim());
  const bool cached = inputs.contains("keys") || inputs.contains("values");
  if (cached) {
    k = behind(inputs, "keys", k);
    v = behind(inputs, "values", v);
  }
  const std::int64_t batch = query.shape()[0], queries = query.shape()[1], keys = k.shape()[-2];
  const Tensor y = scaled_dot_product_attention(q, k, v,
                                                {.mask = mask_of(inputs, batch, queries, keys),
                                                 .causal = options_.causal,
                                                 .past = cached ? keys - key.shape()[1] : 0,
                                                 .dropout = training() ? options_.dropout : 0,
                                                 .generator = &drawn()});
  const Tensor joined = reshape(transpose(y, 1, 2), {batch, queries, options_.num_heads * value_dim()});
  Tensors result = regularized((*output_)(joined), options_.activity_regularizer, options_.activity_mean);
  const Tensor* const mask = mask_in(inputs);
  if (mask && is_of_itself(inputs) && mask->shape() == Shape{batch, queries} && queries == keys)
    result.push_back({"mask", *mask});
  if (!cached) return result;
  result.push_back({"keys", k});
  result.push_back({"values", v});
  return result;
}

template class ClonedLayer<MultiHeadAttention>;

}  // namespace xg::nn
