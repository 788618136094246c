#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>

#include "autograd/engine.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/assemble.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/layers/activation.hpp"
#include "nn/layers/activations.hpp"
#include "nn/layers/cells.hpp"
#include "nn/layers/conv_lstm.hpp"
#include "nn/layers/convolution.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/depthwise.hpp"
#include "nn/layers/dropout.hpp"
#include "nn/layers/embedding.hpp"
#include "nn/layers/flatten.hpp"
#include "nn/layers/input.hpp"
#include "nn/layers/lambda.hpp"
#include "nn/layers/locally_connected.hpp"
#include "nn/layers/masking.hpp"
#include "nn/layers/merge.hpp"
#include "nn/layers/noise.hpp"
#include "nn/layers/normalization.hpp"
#include "nn/layers/normalize.hpp"
#include "nn/layers/pooling.hpp"
#include "nn/layers/position.hpp"
#include "nn/layers/reshaping.hpp"
#include "nn/layers/transformer.hpp"
#include "nn/layers/wrappers.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/nn/vectors.hpp"

// Layers give what PyTorch computes from plain formulas: tests/support/make_layer_vectors.py.

using namespace xg;

namespace {

using Factory = std::function<std::shared_ptr<nn::Module>()>;

template <class L>
Factory make(L layer) {
  const auto made = std::make_shared<L>(std::move(layer));
  return [made] { return made; };
}

/// A layer of several inputs, of the two halves of the features.
template <class L>
struct OfHalves : nn::Model {
  explicit OfHalves(L layer = L()) : layer_(add(std::move(layer))) {}
  Tensor forward(const Tensor& x) override {
    const auto halves = chunk(x, 2, -1);
    return layer_(nn::Tensors{halves[0], halves[1]})[0];
  }
  L& layer_;
};

template <class... Layers>
std::shared_ptr<nn::Module> shared_sequential(const nn::EmbeddingOptions& words, Layers... layers) {
  return std::make_shared<nn::Sequential>(nn::Sequential{nn::Embedding(words), std::move(layers)...});
}

template <class L>
Factory of_halves(L layer) {
  return make(OfHalves<L>(std::move(layer)));
}

const std::map<std::string, Factory>& factories() {
  using namespace nn;
  using Up = UpSamplingOptions;
  const EmbeddingOptions words{.input_dim = 6, .output_dim = 3, .mask_zero = true, .dtype = float64};
  static const std::map<std::string, Factory> all{
      {"conv1d", make(Conv1D({.filters = 4, .kernel_size = 3, .dtype = float64}))},
      {"conv1d causal",
       make(Conv1D({.filters = 4, .kernel_size = 3, .padding = "causal", .dilation_rate = 2, .dtype = float64}))},
      {"conv1d causal strides",
       make(Conv1D({.filters = 3, .kernel_size = 3, .strides = 2, .padding = "causal", .dtype = float64}))},
      {"conv2d", make(Conv2D({.filters = 4, .kernel_size = 3, .activation = "tanh", .dtype = float64}))},
      {"conv2d same", make(Conv2D({.filters = 4, .kernel_size = 2, .padding = "same", .dtype = float64}))},
      {"conv2d same strides",
       make(Conv2D(
           {.filters = 4, .kernel_size = 3, .strides = 2, .padding = "same", .use_bias = false, .dtype = float64}))},
      {"conv2d dilation", make(Conv2D({.filters = 3, .kernel_size = 3, .dilation_rate = 2, .dtype = float64}))},
      {"conv2d groups", make(Conv2D({.filters = 6, .kernel_size = 3, .groups = 2, .dtype = float64}))},
      {"conv3d", make(Conv3D({.filters = 3, .kernel_size = 3, .padding = "same", .dtype = float64}))},
      {"conv1d transpose", make(Conv1DTranspose({.filters = 4, .kernel_size = 3, .strides = 2, .dtype = float64}))},
      {"conv2d transpose", make(Conv2DTranspose({.filters = 2, .kernel_size = 3, .strides = 2, .dtype = float64}))},
      {"conv2d transpose same",
       make(Conv2DTranspose({.filters = 2, .kernel_size = 4, .strides = 2, .padding = "same", .dtype = float64}))},
      {"conv3d transpose", make(Conv3DTranspose({.filters = 3, .kernel_size = 2, .strides = 2, .dtype = float64}))},
      {"depthwise conv1d", make(DepthwiseConv1D({.kernel_size = 3, .depth_multiplier = 2, .dtype = float64}))},
      {"depthwise conv2d",
       make(DepthwiseConv2D(
           {.kernel_size = 3, .padding = "same", .depth_multiplier = 2, .activation = "tanh", .dtype = float64}))},
      {"separable conv1d",
       make(SeparableConv1D({.filters = 4, .kernel_size = 3, .depth_multiplier = 2, .dtype = float64}))},
      {"separable conv2d",
       make(SeparableConv2D(
           {.filters = 4, .kernel_size = 3, .padding = "same", .depth_multiplier = 2, .dtype = float64}))},
      {"max pooling1d", make(MaxPooling1D())},
      {"max pooling2d", make(MaxPooling2D({.pool_size = 3, .strides = 2}))},
      {"max pooling3d", make(MaxPooling3D())},
      {"average pooling1d", make(AveragePooling1D({.pool_size = 3, .strides = 2}))},
      {"average pooling2d", make(AveragePooling2D({.pool_size = {2, 3}}))},
      {"average pooling2d same", make(AveragePooling2D({.pool_size = 3, .strides = 2, .padding = "same"}))},
      {"average pooling3d", make(AveragePooling3D())},
      {"global max pooling1d", make(GlobalMaxPooling1D())},
      {"global max pooling2d", make(GlobalMaxPooling2D())},
      {"global max pooling3d", make(GlobalMaxPooling3D())},
      {"global average pooling1d", make(GlobalAveragePooling1D())},
      {"global average pooling2d", make(GlobalAveragePooling2D(true))},
      {"global average pooling3d", make(GlobalAveragePooling3D())},
      {"adaptive max pooling1d", make(AdaptiveMaxPooling1D(3))},
      {"adaptive max pooling2d", make(AdaptiveMaxPooling2D({3, 2}))},
      {"adaptive average pooling1d", make(AdaptiveAveragePooling1D(3))},
      {"adaptive average pooling2d", make(AdaptiveAveragePooling2D({3, 2}))},
      {"reshape", make(Reshape({2, -1}))},
      {"permute", make(Permute({3, 1, 2}))},
      {"repeat vector", make(RepeatVector(5))},
      {"zero padding1d", make(ZeroPadding1D({1, 2}))},
      {"zero padding2d", make(ZeroPadding2D())},
      {"zero padding3d", make(ZeroPadding3D(1, {2, 0}, {0, 1}))},
      {"cropping1d", make(Cropping1D({1, 2}))},
      {"cropping2d", make(Cropping2D())},
      {"cropping3d", make(Cropping3D(1, {0, 2}, {2, 0}))},
      {"up sampling1d", make(UpSampling1D({.size = 3}))},
      {"up sampling2d", make(UpSampling2D({.size = {2, 3}}))},
      {"up sampling2d linear", make(UpSampling2D(Up{.interpolation = Interpolation::linear}))},
      {"up sampling3d", make(UpSampling3D())},
      {"leaky relu", make(LeakyReLU())},
      {"elu", make(ELU(0.7))},
      {"thresholded relu", make(ThresholdedReLU(0.5))},
      {"relu", make(ReLU({.max_value = 6, .negative_slope = 0.1, .threshold = 0.5}))},
      {"softmax", make(Softmax())},
      {"prelu", make(PReLU({.dtype = float64}))},
      {"prelu shared", make(PReLU({.shared_axes = {1, 2}, .dtype = float64}))},
      {"batch normalization", make(BatchNormalization({.dtype = float64}))},
      {"batch normalization plain",
       make(BatchNormalization({.epsilon = 1e-5, .center = false, .scale = false, .dtype = float64}))},
      {"layer normalization", make(LayerNormalization({.dtype = float64}))},
      {"rms normalization", make(RMSNormalization({.epsilon = 1e-6, .dtype = float64}))},
      {"simple rnn", make(SimpleRNN({.units = 2, .dtype = float64}))},
      {"lstm", make(LSTM({.units = 2, .dtype = float64}))},
      {"lstm sequences backwards",
       make(LSTM({.units = 2, .return_sequences = true, .go_backwards = true, .dtype = float64}))},
      {"gru", make(GRU({.units = 2, .dtype = float64}))},
      {"gru reset before", make(GRU({.units = 2, .reset_after = false, .return_sequences = true, .dtype = float64}))},
      {"bidirectional", make(Bidirectional(LSTM({.units = 2, .return_sequences = true, .dtype = float64})))},
      {"time distributed", make(TimeDistributed(Conv1D({.filters = 2, .kernel_size = 3, .dtype = float64})))},
      {"dense", make(Dense({.units = 5, .dtype = float64}))},
      {"dense steps", make(Dense({.units = 5, .use_bias = false, .activation = "tanh", .dtype = float64}))},
      {"activation", make(Activation("softplus"))},
      {"flatten", make(Flatten())},
      {"lambda", make(Lambda([](const Tensor& x) { return square(x) - x; }))},
      {"input", make(Input({4}))},
      {"dropout", make(Dropout(0))},
      {"gaussian noise", make(GaussianNoise(0))},
      {"gaussian dropout", make(GaussianDropout(0))},
      {"alpha dropout", make(AlphaDropout(0))},
      {"spatial dropout1d", make(SpatialDropout1D(0))},
      {"spatial dropout2d", make(SpatialDropout2D(0))},
      {"spatial dropout3d", make(SpatialDropout3D(0))},
      {"add", of_halves(Add())},
      {"subtract", of_halves(Subtract())},
      {"multiply", of_halves(Multiply())},
      {"average", of_halves(Average())},
      {"maximum", of_halves(Maximum())},
      {"minimum", of_halves(Minimum())},
      {"concatenate", of_halves(Concatenate(1))},
      {"dot", of_halves(Dot())},
      {"dot normalize", of_halves(Dot({.normalize = true}))},
      {"relu of large numbers", make(ReLU({.max_value = 6}))},
      {"normalization", make(Normalization({.mean = Tensor{1.0, -2.0, 0.5},
                                            .variance = Tensor{4.0, 0.25, 2.0},
                                            .dtype = float64}))},
      {"normalization invert", make(Normalization({.mean = Tensor{1.0, -2.0, 0.5},
                                                   .variance = Tensor{4.0, 0.25, 2.0},
                                                   .invert = true,
                                                   .dtype = float64}))},
      {"locally connected1d",
       make(LocallyConnected1D({.filters = 2, .kernel_size = 3, .activation = "tanh", .dtype = float64}))},
      {"locally connected2d",
       make(LocallyConnected2D({.filters = 3, .kernel_size = {3, 2}, .strides = 2, .dtype = float64}))},
      {"embedding", make(Embedding({.input_dim = 6, .output_dim = 3, .dtype = float64}))},
      {"embedding lstm dense masked", [words] {
         return shared_sequential(words, LSTM({.units = 4, .dtype = float64}), Dense({.units = 2, .dtype = float64}));
       }},
      {"embedding gru rnn masked", [words] {
         return shared_sequential(words, GRU({.units = 3, .return_sequences = true, .dtype = float64}),
                                  SimpleRNN({.units = 2, .dtype = float64}));
       }},
      {"bidirectional masked", [words] {
         return shared_sequential(
             words, Bidirectional(LSTM({.units = 2, .return_sequences = true, .dtype = float64}), Merge::multiply),
             Dropout(0));
       }},
      {"masking", make(Masking())},
      {"masking global average", make(Sequential{Masking(2), GlobalAveragePooling1D()})},
      {"rnn of a simple cell", make(RNN(SimpleRNNCell({.units = 2, .dtype = float64})))},
      {"rnn of an lstm cell",
       make(RNN(LSTMCell({.units = 2, .dtype = float64}), {.return_sequences = true, .go_backwards = true}))},
      {"rnn of a gru cell", make(RNN(GRUCell({.units = 2, .dtype = float64})))},
      {"rnn of stacked cells", make(RNN(StackedRNNCells{LSTMCell({.units = 2, .dtype = float64}), GRUCell({.units = 3, .dtype = float64})},
                                        {.return_sequences = true}))},
      {"bidirectional sum", make(Bidirectional(SimpleRNN({.units = 2, .dtype = float64}), Merge::sum))},
      {"bidirectional average", make(Bidirectional(SimpleRNN({.units = 2, .dtype = float64}), Merge::average))},
      {"conv lstm2d", make(ConvLSTM2D({.filters = 3, .kernel_size = 3, .dtype = float64}))},
      {"conv lstm2d same sequences", make(ConvLSTM2D({.filters = 3,
                                                      .kernel_size = 3,
                                                      .strides = 2,
                                                      .padding = "same",
                                                      .return_sequences = true,
                                                      .go_backwards = true,
                                                      .dtype = float64}))},
      {"group normalization", make(GroupNormalization({.groups = 3, .dtype = float64}))},
      {"multi head attention", make(MultiHeadAttention({.num_heads = 3, .key_dim = 2, .dtype = float64}))},
      {"multi head attention causal",
       make(MultiHeadAttention({.num_heads = 2, .key_dim = 3, .causal = true, .dtype = float64}))},
      {"transformer block", make(TransformerBlock({.num_heads = 2, .intermediate_dim = 8, .dtype = float64}))},
      {"transformer block norm first",
       make(TransformerBlock(
           {.num_heads = 3, .intermediate_dim = 8, .normalize_first = true, .causal = true, .dtype = float64}))},
      {"position embedding", make(PositionEmbedding({.sequence_length = 5, .dtype = float64}))},
  };
  return all;
}

using Case = VectorCase;

double difference(const Tensor& found, const Array& expected) {
  if (!found.defined() || found.shape() != expected.shape()) return std::numeric_limits<double>::infinity();
  return largest_difference(numbers(found), numbers(expected));
}

constexpr double tolerance = 1e-9;

void check_steps(nn::Module& layer, const Case& one, const Tensor& x) {
  nn::SGD optimizer(layer.parameters(), {.learning_rate = 0.1});
  for (int step = 0; step < 5; ++step) {
    optimizer.zero_grad();
    mean(square(layer(x) - Tensor(one.at("target -")))).backward();
    optimizer.step();
  }
  for (const auto& parameter : layer.parameters())
    CHECK(difference(parameter.value.detach(), one.at("stepped " + parameter.name)) < tolerance);
}

void check_case(nn::Module& layer, const Case& one) {
  const bool follows_input = one.contains("gradient x");  // not of whole numbers
  const Tensor x = Tensor(one.at("x -")).set_requires_grad(follows_input);
  Shape sample = x.shape();
  sample.erase(0);
  layer.build_for(sample);
  for (auto parameter : layer.parameters()) parameter.value.assign(one.at("parameter " + parameter.name));
  const Tensor y = layer(x);
  CHECK(difference(y.detach(), one.at("y -")) < tolerance);
  if (const auto shape = layer.output_shape(sample)) {
    Shape expected = y.shape();
    expected.erase(0);
    CHECK(*shape == expected);
  }
  mean(square(y - Tensor(one.at("target -")))).backward();
  if (follows_input) CHECK(difference(x.grad(), one.at("gradient x")) < tolerance);
  for (const auto& parameter : layer.parameters())
    CHECK(difference(parameter.value.grad(), one.at("gradient " + parameter.name)) < tolerance);
  if (!layer.parameters().empty()) check_steps(layer, one, x.detach());
}

}  // namespace

TEST_CASE("layers: outputs, gradients and training steps agree with an independent program") {
  const auto cases = read_cases(XG_LAYER_VECTORS);
  CHECK(cases.size() == factories().size());
  for (const auto& [name, one] : cases) {
    CAPTURE(name);
    const auto found = factories().find(name);
    REQUIRE(found != factories().end());
    check_case(*found->second(), one);
  }
}
