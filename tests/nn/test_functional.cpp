#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/assemble.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/clone.hpp"
#include "nn/functional.hpp"
#include "nn/layers/activation.hpp"
#include "nn/layers/convolution.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/dropout.hpp"
#include "nn/layers/embedding.hpp"
#include "nn/layers/flatten.hpp"
#include "nn/layers/lambda.hpp"
#include "nn/layers/merge.hpp"
#include "nn/layers/normalization.hpp"
#include "nn/layers/recurrent.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

/// Other numbers with every call.
Tensor random(const Shape& shape) {
  static std::uint64_t seed = 0;
  Generator generator(++seed);
  return generator.uniform(shape, -1, 1);
}

std::string summary(const nn::Model& model) {
  std::ostringstream out;
  model.summary(out);
  return out.str();
}

/// The difference of two towers that share their weights.
nn::Functional siamese() {
  const auto left = nn::input({3}, "left"), right = nn::input({3}, "right");
  const auto tower = nn::layer(nn::Dense({.units = 2, .activation = "tanh"}), "tower");
  return {{left, right}, nn::join({left >> tower, right >> tower}) >> nn::Subtract()};
}

struct TwoHeads : nn::Model {
  nn::Dense& body = add(nn::Dense({.units = 5, .activation = "relu"}));
  nn::Dense& digit = add(nn::Dense({.units = 4, .activation = "softmax"}));
  nn::Dense& odd = add(nn::Dense({.units = 1, .activation = "sigmoid"}));
  nn::Tensors forward_many(const nn::Tensors& x) override {
    const Tensor y = body(concatenate({x["a"], x["b"]}, -1));
    return {{"digit", digit(y)}, {"odd", odd(y)}};
  }
};

nn::Functional two_heads() {
  const auto a = nn::input({3}, "a"), b = nn::input({2}, "b");
  const auto body = nn::join({a, b}) >> nn::Concatenate() >> nn::Dense({.units = 5, .activation = "relu"});
  return {{a, b},
          {{"digit", body >> nn::Dense({.units = 4, .activation = "softmax"})},
           {"odd", body >> nn::Dense({.units = 1, .activation = "sigmoid"})}}};
}

}  // namespace

TEST_CASE("functional: a chain trains as the Sequential does, bit by bit") {
  const Tensor samples = random({20, 6}), targets = random({20, 2});
  const auto train = [&](nn::Model& model) {
    model.compile({.optimizer = "adam", .loss = "mse", .metrics = {"mae"}});
    manual_seed(5);  // of the order of the samples
    model.fit(samples, targets, {.batch_size = 8, .epochs = 3, .verbose = 0});
    return model.predict(ones({2, 6})).to_vector<float>();
  };
  manual_seed(1);
  const auto x = nn::input({6});
  nn::Functional functional(
      x, x >> nn::Dense({.units = 4, .activation = "tanh"}) >> nn::Dropout(0.3) >> nn::Dense({.units = 2}));
  manual_seed(1);
  nn::Sequential sequential{nn::Dense({.units = 4, .input_dim = 6, .activation = "tanh"}), nn::Dropout(0.3),
                            nn::Dense({.units = 2})};
  CHECK(functional.parameters().size() == 4);
  CHECK(train(functional) == train(sequential));
  CHECK(functional.output_shape({6}) == Shape{2});
  CHECK(functional.input_shape() == Shape{6});
}

TEST_CASE("functional: a layer in two places is one, and gets the gradient of both") {
  manual_seed(2);
  nn::Functional model = siamese();
  CHECK(model.children().size() == 2);
  CHECK(model.parameter_count() == 3 * 2 + 2);
  const Tensor left = random({4, 3}), right = random({4, 3}), w = model["tower.kernel"], b = model["tower.bias"];
  const auto by_hand = [&](const Tensor& x) { return tanh(matmul(x, w) + b); };
  const Tensor expected = by_hand(left) - by_hand(right);
  const Tensor y = model(nn::Tensors{{"right", right}, {"left", left}})[0];
  CHECK(y.to_vector<float>() == expected.to_vector<float>());
  const auto gradients = [&](const Tensor& output) {
    for (auto p : model.parameters()) p.value.zero_grad();
    sum(square(output)).backward();
    return w.grad().to_vector<float>();
  };
  const auto one = gradients(y), other = gradients(expected);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(one[i] == doctest::Approx(other[i]).epsilon(1e-5));
}

TEST_CASE("functional: several inputs and outputs, as a struct with the same layers") {
  const nn::Tensors x{{"a", random({12, 3})}, {"b", random({12, 2})}};
  const nn::Tensors y{{"odd", ones({12, 1})}, {"digit", zeros({12}, int64)}};
  const auto train = [&](nn::Model& model) {
    model.compile({.optimizer = "sgd",
                   .loss = {{"digit", "sparse_categorical_crossentropy"}, {"odd", "binary_crossentropy"}},
                   .metrics = {"accuracy"}});
    const nn::Score score = model.train_on_batch(x, y);
    return std::pair(score.loss, model.predict(x)["digit"].to_vector<float>());
  };
  nn::Functional functional = two_heads();
  TwoHeads subclass;
  subclass(x);
  for (const char* part : {"kernel", "bias"})
    for (const char* layer : {"dense_1.", "dense_2.", "dense_3."})
      subclass[std::string(layer) + part].assign(functional[std::string(layer) + part]);
  CHECK(train(functional) == train(subclass));
}

TEST_CASE("functional: a second model of the same symbols shares their layers") {
  const auto x = nn::input({4});
  const auto hidden = x >> nn::Dense({.units = 3, .activation = "relu"});
  nn::Functional model(x, hidden >> nn::Dense({.units = 1}));
  nn::Functional features(x, hidden);
  CHECK(features(ones({2, 4})).shape() == Shape{2, 3});
  model["dense_1.bias"].assign(ones({3}));
  CHECK(features["dense_1.bias"].to_vector<float>() == std::vector<float>{1, 1, 1});
}

TEST_CASE(
    "functional: modules of all kinds: of several outputs, nested models, shared pointers, a struct of the user's") {
  struct Twice : nn::Module {
    Tensor forward(const Tensor& x) override { return 2.0 * x; }
  };
  const auto x = nn::input({5, 3});
  const auto lstm = x >> nn::LSTM({.units = 2, .return_sequences = true, .return_state = true});
  REQUIRE(lstm.size() == 3);
  CHECK(lstm[0].shape() == Shape{5, 2});
  CHECK(lstm[2].shape() == Shape{2});
  const auto inner = std::make_shared<nn::Sequential>(nn::Sequential{nn::Flatten(), nn::Dense({.units = 4})});
  const auto y = nn::join({lstm[0] >> inner, lstm[1] >> Twice()}) >> nn::Concatenate();
  nn::Functional model(x, y);
  CHECK(model(ones({7, 5, 3})).shape() == Shape{7, 6});
  CHECK(model.output_shape({5, 3}) == Shape{6});
  nn::Sequential outer{std::move(model), nn::Dense({.units = 1})};
  CHECK(outer.output_shape({5, 3}) == Shape{1});
  CHECK(outer.predict(ones({2, 5, 3})).shape() == Shape{2, 1});
}

TEST_CASE("functional: making it draws no numbers but the weights', and changes no statistics") {
  const auto x = nn::input({3});
  const auto norm = nn::layer(nn::BatchNormalization());
  const auto y = x >> norm >> nn::Dropout(0.5);
  CHECK(norm->buffers()[0].value.to_vector<float>() == std::vector<float>{0, 0, 0});
}

TEST_CASE("functional: a clone has weights of its own, and shares what is shared") {
  nn::Functional model = siamese();
  nn::Functional other = nn::clone(model);
  const nn::Tensors x{{"left", random({2, 3})}, {"right", random({2, 3})}};
  CHECK(other(x)[0].to_vector<float>() == model(x)[0].to_vector<float>());
  other["tower.kernel"].assign(zeros({3, 2}));
  CHECK(model(x)[0].to_vector<float>() != other(x)[0].to_vector<float>());
  CHECK(other.parameter_count() == model.parameter_count());
}

TEST_CASE("functional: a mask goes from layer to layer, to the loss, as in a Sequential") {
  const Tensor words{{1, 2, 3, 0}, {4, 1, 0, 0}};
  const Tensor wanted = random({2, 4, 2});
  const auto train = [&](nn::Model& model) {
    model.compile({.optimizer = "sgd", .loss = "mse"});
    return Numbers{model.train_on_batch(words, wanted).loss, model.train_on_batch(words, wanted).loss};
  };
  const nn::EmbeddingOptions options{.input_dim = 5, .output_dim = 3, .mask_zero = true};
  manual_seed(1);
  const auto x = nn::input({4}, "words", int64);
  nn::Functional functional(
      x, x >> nn::Embedding(options) >> nn::GRU({.units = 4, .return_sequences = true}) >> nn::Dense({.units = 2}));
  manual_seed(1);
  nn::Sequential sequential{nn::Embedding(options), nn::GRU({.units = 4, .return_sequences = true}),
                            nn::Dense({.units = 2})};
  sequential(words);
  CHECK(shapes_of(functional(nn::Tensors(words))) == "((2, 4, 2), mask: (2, 4))");
  CHECK(numbers(functional(words)) == numbers(sequential(words)));
  CHECK(functional.predict(words).shape() == Shape{2, 4, 2});
  nn::Functional copy = nn::clone(functional);
  CHECK(train(functional) == train(sequential));
  CHECK(copy(nn::Tensors(words)).contains("mask"));
}

TEST_CASE("functional: integers, and dtypes that go on") {
  const auto tokens = nn::input({4}, "tokens", int64);
  const auto y = tokens >> nn::Activation([](const Tensor& x) { return astype(x, float64) * 0.5; });
  nn::Functional model(tokens, y >> nn::Dense({.units = 2, .dtype = float64}));
  CHECK(model(ones({3, 4}, int64)).dtype() == float64);
}

TEST_CASE("functional: values that nothing needs any more are let go on the way") {
  const auto x = nn::input({1000});
  auto y = x >> nn::Activation("relu");
  for (int i = 0; i < 50; ++i) y = y >> nn::Activation("tanh");
  nn::Functional model(x, y);
  const Tensor input = ones({100, 1000});
  const NoGrad values_only;
  model(input);
  pool::reset_peak();
  const auto before = pool::statistics().used_bytes;
  model(input);
  CHECK(pool::statistics().peak_bytes - before < 4 * 4 * 100 * 1000);
}

TEST_CASE("functional: depth does not matter") {
  const auto x = nn::input({1});
  const auto same = nn::layer(nn::Activation("linear"));
  auto y = x;
  for (int i = 0; i < 20000; ++i) y = y >> same;
  nn::Functional model(x, y);
  CHECK(model(ones({1, 1})).item() == 1);
}

TEST_CASE("functional: golden summaries") {
  const auto x = nn::input({4}, "image");
  CHECK(summary(nn::Functional(x, x >> nn::Dense({.units = 3}) >> nn::layer(nn::Activation("relu"), "end"))) ==
        "_________________________________________________________________\n"
        "Layer (type)                 Output Shape              Param #   \n"
        "=================================================================\n"
        "image (Input)                (None, 4)                 0         \n"
        "_________________________________________________________________\n"
        "dense_1 (Dense)              (None, 3)                 15        \n"
        "_________________________________________________________________\n"
        "end (Activation)             (None, 3)                 0         \n"
        "=================================================================\n"
        "Total params: 15\n"
        "Trainable params: 15\n"
        "Non-trainable params: 0\n"
        "_________________________________________________________________\n");
  CHECK(summary(siamese()) ==
        "__________________________________________________________________________________________________\n"
        "Layer (type)                    Output Shape         Param #     Connected to                     \n"
        "==================================================================================================\n"
        "left (Input)                    (None, 3)            0                                            \n"
        "__________________________________________________________________________________________________\n"
        "right (Input)                   (None, 3)            0                                            \n"
        "__________________________________________________________________________________________________\n"
        "tower (Dense)                   (None, 2)            8           left[0][0]                       \n"
        "                                                                 right[0][0]                      \n"
        "__________________________________________________________________________________________________\n"
        "subtract_1 (Subtract)           (None, 2)            0           tower[0][0]                      \n"
        "                                                                 tower[1][0]                      \n"
        "==================================================================================================\n"
        "Total params: 8\n"
        "Trainable params: 8\n"
        "Non-trainable params: 0\n"
        "__________________________________________________________________________________________________\n");
}

TEST_CASE("functional: what does not fit is told where it is written") {
  const auto a = nn::input({3}, "a"), b = nn::input({2}, "b"), unnamed = nn::input({3});
  const auto both = nn::join({a, b});
  const auto y = both >> nn::Concatenate();
  const auto add = nn::layer(nn::Add());
  const auto lost = nn::layer(nn::Activation([](const Tensor& x) { return sum(x); }));
  const std::shared_ptr<nn::Dense> none;
  CHECK_ERROR(ValueError, nn::input({2, -1}), "input: extents must not be negative, got (2, -1)");
  CHECK_ERROR(ValueError, nn::join({a, a}), "join: the name 'a' is there twice");
  CHECK_ERROR(ValueError, both[2], "symbolic: there is no tensor 2: there are 2, counted from 0");
  CHECK_ERROR(ValueError, both["c"], "symbolic: there is no 'c': there are a, b");
  CHECK_ERROR(ValueError, both.shape(), "symbolic: one tensor is expected, there are 2");
  CHECK_ERROR(ValueError, nn::join({}) >> add, "Add: there is no input");
  CHECK_ERROR(ValueError, a >> none, "symbolic: the module is a null pointer");
  CHECK_ERROR(ValueError, both >> nn::Dense({.units = 2}),
              "Dense: it takes one tensor, got 2 (a: (1, 3), b: (1, 2)): override forward_many() for several");
  CHECK_ERROR(ShapeError, a >> nn::Conv2D({.filters = 2, .kernel_size = 3}),
              "Conv2D: a sample has shape (3,), (height, width, channels) is expected");
  CHECK_ERROR(ShapeError, a >> lost,
              "Activation: for one sample it gives (()): the first axis of an output must be the samples");

  using Inputs = std::vector<nn::Symbolic>;
  using Outputs = std::vector<nn::Functional::Output>;
  CHECK_ERROR(ValueError, nn::Functional(Inputs{}, y), "Functional: there are no inputs");
  CHECK_ERROR(ValueError, nn::Functional(both, Outputs{}), "Functional: there are no outputs");
  CHECK_ERROR(ValueError, nn::Functional(y, y),
              "Functional: (5,) is given as an input, and comes out of Concatenate: inputs are made by input()");
  CHECK_ERROR(ValueError, nn::Functional({a, b, a}, y), "Functional: the input a: (3,) is given twice");
  CHECK_ERROR(ValueError, nn::Functional({a, b, nn::input({1}, "a")}, y), "Functional: two inputs have the name 'a'");
  CHECK_ERROR(ValueError, nn::Functional(both, Outputs{{"p", y}, {"p", a >> nn::Dense({.units = 1})}}),
              "Functional: two outputs have the name 'p'");
  CHECK_ERROR(ValueError, nn::Functional(both, both),
              "Functional: an output is one tensor, got 2 (a: (3,), b: (2,)): x[0] is the first of them");
  CHECK_ERROR(ValueError, nn::Functional(a, y),
              "Functional: an output depends on the input b: (2,), which is not among the inputs (a: (3,))");
  CHECK_ERROR(ValueError, nn::Functional({a, b, unnamed}, y), "Functional: no output depends on the input (3,)");
  CHECK_ERROR(ValueError,
              nn::Functional(a, nn::join({a >> nn::layer(nn::Activation("relu"), "x"),
                                          a >> nn::layer(nn::Activation("tanh"), "x")}) >>
                                    add),
              "a child named 'x' is declared already");
  CHECK_ERROR(ValueError, nn::Functional(a, a >> nn::layer(nn::Activation("relu"), "a.b")),
              "a child named 'a.b': a name must not hold a dot, which separates the names in a path");

  nn::Functional model(both, y);
  CHECK_ERROR(ShapeError, model(ones({4, 3})),
              "Functional: it takes 2 inputs with samples (a: (3,), b: (2,)), got 1 ((4, 3))");
  CHECK_ERROR(ShapeError, model(nn::Tensors{ones({4, 3}), ones({4, 3})}),
              "Functional: samples (a: (3,), b: (2,)) are expected, got batches ((4, 3), (4, 3))");
  CHECK_ERROR(
      ValueError, model(nn::Tensors{{"a", ones({4, 3})}, {"c", ones({4, 2})}}),
      "Functional: there is no input 'b': samples (a: (3,), b: (2,)) are expected, got batches (a: (4, 3), c: (4, 2))");
  CHECK_ERROR(ShapeError, model(nn::Tensors{ones({}), ones({4, 2})}),
              "Functional: an input is a single number: its first axis must be the samples");
  CHECK_ERROR(
      DTypeError, model(nn::Tensors{ones({4, 3}), ones({4, 2}, float64)}),
      "Functional: the input b: (2,) is float32, got float64: astype() converts it, or input() takes the dtype");
}

TEST_CASE("functional: an output that goes on, and an input that is one") {
  const auto a = nn::input({3}, "a"), b = nn::input({2}, "b");
  const auto hidden = a >> nn::Dense({.units = 4}), y = hidden >> nn::Dense({.units = 2});
  nn::Functional model({a, b}, {{"hidden", hidden}, {"y", y}, {"b", b}});
  const nn::Tensors given{{"a", ones({5, 3})}, {"b", ones({5, 2}) * 2.0}};
  const nn::Tensors out = model(given);
  CHECK(out["hidden"].shape() == Shape{5, 4});
  CHECK(out["y"].shape() == Shape{5, 2});
  CHECK(numbers(out["b"]) == Numbers(10, 2));
}

TEST_CASE("functional: a layer that gives something else than when the model was made") {
  const auto x = nn::input({3});
  bool cuts = false;
  nn::Functional model(
      x, x >> nn::layer(nn::Lambda([&](const Tensor& t) { return cuts ? slice(t, 1, {.stop = 2}) : t; }), "cut"));
  CHECK(model(ones({4, 3})).shape() == Shape{4, 3});
  cuts = true;
  CHECK_ERROR(
      ShapeError, model(ones({4, 3})),
      "Functional: 'cut' gave shape (4, 2), (4, 3) is expected: what a layer gives for a sample must not change");
}
