#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/gradcheck.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/clone.hpp"
#include "nn/layers/activation.hpp"
#include "nn/layers/activations.hpp"
#include "nn/layers/cells.hpp"
#include "nn/layers/conv_lstm.hpp"
#include "nn/layers/convolution.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/dropout.hpp"
#include "nn/layers/embedding.hpp"
#include "nn/layers/flatten.hpp"
#include "nn/layers/lambda.hpp"
#include "nn/layers/masking.hpp"
#include "nn/layers/merge.hpp"
#include "nn/layers/normalization.hpp"
#include "nn/layers/pooling.hpp"
#include "nn/layers/wrappers.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// Masks that go with the data.

using namespace xg;
using namespace xg::nn;

namespace {

const Tensor words{{1, 2, 3, 0, 0}, {3, 0, 0, 0, 0}};
const Tensor seen{{true, true, true, false, false}, {true, false, false, false, false}};

Sequential tagger(bool sequences) {
  manual_seed(1);
  return {Embedding({.input_dim = 4, .output_dim = 3, .mask_zero = true}), Dropout(0.0),
          LSTM({.units = 2, .return_sequences = sequences}), Dense({.units = 2, .activation = "tanh"})};
}

}  // namespace

TEST_CASE("masks: Embedding and Masking make one, in what they give for nn::Tensors") {
  Embedding embedding({.input_dim = 4, .output_dim = 3, .mask_zero = true});
  const Tensor alone = embedding(words);
  const Tensors both = embedding(Tensors(words));
  REQUIRE(both.size() == 2);
  CHECK(numbers(both[0]) == numbers(alone));
  CHECK(both["mask"].dtype() == boolean);
  CHECK(numbers(both["mask"]) == numbers(seen));
  const Tensor given{{true, false, true, true, true}, {false, true, true, true, true}};
  CHECK(numbers(embedding(Tensors{words, {"mask", given}})["mask"]) == Numbers{1, 0, 1, 0, 0, 0, 0, 0, 0, 0});

  Masking masking(7);
  const Tensor x{{{7.0, 7.0}, {7.0, 1.0}}, {{0.0, 0.0}, {7.0, 7.0}}};
  CHECK(numbers(masking(x)) == Numbers{0, 0, 7, 1, 0, 0, 0, 0});
  CHECK(numbers(masking(Tensors(x))["mask"]) == Numbers{0, 1, 1, 0});
  const Tensor more{{true, false}, {true, true}};
  const Tensors again = masking(Tensors{x, {"mask", more}});
  CHECK(numbers(again["mask"]) == Numbers{0, 0, 1, 0});
  CHECK(numbers(again[0]) == Numbers{0, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("masks: a Sequential carries them from layer to layer, called with one tensor too") {
  Sequential model = tagger(false);
  const Tensor y = model(words);
  // The steps behind the mask do not count: the same words without padding give the same.
  CHECK(largest_difference(numbers(model(Tensor{{1, 2, 3}})), {numbers(y)[0], numbers(y)[1]}) < 1e-6);
  CHECK(largest_difference(numbers(model(Tensor{{3}})), {numbers(y)[2], numbers(y)[3]}) < 1e-6);
  CHECK(model(Tensors(words)).size() == 1);
  CHECK(numbers(model(Tensors(words))[0]) == numbers(y));
  // What another Sequential makes is carried as well, and a copy does the same.
  Sequential outer;
  outer.add(nn::clone(model));
  CHECK(numbers(outer(words)) == numbers(y));
  CHECK(numbers(nn::clone(outer)(words)) == numbers(y));
  Sequential inner{Sequential{Embedding({.input_dim = 4, .output_dim = 3, .mask_zero = true}), Dropout(0)},
                   LSTM({.units = 2})};
  CHECK(largest_difference(numbers(inner(words)), numbers(inner(Tensors(words))[0])) == 0);
  CHECK(largest_difference(numbers(inner(Tensor{{3}})), {numbers(inner(words))[2], numbers(inner(words))[3]}) < 1e-6);
}

TEST_CASE("masks: what is left at the end stands beside the output for nn::Tensors") {
  Sequential model = tagger(true);
  const Tensors out = model(Tensors(words));
  REQUIRE(out.size() == 2);
  CHECK(numbers(out["mask"]) == numbers(seen));
  CHECK(numbers(model(words)) == numbers(out[0]));
  CHECK(model.predict(words).shape() == Shape{2, 5, 2});
  CHECK_FALSE(model.predict(Tensors(words)).contains("mask"));
  model.compile({.optimizer = Adam({.learning_rate = 0.05}), .loss = "mse"});
  const Tensor target = full({2, 5, 2}, 0.5);
  const auto history = model.fit(words, target, {.epochs = 20, .verbose = 0});
  CHECK(history["loss"].back() < history["loss"].front());
}

TEST_CASE("masks: one that is given by the user is used as one that a layer makes") {
  manual_seed(1);
  Sequential model{Embedding({.input_dim = 4, .output_dim = 3}), LSTM({.units = 2})};
  const Tensors masked = model(Tensors{words, {"mask", seen}});
  CHECK(largest_difference(numbers(model(Tensor{{1, 2, 3}})), {numbers(masked[0])[0], numbers(masked[0])[1]}) < 1e-6);
}

TEST_CASE("masks: layers that work step by step hand them on, with their output as without") {
  manual_seed(1);
  const Tensor x = Generator(1).normal({2, 5, 4});
  const auto check = [&](auto layer) {
    CAPTURE(layer.type());
    layer.eval();
    const Tensors out = layer(Tensors{x, {"mask", seen}});
    REQUIRE(out.size() == 2);
    CHECK(numbers(out["mask"]) == numbers(seen));
    CHECK(numbers(out[0]) == numbers(layer(x)));
  };
  check(Dense({.units = 3}));
  check(Activation("relu"));
  check(Softmax());
  check(PReLU());
  check(Dropout(0.5));
  check(BatchNormalization());
  check(LayerNormalization());
  check(RMSNormalization());
  check(TimeDistributed(Dense({.units = 2})));
  check(Lambda([](const Tensor& z) { return z * 2.0; }, {.mask_use = MaskUse::hands_on}));
  CHECK(Lambda([](const Tensor& z) { return z; }, {.mask_use = MaskUse::drops})(Tensors{x, {"mask", seen}}).size() ==
        1);
}

TEST_CASE("masks: a mask with the outputs that go backwards is theirs") {
  GRU gru({.units = 2, .return_sequences = true, .go_backwards = true});
  const Tensors out = gru(Tensors{Tensor(Generator(1).normal({2, 5, 3})), {"mask", seen}});
  CHECK(numbers(out["mask"]) == Numbers{0, 0, 1, 1, 1, 0, 0, 0, 0, 1});
  RNN rnn(GRUCell({.units = 2}), {.return_sequences = true, .go_backwards = true});
  CHECK(numbers(rnn(Tensors{Tensor(Generator(1).normal({2, 5, 3})), {"mask", seen}})["mask"]) == numbers(out["mask"]));
  GRU last({.units = 2});
  CHECK(last(Tensors{Tensor(Generator(1).normal({2, 5, 3})), {"mask", seen}}).size() == 1);
}

TEST_CASE("masks: before the first step that counts the output is 0, whatever the state") {
  GRU gru({.units = 1, .return_sequences = true, .return_state = true});
  const Tensor late{{false, true}};
  const Tensors out = gru(Tensors{ones({1, 2, 3}), full({1, 1}, 0.25), {"mask", late}});
  const auto y = numbers(out[0]);
  CHECK(y[0] == 0);
  CHECK(y[1] != 0);
  CHECK(y[1] == numbers(gru(Tensors{ones({1, 1, 3}), full({1, 1}, 0.25)})[0])[0]);
}

TEST_CASE("masks: merge layers hand on the one of their inputs") {
  const Tensor a = ones({2, 5, 1}), b = full({2, 5, 1}, 2);
  const Tensors sum = Add()(Tensors{a, b, {"mask", seen}});
  CHECK(numbers(sum[0]) == Numbers(10, 3));
  CHECK(numbers(sum["mask"]) == numbers(seen));
  CHECK(Concatenate()(Tensors{a, b, {"mask", seen}})["mask"].shape() == Shape{2, 5});
  CHECK(Add()(Tensors{a, b}).size() == 1);
}

TEST_CASE("masks: GlobalAveragePooling1D takes the mean of the steps that count") {
  GlobalAveragePooling1D pool;
  const Tensor x{{{1.0}, {3.0}, {std::nan("")}}, {{5.0}, {1.0}, {2.0}}};
  const Tensor mask{{true, true, false}, {true, false, false}};
  CHECK(numbers(pool(Tensors{x, {"mask", mask}})[0]) == Numbers{2, 5});
  CHECK(pool(Tensors{x, {"mask", mask}})[0].shape() == Shape{2, 1});
  CHECK(GlobalAveragePooling1D(true)(Tensors{x, {"mask", mask}})[0].shape() == Shape{2, 1, 1});
}

TEST_CASE("masks: BatchNormalization takes the statistics of the steps that count") {
  BatchNormalization layer({.momentum = 0.5, .epsilon = 1e-6, .dtype = float64}), plain = layer.clone();
  const Tensor x = Tensor(Generator(1).normal({2, 5, 3}, 2, 1, float64)).set_requires_grad();
  const Tensors out = layer(Tensors{x, {"mask", seen}});
  CHECK(numbers(out["mask"]) == numbers(seen));
  // The four steps that count, by themselves.
  const Tensor counted = concatenate({select(slice(x, 1, {.stop = 3}), 0), select(slice(x, 1, {.stop = 1}), 1)});
  const Tensor expected = plain(counted);
  CHECK(largest_difference(numbers(slice(select(out[0], 0), 0, {.stop = 3})),
                           numbers(slice(expected, 0, {.stop = 3}))) < 1e-9);
  for (const char* statistic : {"moving_mean", "moving_variance"})
    CHECK(largest_difference(numbers(layer[statistic]), numbers(plain[statistic])) < 1e-12);
  const auto report = gradcheck(
      [&](const std::vector<Tensor>& in) {
        return layer(Tensors{in[0], {"mask", seen}})[0];
      },
      {x});
  CHECK_MESSAGE(report.passed, report);
}

TEST_CASE("masks: layers that would lose them, and masks that do not fit, are errors") {
  const Tensor x = ones({2, 5, 4});
  const Tensors masked{x, {"mask", seen}};
  const auto refused = [](const std::string& layer) {
    return layer + ": a mask came with the input of shape (2, 5, 4), which " + layer +
           " neither uses nor hands on: nn::Lambda([](const xg::Tensor& x) { return x; }, {.mask_use = "
           "nn::MaskUse::drops}) before it drops the mask, a module of one's own may override mask_use()";
  };
  CHECK_ERROR(ValueError, Flatten()(masked), refused("Flatten").c_str());
  CHECK_ERROR(ValueError, Conv1D({.filters = 1, .kernel_size = 2})(masked), refused("Conv1D").c_str());
  CHECK_ERROR(ValueError, GlobalMaxPooling1D()(masked), refused("GlobalMaxPooling1D").c_str());
  CHECK_ERROR(ValueError, Softmax(1)(masked), refused("Softmax").c_str());
  Sequential model{Embedding({.input_dim = 4, .output_dim = 4, .mask_zero = true}), Flatten()};
  CHECK_ERROR(ValueError, model(words), refused("Flatten").c_str());
  Sequential dropped{Embedding({.input_dim = 4, .output_dim = 4, .mask_zero = true}),
                     Lambda([](const Tensor& z) { return z; }, {.mask_use = MaskUse::drops}), Flatten()};
  CHECK(dropped(words).shape() == Shape{2, 20});
  Dense dense({.units = 1});
  CHECK_ERROR(ShapeError, dense(Tensors{x, {"mask", ones({2, 4}, boolean)}}),
              "Dense: a mask of shape (2, 5) is expected, got (2, 4)");
  CHECK_ERROR(ShapeError, Dropout(0)(Tensors{ones({2}), {"mask", seen}}),
              "Dropout: a mask of shape (2, 5) came with an input of shape (2,), which has no steps");
  CHECK_ERROR(DTypeError, LSTM({.units = 1})(Tensors{x, {"mask", ones({2, 5})}}),
              "LSTM: a mask is boolean, got float32: astype(mask, boolean) converts it");
  CHECK_ERROR(ShapeError, Masking()(ones({2, 3})),
              "Masking: the input has shape (2, 3), (batch, steps, ...) is expected");
  CHECK_ERROR(ValueError, Masking(NAN), "Masking: mask_value must be finite in float32, got NaN");
}

TEST_CASE("masks: modules of the user's say what becomes of one, and get one that they ask for") {
  struct Half : Model {
    Tensor forward(const Tensor& x) override { return x / 2.0; }
    std::string type() const override { return "Half"; }
  };
  struct Stepwise : Half {
    MaskUse mask_use() const override { return MaskUse::hands_on; }
  };
  struct Counted : Model {
    Tensors forward_many(const Tensors& inputs) override {
      return astype(mask_for(type(), inputs, inputs[0]), float32);
    }
  };
  const Tensor x = ones({2, 5, 1});
  CHECK_THROWS_AS(Half()(Tensors{x, {"mask", seen}}), ValueError);
  CHECK(Half()(Tensors(x)).size() == 1);
  CHECK(numbers(Stepwise()(Tensors{x, {"mask", seen}})["mask"]) == numbers(seen));
  CHECK(numbers(Sequential{Masking(7), Stepwise(), Counted()}(x)) == Numbers(10, 1));
}

TEST_CASE("masks: a Sequential that is called with one tensor gives one") {
  Sequential model{Masking(), LSTM({.units = 2, .return_state = true})};
  CHECK(model(Tensors(ones({2, 5, 1}))).size() == 3);
  CHECK_ERROR(
      ValueError, model(ones({2, 5, 1})),
      "Sequential: the last layer gives 3 tensors, and one is expected: call the model with nn::Tensors, and it "
      "gives all");
}

TEST_CASE("masks: an input that is named so, but not boolean, is an input like any other") {
  struct Weighted : Model {
    std::vector<Shape> samples;
    void build_many(const std::vector<Shape>& given) override { samples = given; }
    Tensors forward_many(const Tensors& inputs) override { return inputs["x"] * inputs["mask"]; }
  } net;
  CHECK(numbers(net(Tensors{{"x", ones({1, 2})}, {"mask", full({1, 2}, 3)}})[0]) == Numbers{3, 3});
  CHECK(net.samples == std::vector<Shape>{{2}, {2}});
}

TEST_CASE("masks: hooks see outputs, not masks, and a first call with one builds") {
  Dense dense({.units = 1});
  int calls = 0;
  dense.register_forward_hook([&](Module&, const Tensor&, const Tensor& y) {
    ++calls;
    CHECK(y.dtype() == float32);
    return Tensor();
  });
  const Tensors out = dense(Tensors{{"mask", seen}, {"x", ones({2, 5, 4})}});
  CHECK(out[0].shape() == Shape{2, 5, 1});
  CHECK(calls == 1);
}

TEST_CASE("masks: what stands in steps that do not count, even NaN, reaches no gradient") {
  const double nan = std::nan("");
  const Tensor mask{{true, true, false}, {true, false, false}};
  const auto gradients = [&](Module& layer, const Shape& shape, double behind) {
    Tensor steps = mask;
    while (steps.rank() < shape.rank()) steps = expand_dims(steps, -1);
    const Tensor x = where(steps, Tensor(Generator(3).normal(shape, 0, 1, float64)), behind);
    const Tensors y = layer({x, {"mask", mask}});
    sum(square(y[0])).backward();
    Numbers all;
    for (const auto& named : layer.parameters()) {
      const Numbers one = numbers(named.value.grad());
      all.insert(all.end(), one.begin(), one.end());
      Tensor(named.value).zero_grad();
    }
    return all;
  };
  manual_seed(2);
  LSTM lstm({.units = 3, .return_sequences = true, .dtype = float64});
  GRU gru({.units = 3, .dtype = float64});
  RNN rnn(SimpleRNNCell({.units = 3, .dtype = float64}), {.return_sequences = true});
  ConvLSTM2D images({.filters = 2, .kernel_size = 2, .dtype = float64});
  for (const auto& [layer, shape] : {std::pair<Module*, Shape>(&lstm, {2, 3, 2}),
                                     {&gru, {2, 3, 2}},
                                     {&rnn, {2, 3, 2}},
                                     {&images, {2, 3, 2, 2, 1}}}) {
    CAPTURE(layer->type());
    CHECK(gradients(*layer, shape, nan) == gradients(*layer, shape, 0));
  }
}
