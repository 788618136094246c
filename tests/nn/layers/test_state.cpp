#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/clone.hpp"
#include "nn/layers/convolution.hpp"
#include "nn/layers/noise.hpp"
#include "nn/layers/normalization.hpp"
#include "nn/layers/wrappers.hpp"
#include "nn/optimizers/adam.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// Layers that keep statistics, draw random numbers, or go from step to step.

using namespace xg;
using nn::Dense;

TEST_CASE("BatchNormalization: training passes move the statistics, evaluation uses them") {
  nn::BatchNormalization layer({.momentum = 0.75, .epsilon = 1e-6});
  const Tensor x{{1.0, 10.0}, {3.0, 10.0}, {5.0, 40.0}};
  layer(x);
  CHECK(largest_difference(numbers(layer["moving_mean"]), {0.75, 5}) < 1e-6);
  // The variance of n elements is that over n - 1.
  CHECK(largest_difference(numbers(layer["moving_variance"]), {0.75 + 1, 0.75 + 75}) < 1e-4);
  layer.eval();
  const Tensor y = layer(x);
  CHECK(numbers(y)[0] == Close((1 - 0.75) / std::sqrt(1.75), 1e-5));
  CHECK(largest_difference(numbers(layer["moving_mean"]), {0.75, 5}) < 1e-6);
}

TEST_CASE("BatchNormalization: frozen, it is in evaluation, and its statistics stay") {
  nn::BatchNormalization layer({.momentum = 0.75, .epsilon = 1e-6});
  const Tensor x{{1.0f, 2.0f}, {3.0f, 6.0f}};
  layer(x);
  const Numbers mean = numbers(layer["moving_mean"]);
  layer.freeze();
  CHECK(layer.training());
  const Tensor y = layer(x);
  CHECK(numbers(layer["moving_mean"]) == mean);
  layer.eval();
  CHECK(numbers(layer(x)) == numbers(y));
  layer.train();
  layer.unfreeze("gamma");
  layer(x);
  CHECK(numbers(layer["moving_mean"]) != mean);
  nn::BatchNormalization plain({.momentum = 0.5, .center = false, .scale = false});
  plain(x);
  CHECK(numbers(plain["moving_mean"]) == Numbers{1, 2});
}

TEST_CASE("BatchNormalization: twice in a pass moves the statistics twice, a pass that fails not at all") {
  struct Net : nn::Model {
    nn::BatchNormalization& norm = add(nn::BatchNormalization({.momentum = 0.5}));
    bool fails = false;
    Tensor forward(const Tensor& x) override {
      const Tensor y = norm(x);
      if (fails) throw ValueError("no");
      return norm(y * 0.0 + 4.0);
    }
  } net;
  const Tensor x{{1.0}, {3.0}};
  net(x);
  CHECK(numbers(net["batch_normalization_1.moving_mean"]) == Numbers{0.5 * 1 + 0.5 * 4});
  net.fails = true;
  CHECK_THROWS_AS(net(x), ValueError);
  CHECK(numbers(net["batch_normalization_1.moving_mean"]) == Numbers{2.5});
  net.fails = false;
  CHECK(net.predict(x * 0.0).shape() == Shape{2, 1});
}

TEST_CASE("BatchNormalization: fit trains it, evaluate and predict leave it alone") {
  manual_seed(1);
  nn::Sequential model{Dense({.units = 8, .input_dim = 2}), nn::BatchNormalization({.momentum = 0.9}), nn::Dropout(0.1),
                       Dense({.units = 1})};
  model.compile({.optimizer = nn::Adam({.learning_rate = 0.03}), .loss = "mse"});
  const Tensor x = Generator(1).normal({64, 2}), y = sum(x, {.axis = 1, .keepdims = true});
  const double before = model.evaluate(x, y, {.verbose = 0}).loss;
  model.fit(x, y, {.epochs = 40, .verbose = 0});
  const auto statistics = numbers(model["batch_normalization_1.moving_mean"]);
  CHECK(model.evaluate(x, y, {.verbose = 0}).loss < 0.5 * before);
  model.predict(x);
  CHECK(numbers(model["batch_normalization_1.moving_mean"]) == statistics);
  CHECK(model.parameters().size() == 6);
  CHECK(model.buffers().size() == 2);
  CHECK(largest_difference(numbers(nn::clone(model).predict(x)), numbers(model.predict(x))) == 0);
}

TEST_CASE("noise layers: the moments they keep, and the identity in evaluation") {
  const Tensor x = full({200'000}, 2);
  const auto moments = [&](nn::Module& layer, const Tensor& given) {
    const auto values = numbers(layer(given));
    double mean = 0, variance = 0;
    for (const double value : values) mean += value / static_cast<double>(values.size());
    for (const double value : values) variance += (value - mean) * (value - mean) / static_cast<double>(values.size());
    layer.eval();
    CHECK(numbers(layer(given)) == numbers(given));
    return std::pair(mean, variance);
  };
  nn::GaussianNoise noise(0.5);
  auto [mean, variance] = moments(noise, x);
  CHECK(mean == Close(2, 0.01));
  CHECK(variance == Close(0.25, 0.01));
  nn::GaussianDropout gaussian(0.2);
  std::tie(mean, variance) = moments(gaussian, x);
  CHECK(mean == Close(2, 0.01));
  CHECK(variance == Close(4 * 0.25, 0.02));
  nn::AlphaDropout alpha(0.3);
  std::tie(mean, variance) = moments(alpha, Tensor(Generator(2).normal({200'000})));
  CHECK(std::abs(mean) < 0.01);
  CHECK(variance == Close(1, 0.02));
}

TEST_CASE("SpatialDropout: whole channels of a sample are kept or not") {
  nn::SpatialDropout2D layer(0.5);
  const auto y = numbers(layer(ones({6, 3, 4, 5})));
  std::size_t kept = 0;
  for (std::size_t sample = 0; sample < 6; ++sample)
    for (std::size_t channel = 0; channel < 5; ++channel) {
      const double first = y[sample * 60 + channel];
      CHECK((first == 0 || first == 2));
      kept += first == 2;
      for (std::size_t pixel = 1; pixel < 12; ++pixel) CHECK(y[sample * 60 + pixel * 5 + channel] == first);
    }
  CHECK(kept > 5);
  CHECK(kept < 25);
}

TEST_CASE("LSTM: the state goes on where it stopped, and masked steps are left out") {
  manual_seed(3);
  nn::LSTM whole({.units = 3, .return_sequences = true, .return_state = true});
  const Tensor x = Generator(1).normal({2, 6, 4});
  const auto part = [&](std::int64_t from, std::int64_t to) { return Tensor(x.array().slice(1, from, to - from, 1)); };
  const nn::Tensors all = whole(nn::Tensors(x)), first = whole(nn::Tensors(part(0, 4)));
  REQUIRE(all.size() == 3);
  const nn::Tensors second = whole(nn::Tensors{part(4, 6), first[1], first[2]});
  CHECK(largest_difference(numbers(second[2]), numbers(all[2])) < 1e-6);
  CHECK(largest_difference(numbers(second[1]), numbers(all[1])) < 1e-6);
  const Tensor mask{{true, true, true, true, false, false}, {true, true, true, true, false, false}};
  const nn::Tensors masked = whole(nn::Tensors{{"x", x}, {"mask", mask}});
  CHECK(largest_difference(numbers(masked[2]), numbers(first[2])) < 1e-6);
  CHECK(largest_difference(numbers(masked[1]), numbers(first[1])) < 1e-6);
  const auto outputs = numbers(masked[0]);
  for (std::size_t i = 0; i < 3; ++i) CHECK(outputs[5 * 3 + i] == outputs[3 * 3 + i]);
}

TEST_CASE("recurrent layers: dropout acts in training, and the forget gate's bias begins at 1") {
  manual_seed(1);
  nn::LSTM layer({.units = 2, .dropout = 0.5, .recurrent_dropout = 0.5});
  const Tensor x = ones({4, 3, 8});
  CHECK(numbers(layer(x)) != numbers(layer(x)));
  nn::GRU state_alone({.units = 8, .recurrent_dropout = 0.5});
  CHECK(numbers(state_alone(x)) != numbers(state_alone(x)));
  layer.eval();
  CHECK(numbers(layer(x)) == numbers(layer(x)));
  CHECK(numbers(layer["bias"]) == Numbers{0, 0, 1, 1, 0, 0, 0, 0});
}

TEST_CASE("recurrent layers: a Sequential of them learns") {
  manual_seed(2);
  nn::Sequential model{nn::Bidirectional(nn::GRU({.units = 8, .return_sequences = true})), nn::LSTM({.units = 8}),
                       Dense({.units = 1})};
  model.compile({.optimizer = nn::Adam({.learning_rate = 0.02}), .loss = "mse"});
  const Tensor x = Generator(1).normal({64, 5, 2}), y = sum(x, {.axis = {1, 2}, .keepdims = true});
  const Tensor target = Tensor(y.array().reshape({64, 1}));
  const auto history = model.fit(x, target, {.epochs = 30, .verbose = 0});
  CHECK(history["loss"].back() < 0.6 * history["loss"].front());
  CHECK(largest_difference(numbers(nn::clone(model).predict(x)), numbers(model.predict(x))) == 0);
}
