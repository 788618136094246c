#include <doctest/doctest.h>

#include <cmath>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/gradcheck.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/assemble.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/clone.hpp"
#include "nn/functional.hpp"
#include "nn/layers/embedding.hpp"
#include "nn/layers/pooling.hpp"
#include "nn/layers/position.hpp"
#include "nn/layers/transformer.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// What attention is called with: several inputs, masks, caches. Its numbers: test_vectors.cpp.

using namespace xg;
using namespace xg::nn;

namespace {

Tensor normal(const Shape& shape, std::uint64_t seed = 1) { return Generator(seed).normal(shape, 0, 1, float64); }

/// The rows [start, stop) of the tokens.
Tensor tokens(const Tensor& x, std::int64_t start, std::int64_t stop) {
  return slice(x, 1, {.start = start, .stop = stop});
}

double worst(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  return largest_difference(numbers(a), numbers(b));
}

}  // namespace

TEST_CASE("MultiHeadAttention: a query among other tokens, with keys that are the values unless they are given") {
  const MultiHeadAttention layer(
      {.num_heads = 2, .key_dim = 3, .value_dim = 4, .output_dim = 7, .use_bias = false, .dtype = float64});
  const Tensor query = normal({2, 3, 5}), value = normal({2, 6, 4}, 2);
  const Tensor y = layer({query, value}).only();
  CHECK(y.shape() == Shape{2, 3, 7});
  CHECK(layer.parameter_count() == 5 * 6 + 4 * 6 + 4 * 8 + 8 * 7);
  CHECK(worst(layer({query, value, value}).only(), y) == 0);
  CHECK(layer.output_shape({3, 5}) == Shape{3, 7});
  // Tokens in another order are seen alike.
  CHECK(worst(layer({query, flip(value, 1)}).only(), y) < 1e-12);
  CHECK(worst(layer({query, value, flip(value, 1)}).only(), y) > 1e-3);
}

TEST_CASE("MultiHeadAttention: masked tokens count for nothing, whatever rank the mask has") {
  const MultiHeadAttention layer({.num_heads = 2, .key_dim = 3, .dtype = float64});
  const Tensor x = normal({2, 5, 4});
  Tensor seen = full({2, 5}, true, boolean);
  seen[{ellipsis, Slice(3, {})}] = full({}, false, boolean);
  const Tensor y = layer({{"query", x}, {"mask", seen}})[0];
  CHECK(worst(tokens(y, 0, 3), layer(tokens(x, 0, 3))) < 1e-12);
  CHECK(worst(layer({{"query", x}, {"mask", broadcast_to(expand_dims(seen, 1), {2, 5, 5})}})[0], y) == 0);
  const Tensor each = broadcast_to(reshape(seen, {2, 1, 1, 5}), {2, 2, 5, 5});
  CHECK(worst(layer({{"query", x}, {"mask", each}})[0], y) == 0);
  Tensor uneven = seen.array().clone();
  uneven[{1, 1}] = full({}, false, boolean);
  CHECK(worst(layer({{"query", x}, {"mask", broadcast_to(expand_dims(uneven, 1), {2, 5, 5})}})[0],
              layer({{"query", x}, {"mask", uneven}})[0]) == 0);
  const Tensor added = where(each, 0.0, full({}, -1e9, float64));
  CHECK(worst(layer({{"query", x}, {"mask", added}})[0], y) < 1e-12);
}

TEST_CASE("MultiHeadAttention: weights are left out in training alone") {
  MultiHeadAttention layer({.num_heads = 2, .key_dim = 3, .dropout = 0.5, .dtype = float64});
  const Tensor x = normal({2, 5, 4});
  CHECK(worst(layer(x), layer(x)) > 1e-6);
  layer.eval();
  CHECK(worst(layer(x), layer(x)) == 0);
}

TEST_CASE("attention layers: gradients of inputs and parameters, with a mask and in both orders") {
  TransformerBlock block({.num_heads = 2,
                          .intermediate_dim = 5,
                          .activation = "tanh",
                          .normalize_first = true,
                          .causal = true,
                          .dtype = float64});
  const Tensor x = normal({2, 3, 4}).set_requires_grad();
  const Tensor mask({{true, true, false}, {true, true, true}}, boolean);
  const auto f = [&](const std::vector<Tensor>& v) { return block({{"x", v[0]}, {"mask", mask}})[0]; };
  f({x});
  CHECK(gradcheck(f, {x}));
  CHECK(gradgradcheck(f, {x}));
}

TEST_CASE("TransformerBlock: with a cache, in pieces of any size, as without one") {
  for (const bool first : {false, true}) {
    TransformerBlock block(
        {.num_heads = 2, .intermediate_dim = 8, .normalize_first = first, .causal = true, .dtype = float64});
    const Tensor x = normal({2, 7, 6}), y = block(x);
    for (const std::vector<std::int64_t>& cuts : {std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7}, {4, 5, 7}, {7}}) {
      KeyValueCache cache;
      std::vector<Tensor> pieces;
      std::int64_t start = 0;
      for (const std::int64_t stop : cuts) {
        pieces.push_back(block(tokens(x, start, stop), cache));
        CHECK(cache.tokens() == stop);
        start = stop;
      }
      CHECK(worst(concatenate(pieces, 1), y) < 1e-12);
      CHECK(cache.keys.shape() == Shape{2, 2, 7, 3});
    }
  }
}

TEST_CASE("MultiHeadAttention: without causal, what is cached is seen by all") {
  MultiHeadAttention layer({.num_heads = 2, .key_dim = 3, .dtype = float64});
  const Tensor x = normal({1, 5, 4});
  KeyValueCache cache;
  layer(tokens(x, 0, 3), cache);
  const KeyValueCache held = cache;
  const Tensor y = layer(tokens(x, 3, 5), cache);
  CHECK(worst(y, tokens(layer(x), 3, 5)) < 1e-12);
  CHECK(held.tokens() == 3);
  const Tensor mask({{false, true, true, true, true}}, boolean);
  Tensors inputs = held.followed_by(tokens(x, 3, 5));
  inputs.push_back({"mask", mask});
  CHECK(worst(layer(inputs)[0], tokens(layer({tokens(x, 3, 5), tokens(x, 1, 5)}).only(), 0, 2)) < 1e-12);
}

TEST_CASE("attention layers: clones, and batches and sequences of nothing") {
  TransformerBlock block({.num_heads = 2, .intermediate_dim = 8, .dropout = 0.1});
  block.eval();
  const Tensor x = astype(normal({2, 3, 4}), float32);
  const Tensor y = block(x);
  CHECK(worst(block.clone()(x), y) == 0);
  CHECK(block(zeros({0, 3, 4})).shape() == Shape{0, 3, 4});
  CHECK(block(zeros({2, 0, 4})).shape() == Shape{2, 0, 4});
  CHECK(block.output_shape({3, 4}) == Shape{3, 4});
  CHECK(block.parameters().front().name == "attention.query.kernel");
}

TEST_CASE("generation: the same tokens with a cache for each block as from the whole text again and again") {
  struct Language : Model {
    Embedding& embedding = add(Embedding({.input_dim = 11, .output_dim = 8}));
    PositionEmbedding& positions = add(PositionEmbedding({.sequence_length = 20}));
    TransformerBlock& first = add(TransformerBlock({.num_heads = 2, .intermediate_dim = 16, .causal = true}));
    TransformerBlock& second = add(TransformerBlock({.num_heads = 4, .intermediate_dim = 16, .causal = true}));
    Dense& output = add(Dense({.units = 11}));

    Tensor forward(const Tensor& x) override { return output(second(first(positions(embedding(x))))); }
    Tensor next(const Tensor& x, std::vector<KeyValueCache>& caches) const {
      const std::int64_t seen = caches[0].tokens();
      return output(second(first(positions(embedding(x), seen), caches[0]), caches[1]));
    }
  };
  manual_seed(4);
  Language model;
  const NoGrad values_only;
  const auto best = [](const Tensor& scores) { return expand_dims(argmax(scores[{Slice(), -1}], {.axis = -1}), 1); };
  Tensor text({{3, 1, 4}}, int64), again = text, more = text;
  std::vector<KeyValueCache> caches(2);
  for (int step = 0; step < 12; ++step) {
    again = concatenate({again, best(model(again))}, 1);
    more = best(model.next(more, caches));
    text = concatenate({text, more}, 1);
  }
  CHECK(numbers(text) == numbers(again));
  CHECK(caches[1].tokens() == 14);
}

TEST_CASE("positions: sines of falling frequency, and rows that are learnt") {
  const Tensor table = sinusoidal_positions(3, 4, {.dtype = float64});
  CHECK(largest_difference(numbers(table), {0, 1, 0, 1, std::sin(1.0), std::cos(1.0), std::sin(0.01), std::cos(0.01),
                                            std::sin(2.0), std::cos(2.0), std::sin(0.02), std::cos(0.02)}) < 1e-15);
  CHECK(worst(sinusoidal_positions(2, 4, {.first = 1, .dtype = float64}), slice(table, 0, {.start = 1})) == 0);
  CHECK(sinusoidal_positions(2, 3).dtype() == float32);
  PositionEmbedding layer({.sequence_length = 5, .dtype = float64});
  const Tensor x = normal({2, 3, 4}), y = layer(x);
  CHECK(worst(y, x + slice(layer["embeddings"], 0, {.stop = 3})) == 0);
  CHECK(worst(layer(x, 2), x + slice(layer["embeddings"], 0, {.start = 2})) == 0);
}

TEST_CASE("attention layers: options that make no sense") {
  CHECK_ERROR(ValueError, MultiHeadAttention({.key_dim = 4}),
              "MultiHeadAttention: num_heads must be at least 1, got 0");
  const std::int64_t much = std::int64_t{1} << 40;
  CHECK_ERROR(
      ValueError, MultiHeadAttention({.num_heads = much, .key_dim = much}),
      "MultiHeadAttention: 1099511627776 heads of width 1099511627776 are more features than a tensor can have");
  CHECK_ERROR(ValueError, MultiHeadAttention({.num_heads = 4}),
              "MultiHeadAttention: key_dim must be at least 1, got 0");
  CHECK_ERROR(ValueError, MultiHeadAttention({.num_heads = 1, .key_dim = 1, .value_dim = -1}),
              "MultiHeadAttention: value_dim must not be negative, got -1");
  CHECK_ERROR(ValueError, MultiHeadAttention({.num_heads = 1, .key_dim = 1, .output_dim = -1}),
              "MultiHeadAttention: output_dim must not be negative, got -1");
  CHECK_ERROR(ValueError, MultiHeadAttention({.num_heads = 1, .key_dim = 1, .dropout = 1}),
              "MultiHeadAttention: the dropout must lie in [0, 1), got 1");
  CHECK_ERROR(ValueError, MultiHeadAttention({.num_heads = 1, .key_dim = 1, .dtype = int64}),
              "MultiHeadAttention: the dtype must be float32 or float64, got int64");
  CHECK_ERROR(ValueError, TransformerBlock({.intermediate_dim = 1}),
              "TransformerBlock: num_heads must be at least 1, got 0");
  CHECK_ERROR(ValueError, TransformerBlock({.num_heads = 1}),
              "TransformerBlock: intermediate_dim must be at least 1, got 0");
  CHECK_ERROR(ValueError, TransformerBlock({.num_heads = 1, .intermediate_dim = 1, .dropout = -0.5}),
              "TransformerBlock: the dropout must lie in [0, 1), got -0.5");
  CHECK_ERROR(ValueError, TransformerBlock({.num_heads = 1, .intermediate_dim = 1, .epsilon = 0}),
              "TransformerBlock: epsilon must be greater than 0, got 0");
  CHECK_ERROR(ValueError, TransformerBlock({.num_heads = 1, .intermediate_dim = 1, .dtype = boolean}),
              "TransformerBlock: the dtype must be float32 or float64, got boolean");
  CHECK_ERROR(ValueError, PositionEmbedding({}), "PositionEmbedding: sequence_length must be at least 1, got 0");
  CHECK_ERROR(ValueError, PositionEmbedding({.sequence_length = 1, .dtype = uint8}),
              "PositionEmbedding: the dtype must be float32 or float64, got uint8");
  CHECK_ERROR(ValueError, sinusoidal_positions(-1, 4),
              "sinusoidal_positions: extents must not be negative, got -1 tokens and 4 features");
  CHECK_ERROR(ValueError, sinusoidal_positions(1, 4, {.period = 0}),
              "sinusoidal_positions: the period must be greater than 0, got 0");
}

TEST_CASE("attention layers: inputs that do not fit") {
  const MultiHeadAttention layer({.num_heads = 2, .key_dim = 3});
  const Tensor x = zeros({2, 5, 4});
  CHECK_ERROR(ShapeError, MultiHeadAttention({.num_heads = 2, .key_dim = 3})(zeros({2, 4})),
              "MultiHeadAttention: a sample has shape (4,), (tokens, features) is expected");
  layer(x);
  CHECK_ERROR(ShapeError, layer(zeros({2, 4})),
              "MultiHeadAttention: the input has shape (2, 4), (batch, tokens, features) is expected");
  CHECK_ERROR(DTypeError, layer(zeros({2, 5, 4}, float64)),
              "MultiHeadAttention: the input is float64, the parameters are float32: astype(x, float32) converts it, "
              "the option dtype makes other parameters");
  CHECK_ERROR(ShapeError, layer({x, zeros({3, 5, 4})}),
              "MultiHeadAttention: the value has shape (3, 5, 4), (batch, tokens, features) is expected with the batch "
              "of the query (2, 5, 4)");
  CHECK_ERROR(ShapeError, layer({x, x, zeros({2, 4})}),
              "MultiHeadAttention: the key has shape (2, 4), (batch, tokens, features) is expected");
  CHECK_ERROR(ShapeError, layer({x, x, zeros({2, 6, 4})}),
              "MultiHeadAttention: the key (2, 6, 4) and the value (2, 5, 4) differ in tokens");
  CHECK_ERROR(ValueError, layer({x, x, x, x}),
              "MultiHeadAttention: a query, a value and a key are expected, or the first of them, got ((2, 5, 4), (2, "
              "5, 4), (2, 5, 4), (2, 5, 4))");
  CHECK_ERROR(ShapeError, layer({{"query", x}, {"mask", full({5, 5}, true, boolean)}}),
              "MultiHeadAttention: a mask of shape (2, 5), (2, 5, 5) or (2, 2, 5, 5) is expected, got (5, 5)");
  CHECK_ERROR(ValueError, layer({{"query", x}, {"keys", zeros({0})}}),
              "MultiHeadAttention: a cache is of keys and values, got (query: (2, 5, 4), keys: (0,))");
  CHECK_ERROR(ShapeError, layer({{"query", x}, {"keys", zeros({2, 2, 7, 3})}, {"values", zeros({2, 2, 6, 3})}}),
              "MultiHeadAttention: the cache's values are float32 (2, 2, 6, 3), float32 (2, 2, 7, 3) is expected: a "
              "cache is for one layer and one batch");
  CHECK_ERROR(ShapeError, TransformerBlock({.num_heads = 3, .intermediate_dim = 8})(x),
              "TransformerBlock: 4 features do not fall into 3 heads: choose a multiple of 3");
  CHECK_ERROR(ShapeError, TransformerBlock({.num_heads = 2, .intermediate_dim = 8})(zeros({2, 4})),
              "TransformerBlock: a sample has shape (4,), (tokens, features) is expected");
  const PositionEmbedding positions({.sequence_length = 6});
  positions(x);
  CHECK_ERROR(ShapeError, positions(x, 2),
              "PositionEmbedding: 5 tokens from position 2 on do not fit a sequence_length of 6");
  CHECK_ERROR(ShapeError, positions(zeros({2, 5, 3})),
              "PositionEmbedding: the input of shape (2, 5, 3) has 3 features, the embeddings were made for 4");
}

TEST_CASE("attention: a padding mask goes on to the layers behind") {
  const Tensor padded{{7, 3, 0, 0}}, cut{{7, 3}};
  nn::Sequential model{nn::Embedding({.input_dim = 9, .output_dim = 4, .mask_zero = true}),
                       nn::PositionEmbedding({.sequence_length = 4, .initializer = "random_normal"}),
                       nn::TransformerBlock({.num_heads = 2, .intermediate_dim = 8}),
                       nn::MultiHeadAttention({.num_heads = 2, .key_dim = 2}), nn::GlobalAveragePooling1D()};
  CHECK(largest_difference(numbers(model(padded)), numbers(model(cut))) < 1e-6);
  const auto x = nn::input({4}, {}, int64);
  nn::Functional functional(x, x >> nn::Embedding({.input_dim = 9, .output_dim = 4, .mask_zero = true}) >>
                                   nn::TransformerBlock({.num_heads = 2, .intermediate_dim = 8}));
  CHECK(functional(nn::Tensors(padded)).contains("mask"));
}

TEST_CASE("TransformerBlock: a cache is for causal ones") {
  const nn::TransformerBlock block({.num_heads = 2, .intermediate_dim = 2});
  nn::KeyValueCache cache;
  CHECK_ERROR(ValueError, block(ones({1, 2, 4}), cache),
              "TransformerBlock: a cache is for causal blocks, whose tokens see none that follow: construct it with "
              "{.causal = true}");
  CHECK(cache.tokens() == 0);
}
