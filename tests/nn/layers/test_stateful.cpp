#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/callbacks/kept_weights.hpp"
#include "nn/clone.hpp"
#include "nn/functional.hpp"
#include "nn/layers/cells.hpp"
#include "nn/layers/conv_lstm.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/wrappers.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/sequential.hpp"
#include "nn/training/learning_rate_finder.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"

// Layers whose state goes on from batch to batch.

using namespace xg;
using namespace xg::nn;

namespace {

Tensor steps(const Tensor& x, std::int64_t from, std::int64_t to) { return slice(x, 1, {.start = from, .stop = to}); }

/// The layer over all steps at once gives what the stateful one gives over two batches of them.
template <class L>
void check_goes_on(L layer, const Tensor& x) {
  CAPTURE(layer.type());
  const auto whole = numbers(layer(x));
  layer.reset_states();
  layer(steps(x, 0, 2));
  CHECK(largest_difference(numbers(layer(steps(x, 2, 5))), whole) < 1e-12);
  layer.reset_states();
  CHECK(numbers(layer(x)) == whole);
}

const char* const other_batch =
    "LSTM: a batch of 3 samples cannot go on with the state of the 2 samples before: give batches of 2, or begin anew "
    "with another number after reset_states()";

}  // namespace

TEST_CASE("stateful: the next batch goes on where the one before stopped, until reset_states()") {
  manual_seed(1);
  const Tensor x = Generator(1).normal({2, 5, 3}, 0, 1, float64);
  check_goes_on(SimpleRNN({.units = 2, .stateful = true, .dtype = float64}), x);
  check_goes_on(LSTM({.units = 2, .stateful = true, .dtype = float64}), x);
  check_goes_on(GRU({.units = 2, .stateful = true, .dtype = float64}), x);
  check_goes_on(RNN(LSTMCell({.units = 2, .dtype = float64}), {.stateful = true}), x);
  check_goes_on(ConvLSTM2D({.filters = 2, .kernel_size = 2, .stateful = true, .dtype = float64}),
                Tensor(Generator(1).normal({2, 5, 3, 4, 2}, 0, 1, float64)));
}

TEST_CASE("stateful: another number of samples wants reset_states()") {
  LSTM layer({.units = 4, .stateful = true});
  layer(ones({2, 3, 1}));
  CHECK_ERROR(ShapeError, layer(ones({3, 3, 1})), other_batch);
  layer.reset_states();
  CHECK(layer(ones({3, 3, 1})).shape() == Shape{3, 4});
  CHECK(layer["state_1"].shape() == Shape{3, 4});
  CHECK(layer(ones({0, 3, 1})).shape() == Shape{0, 4});
  CHECK(layer["state_1"].shape() == Shape{3, 4});
  LSTM forgetful({.units = 4});
  CHECK_ERROR(ValueError, forgetful.reset_states(), "LSTM: it keeps no state: that is the option stateful");
}

TEST_CASE("stateful: a pass that fails leaves the state as it was, and a state given is begun with") {
  struct Net : Model {
    LSTM& lstm = add(LSTM({.units = 2, .stateful = true}));
    bool fails = false;
    Tensor forward(const Tensor& x) override {
      const Tensor y = lstm(lstm(x)[{Slice(), newaxis, Slice()}]);
      if (fails) throw ValueError("no");
      return y;
    }
  } net;
  net(ones({1, 3, 2}));
  const auto before = numbers(net["lstm_1.state_2"]);
  net.fails = true;
  CHECK_THROWS_AS(net(ones({1, 3, 2})), ValueError);
  CHECK(numbers(net["lstm_1.state_2"]) == before);
  // Twice in a pass: the second call goes on with what the first one left.
  net.fails = false;
  net.lstm.reset_states();
  net(ones({1, 3, 2}));
  CHECK(numbers(net["lstm_1.state_2"]) == before);
  const Tensor zero = zeros({1, 2});
  const Tensor anew = net.lstm(Tensors{ones({1, 3, 2}), zero, zero})[0];
  net.lstm.reset_states();
  CHECK(numbers(net.lstm(ones({1, 3, 2}))) == numbers(anew));
}

TEST_CASE("stateful: fit, evaluate and predict go on with the state, and rehearse without it") {
  manual_seed(1);
  Sequential model{LSTM({.units = 3, .stateful = true}), Dense({.units = 1})};
  const Tensor x = Generator(1).normal({8, 4, 2}), y = mean(x, {.axis = {1, 2}, .keepdims = false});
  const Tensor target = y[{Slice(), newaxis}];
  model.compile({.optimizer = Adam({.learning_rate = 0.01}), .loss = "mse"});
  model.fit(x, target, {.batch_size = 4, .epochs = 2, .verbose = 0});
  const auto kept = numbers(model["lstm_1.state_1"]);
  CHECK(kept.size() == 12);
  // Validation samples of another length are looked at before: one of them, with a state of its own.
  const Tensor longer = Generator(2).normal({4, 6, 2}), zero = zeros({4, 1});
  model.fit(x, target, {.batch_size = 4, .epochs = 1, .verbose = 0, .validation_data = {longer, zero}});
  model.evaluate(x, target, {.batch_size = 4, .verbose = 0});
  const auto first = numbers(model.predict(x, {.batch_size = 4})),
             second = numbers(model.predict(x, {.batch_size = 4}));
  CHECK(first != second);
  reset_states(model);
  const auto anew = numbers(model.predict(x, {.batch_size = 4}));
  reset_states(model);
  CHECK(numbers(model.predict(x, {.batch_size = 4})) == anew);
  CHECK(numbers(nn::clone(model)["lstm_1.state_1"]) == numbers(model["lstm_1.state_1"]));
  // The batches of predict() are one pass, in which each goes on with what the one before left.
  const auto after = numbers(model["lstm_1.state_1"]);
  reset_states(model);
  model.predict(x, {.batch_size = 4});
  const auto of_pass = numbers(model["lstm_1.state_1"]);
  reset_states(model);
  model(slice(x, 0, {.stop = 4}));
  model(slice(x, 0, {.start = 4}));
  CHECK(numbers(model["lstm_1.state_1"]) == of_pass);
  CHECK(after == of_pass);
  reset_states(model);
  CHECK(model(ones({1, 4, 2})).shape() == Shape{1, 1});
}

TEST_CASE("stateful: what is built by a trial has no state of that") {
  struct Net : Model {
    GRU& gru = add(GRU({.units = 2, .stateful = true}));
    Tensor forward(const Tensor& x) override { return gru(x); }
  } net;
  net.build_for({3, 1});
  CHECK(net["gru_1.state_1"].shape() == Shape{0, 2});
  CHECK(net(ones({2, 3, 1})).shape() == Shape{2, 2});
}

TEST_CASE("stateful: a copy has the state of its own, whatever was kept before") {
  LSTM layer({.units = 2, .stateful = true});
  layer(ones({2, 3, 1}));
  LSTM copy = layer.clone();
  CHECK(numbers(copy(ones({2, 1, 1}))) == numbers(layer(ones({2, 1, 1}))));
  copy(ones({2, 1, 1}));
  CHECK(numbers(copy["state_1"]) != numbers(layer["state_1"]));
  LSTM fresh({.units = 2, .stateful = true});
  fresh.build_for({3, 1});
  fresh.assign_state(layer);
  CHECK(numbers(fresh["state_1"]) == numbers(layer["state_1"]));
  layer.reset_states();
  fresh.assign_state(layer);
  CHECK(fresh["state_1"].shape() == Shape{0, 2});
}

TEST_CASE("stateful: a training step goes backward through its own batch alone") {
  LSTM layer({.units = 2, .stateful = true});
  const Tensor x = ones({2, 3, 1});
  for (int i = 0; i < 3; ++i) {
    const Tensor y = layer(x);
    sum(y).backward();
  }
  CHECK(layer["kernel"].grad().defined());
  CHECK(layer["state_1"].is_leaf());
}

TEST_CASE("stateful: both directions of Bidirectional keep their own") {
  manual_seed(1);
  Bidirectional layer(GRU({.units = 2, .stateful = true}));
  const Tensor x = Generator(1).normal({2, 3, 2});
  const auto first = numbers(layer(x));
  CHECK(numbers(layer(x)) != first);
  reset_states(layer);
  CHECK(numbers(layer(x)) == first);
  CHECK(layer.buffers().size() == 2);
}

TEST_CASE("stateful: looking ahead leaves no state, with several outputs and in a learning-rate finder") {
  const auto x = nn::input({3, 2});
  const auto h = x >> LSTM({.units = 2, .stateful = true});
  nn::Functional model(x, {{"a", h >> Dense({.units = 1})}, {"b", h >> Dense({.units = 1})}});
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor samples = ones({8, 3, 2}), targets = ones({8, 1});
  const auto history = model.fit(samples, Tensors{{"a", targets}, {"b", targets}}, {.batch_size = 4, .verbose = 0});
  CHECK(history["loss"].size() == 1);

  Sequential single{LSTM({.units = 2, .stateful = true}), Dense({.units = 1})};
  single.compile({.optimizer = "sgd", .loss = "mse"});
  CHECK_NOTHROW(find_learning_rate(single, samples, targets, {.steps = 4, .batch_size = 4}));
}

TEST_CASE("stateful: weights that are kept hold the states of then") {
  manual_seed(1);
  Sequential model{LSTM({.units = 2, .stateful = true}), Dense({.units = 1})};
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor x = Generator(1).normal({4, 3, 2}), y = ones({4, 1});
  model.train_on_batch(x, y);
  const auto states = [&] {
    Numbers all;
    for (const auto& named : model.buffers())
      for (const double number : numbers(named.value)) all.push_back(number);
    return all;
  };
  const Numbers then = states();
  KeptWeights kept(model);
  model.train_on_batch(x, y);
  CHECK(states() != then);
  kept.restore();
  CHECK(states() == then);
  model.train_on_batch(x, y);
  kept.restore();
  CHECK(states() == then);
}
