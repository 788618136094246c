#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "nn/constraints.hpp"
#include "nn/layers/activations.hpp"
#include "nn/layers/attention.hpp"
#include "nn/layers/conv_lstm.hpp"
#include "nn/layers/convolution.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/depthwise.hpp"
#include "nn/layers/embedding.hpp"
#include "nn/layers/input.hpp"
#include "nn/layers/merge.hpp"
#include "nn/layers/noise.hpp"
#include "nn/layers/normalization.hpp"
#include "nn/layers/pooling.hpp"
#include "nn/layers/recurrent.hpp"
#include "nn/layers/reshaping.hpp"
#include "nn/layers/wrappers.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"

// What is wrong with a layer's options, or with what it is given: the whole message.

using namespace xg;
using namespace xg::nn;

TEST_CASE("layers: options that make no sense") {
  CHECK_ERROR(ValueError, Conv2D({.kernel_size = 3}), "Conv2D: filters must be at least 1, got 0");
  CHECK_ERROR(ValueError, Conv2D({.filters = 4}), "Conv2D: kernel_size must be at least 1, got 0");
  CHECK_ERROR(ValueError, Conv1D({.filters = 4, .kernel_size = {3, 3}}),
              "Conv1D: kernel_size has 2 numbers for 1 spatial axes");
  CHECK_ERROR(ValueError, Conv3D({.filters = 4, .kernel_size = 3, .strides = 0}),
              "Conv3D: strides must be at least 1, got 0");
  CHECK_ERROR(ValueError, Conv2D({.filters = 4, .kernel_size = 3, .dilation_rate = -1}),
              "Conv2D: dilation_rate must be at least 1, got -1");
  CHECK_ERROR(ValueError, Conv2D({.filters = 4, .kernel_size = 3, .groups = 3}),
              "Conv2D: 4 filters do not fall into 3 groups");
  CHECK_ERROR(ValueError, Conv2D({.filters = 4, .kernel_size = 3, .groups = 0}),
              "Conv2D: groups must be at least 1, got 0");
  CHECK_ERROR(ValueError, Conv2D({.filters = 4, .kernel_size = 3, .padding = "causal"}),
              "Conv2D: \"causal\" padding is for Conv1D alone");
  CHECK_ERROR(ValueError, Conv2D({.filters = 4, .kernel_size = 3, .padding = "full"}),
              "unknown padding 'full': it is \"valid\", \"same\", \"causal\" or numbers");
  CHECK_ERROR(ValueError, Conv2D({.filters = 4, .kernel_size = 3, .dtype = int64}),
              "Conv2D: the dtype must be float32 or float64, got int64");
  CHECK_ERROR(ValueError, Conv2DTranspose({.filters = -1, .kernel_size = 3}),
              "Conv2DTranspose: filters must be at least 1, got -1");
  CHECK_ERROR(ValueError, DepthwiseConv2D({.kernel_size = 3, .depth_multiplier = 0}),
              "DepthwiseConv2D: depth_multiplier must be at least 1, got 0");
  CHECK_ERROR(ValueError, SeparableConv1D({.filters = 0, .kernel_size = 3}),
              "SeparableConv1D: filters must be at least 1, got 0");
  CHECK_ERROR(ValueError, MaxPooling2D({.pool_size = 0}), "MaxPooling2D: pool_size must be at least 1, got 0");
  CHECK_ERROR(ValueError, AveragePooling1D({.strides = -1}), "AveragePooling1D: strides must be at least 0, got -1");
  CHECK_ERROR(ValueError, MaxPooling1D({.padding = "causal"}), "MaxPooling1D: \"causal\" padding is for Conv1D alone");
  CHECK_ERROR(ValueError, AdaptiveMaxPooling1D(0), "AdaptiveMaxPooling1D: output_size must be at least 1, got 0");
  CHECK_ERROR(ValueError, Reshape({-1, -1}),
              "Reshape: extents of at least 0, and one -1 at most, are expected, got (-1, -1)");
  CHECK_ERROR(ValueError, Permute({0, 1}), "Permute: an order of the axes 1 to 2 is expected, got {0, 1}");
  CHECK_ERROR(ValueError, Input({3, -1}), "Input: extents must not be negative, got (3, -1)");
  CHECK_ERROR(ValueError, RepeatVector(0), "RepeatVector: n must be at least 1, got 0");
  CHECK_ERROR(ValueError, ZeroPadding2D(-1), "ZeroPadding2D: widths must not be negative, got -1");
  CHECK_ERROR(ValueError, Cropping1D({0, -2}), "Cropping1D: widths must not be negative, got -2");
  CHECK_ERROR(ValueError, UpSampling3D({.size = 0}), "UpSampling3D: size must be at least 1, got 0");
  CHECK_ERROR(ValueError, LeakyReLU(-1), "LeakyReLU: alpha must be at least 0, got -1");
  CHECK_ERROR(ValueError, ELU(NAN), "ELU: alpha must be finite in float32, got NaN");
  CHECK_ERROR(ValueError, ThresholdedReLU(-1), "ThresholdedReLU: theta must be at least 0, got -1");
  CHECK_ERROR(ValueError, ReLU({.negative_slope = -1}), "ReLU: negative_slope must be at least 0, got -1");
  CHECK_ERROR(ValueError, SpatialDropout1D(2), "SpatialDropout1D: the rate must lie in [0, 1], got 2");
  CHECK_ERROR(ValueError, GaussianNoise(-1), "GaussianNoise: the standard deviation must be at least 0, got -1");
  CHECK_ERROR(ValueError, GaussianDropout(1), "GaussianDropout: the rate must lie in [0, 1), got 1");
  CHECK_ERROR(ValueError, AlphaDropout(-0.5), "AlphaDropout: the rate must lie in [0, 1), got -0.5");
  CHECK_ERROR(ValueError, BatchNormalization({.momentum = 1.5}),
              "BatchNormalization: the momentum must lie in [0, 1], got 1.5");
  CHECK_ERROR(ValueError, LayerNormalization({.epsilon = 0}),
              "LayerNormalization: epsilon must be greater than 0, got 0");
  CHECK_ERROR(ValueError, GroupNormalization({.groups = 0}), "GroupNormalization: groups must be at least 1, got 0");
  CHECK_ERROR(ValueError, Embedding({.output_dim = 3}), "Embedding: input_dim must be at least 1, got 0");
  CHECK_ERROR(ValueError, Embedding({.input_dim = 3}), "Embedding: output_dim must be at least 1, got 0");
  CHECK_ERROR(ValueError, LSTM({}), "LSTM: units must be at least 1, got 0");
  CHECK_ERROR(ValueError, GRU({.units = 2, .dropout = 1}), "GRU: a dropout rate must lie in [0, 1), got 1");
  CHECK_ERROR(ValueError, max_norm({.max_value = -1}), "max_norm: max_value must be at least 0, got -1");
  CHECK_ERROR(ValueError, min_max_norm({.min_value = 2}), "min_max_norm: min_value <= max_value expected, got 2 and 1");
  CHECK_ERROR(ValueError, min_max_norm({.rate = 2}), "min_max_norm: the rate must lie in [0, 1], got 2");
  CHECK_ERROR(ValueError, Dense({.units = 1, .kernel_constraint = "maxnorm"}),
              "unknown constraint 'maxnorm': known are max_norm, non_neg, unit_norm, min_max_norm");
}

TEST_CASE("layers: inputs that do not fit") {
  Conv2D conv({.filters = 4, .kernel_size = 3});
  CHECK_ERROR(ShapeError, conv(ones({2, 8, 8})),
              "Conv2D: a sample has shape (8, 8), (height, width, channels) is expected");
  conv(ones({2, 8, 8, 3}));
  CHECK_ERROR(ShapeError, conv(ones({2, 8, 8})),
              "Conv2D: the input has shape (2, 8, 8), (batch, height, width, channels) is expected");
  CHECK_ERROR(ShapeError, conv(ones({2, 8, 8, 1})),
              "Conv2D: the input of shape (2, 8, 8, 1) has 1 channels, the kernel was made for 3");
  CHECK_ERROR(DTypeError, conv(ones({2, 8, 8, 3}, float64)),
              "Conv2D: the input is float64, the parameters are float32: astype(x, float32) converts it, the option "
              "dtype makes other parameters");
  Conv2D grouped({.filters = 4, .kernel_size = 3, .groups = 2});
  CHECK_ERROR(ShapeError, grouped(ones({2, 8, 8, 3})), "Conv2D: 3 channels do not fall into 2 groups");
  MaxPooling2D pool;
  CHECK_ERROR(ShapeError, pool(ones({2, 8})),
              "MaxPooling2D: the input has shape (2, 8), (batch, height, width, channels) is expected");
  Reshape reshape({5, 2});
  CHECK_ERROR(ShapeError, reshape(ones({3, 4})), "Reshape: a sample of shape (4,) does not fit (5, 2)");
  Cropping1D crop({2, 3});
  CHECK_ERROR(ShapeError, crop(ones({1, 5, 2})),
              "Cropping1D: nothing is left of shape (1, 5, 2) without 2 and 3 elements of axis 1");
  Input input({2, 3});
  CHECK_ERROR(ShapeError, input(ones({4, 3, 2})), "Input: samples of shape (2, 3) are expected, got (3, 2)");
  CHECK_ERROR(ShapeError, (Sequential{Input({2, 3}), Conv1D({.filters = 1, .kernel_size = 3})}),
              "Conv1D: a window of 3 does not fit the 2 elements along axis 1 of the input of shape (0, 2, 3): take a "
              "smaller kernel_size, or \"same\" padding");
  CHECK_ERROR(ShapeError,
              Conv1D({.filters = 1, .kernel_size = 3, .dilation_rate = std::numeric_limits<std::int64_t>::max()})(
                  ones({1, 4, 1})),
              "Conv1D: a window of 9223372036854775807 does not fit the 4 elements along axis 1 of the input of shape "
              "(1, 4, 1): take a smaller kernel_size, or \"same\" padding");
  RepeatVector repeat(2);
  CHECK_ERROR(ShapeError, repeat(ones({2, 3, 4})),
              "RepeatVector: the input has shape (2, 3, 4), (batch, features) is expected");
  BatchNormalization norm;
  norm(ones({2, 3}));
  CHECK_ERROR(ShapeError, norm(ones({2, 4})),
              "BatchNormalization: the input has shape (2, 4), (batch, ..., 3) is expected");
  GroupNormalization group({.groups = 3});
  CHECK_ERROR(ShapeError, group(ones({2, 4})), "GroupNormalization: 4 channels do not fall into 3 groups");
  Embedding embedding({.input_dim = 3, .output_dim = 2});
  CHECK_ERROR(ValueError, embedding(Tensor{{0, 3}}), "Embedding: 3 is none of the 3 entries, which count from 0");
  CHECK_ERROR(ValueError, embedding(Tensor{{-1}}), "Embedding: -1 is none of the 3 entries, which count from 0");
  CHECK_ERROR(ValueError, embedding(Tensor{{0.5}}), "Embedding: 0.5 is none of the 3 entries, which count from 0");
  LSTM lstm({.units = 2});
  CHECK_ERROR(ShapeError, lstm(ones({2, 3})), "LSTM: a sample has shape (3,), (steps, features) is expected");
  lstm(ones({2, 3, 4}));
  CHECK_ERROR(ShapeError, lstm(ones({2, 3, 5})),
              "LSTM: the input of shape (2, 3, 5) has 5 features, the kernel was made for 4");
  CHECK_ERROR(ShapeError, lstm(Tensors{ones({2, 3, 4}), ones({2, 2})}),
              "LSTM: an initial state of 2 float32 tensors of shape (2, 2) is expected beside the samples, got ((2, 3, "
              "4), (2, 2))");
  CHECK_ERROR(ShapeError, lstm(Tensors{{"x", ones({2, 3, 4})}, {"mask", ones({2, 4}, boolean)}}),
              "LSTM: a mask of shape (2, 3) is expected, got (2, 4)");
  TimeDistributed steps(Dense({.units = 1, .input_dim = 4}));
  CHECK_ERROR(ShapeError, steps(ones({3})),
              "TimeDistributed: the input has shape (3,), (batch, steps, ...) is expected");
  Add add;
  CHECK_ERROR(ValueError, add(Tensors{ones({2, 3})}), "Add: at least 2 inputs are expected, got 1 ((2, 3))");
  Subtract subtract;
  CHECK_ERROR(ValueError, subtract(Tensors{ones({2}), ones({2}), ones({2})}),
              "Subtract: 2 inputs are expected, got 3 ((2,), (2,), (2,))");
  Dot dot;
  CHECK_ERROR(ShapeError, dot(Tensors{ones({2, 3}), ones({2, 4})}),
              "Dot: inputs of shapes (2, 3) and (2, 4) differ along axes 1 and 1, or in their batches");
}

TEST_CASE("layers: a call without a tensor") {
  LSTM lstm({.units = 2});
  CHECK_ERROR(ValueError, lstm(Tensors()), "LSTM: it is called without a tensor");
  CHECK_ERROR(ValueError, lstm(Tensors{{"mask", ones({2, 4}, boolean)}}), "LSTM: it is called without a tensor");
  MultiHeadAttention attention({.num_heads = 1, .key_dim = 1});
  CHECK_ERROR(ValueError, attention(Tensors()), "MultiHeadAttention: it is called without a tensor");
  Sequential model{ConvLSTM2D({.filters = 1, .kernel_size = 1})};
  CHECK_ERROR(ValueError, model(Tensors()), "Sequential: it is called without a tensor");
}
