#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/layers/activation.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/dropout.hpp"
#include "nn/layers/flatten.hpp"
#include "nn/layers/input.hpp"
#include "nn/layers/normalization.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"

using namespace xg;

namespace {

std::string summary(const nn::Model& model) {
  std::ostringstream out;
  model.summary(out);
  return out.str();
}

const std::string thin = std::string(65, '_') + '\n', thick = std::string(65, '=') + '\n';
const std::string head = thin + "Layer (type)                 Output Shape              Param #   \n" + thick;

}  // namespace

TEST_CASE("summary: golden, the tutorial's network with dropout") {
  nn::Sequential model{
      nn::Dense({.units = 200, .input_dim = 784, .bias_initializer = "zeros", .activation = "tanh"}),
      nn::Dropout(0.4),
      nn::Dense({.units = 100, .bias_initializer = "zeros", .activation = "tanh"}),
      nn::Dropout(0.4),
  };
  model.add(nn::Dense({.units = 10, .bias_initializer = "zeros", .activation = "softmax"}));
  CHECK(summary(model) ==
        "_________________________________________________________________\n"
        "Layer (type)                 Output Shape              Param #   \n"
        "=================================================================\n"
        "dense_1 (Dense)              (None, 200)               157000    \n"
        "_________________________________________________________________\n"
        "dropout_1 (Dropout)          (None, 200)               0         \n"
        "_________________________________________________________________\n"
        "dense_2 (Dense)              (None, 100)               20100     \n"
        "_________________________________________________________________\n"
        "dropout_2 (Dropout)          (None, 100)               0         \n"
        "_________________________________________________________________\n"
        "dense_3 (Dense)              (None, 10)                1010      \n"
        "=================================================================\n"
        "Total params: 178,110\n"
        "Trainable params: 178,110\n"
        "Non-trainable params: 0\n"
        "_________________________________________________________________\n");
  CHECK(model.parameter_count() == 178110);
}

TEST_CASE("summary: a model whose input is not known yet shows ?, and the shapes after the first pass") {
  nn::Sequential model{nn::Flatten(), nn::Dense({.units = 4}), nn::Activation("relu")};
  const auto expected = [](const char* flat, const char* dense, const char* relu, const char* own, const char* total) {
    return head + "flatten_1 (Flatten)          " + flat + "0         \n" + thin + "dense_1 (Dense)              " +
           dense + own + "\n" + thin + "activation_1 (Activation)    " + relu + "0         \n" + thick +
           "Total params: " + total + "\nTrainable params: " + total + "\nNon-trainable params: 0\n" + thin;
  };
  const char* unknown = "?                         ";
  CHECK(summary(model) == expected(unknown, unknown, unknown, "0         ", "0"));
  model(zeros({7, 2, 3}));
  CHECK(summary(model) == expected("(None, 6)                 ", "(None, 4)                 ",
                                   "(None, 4)                 ", "28        ", "28"));
}

TEST_CASE("summary: a model of one's own, with parameters, buffers and nested modules") {
  struct Net : nn::Model {
    nn::Dense& hidden = add(nn::Dense({.units = 3, .input_dim = 2}), "hidden");
    nn::Sequential& tail = add(nn::Sequential{nn::Dense({.units = 1000, .input_dim = 3}), nn::Dropout(0.5)});
    nn::Parameter scale = parameter("scale", ones({1000}));
    nn::Buffer seen = buffer("seen", zeros({2}, int64));
    nn::Parameter offset = parameter("offset", zeros({2000})).set_requires_grad(false);
    Tensor forward(const Tensor& x) override { return tail(hidden(x)) * scale; }
  } model;
  const std::string totals =
      thick + "Total params: 7,011\nTrainable params: 5,009\nNon-trainable params: 2,002\n" + thin;
  CHECK(summary(model) == head + "hidden (Dense)               ?                         9         \n" + thin +
                              "sequential_1 (Sequential)    ?                         4000      \n" + totals);
  model(zeros({5, 2}));
  CHECK(summary(model) == head + "hidden (Dense)               (None, 3)                 9         \n" + thin +
                              "sequential_1 (Sequential)    (None, 1000)              4000      \n" + totals);
}

TEST_CASE("summary: what a layer keeps beside its parameters counts") {
  nn::Sequential model{nn::Input({4}), nn::BatchNormalization()};
  CHECK(summary(model) == head + "input_1 (Input)              (None, 4)                 0         \n" + thin +
                              "batch_normalization_1 (Batch (None, 4)                 16        \n" + thick +
                              "Total params: 16\nTrainable params: 8\nNon-trainable params: 8\n" + thin);
}

TEST_CASE("summary: an output without axes") {
  struct Total : nn::Module {
    Tensor forward(const Tensor& x) override { return sum(x); }
    std::string type() const override { return "Total"; }
  };
  nn::Sequential model{Total()};
  model(ones({3, 2}));
  CHECK(summary(model) == head + "total_1 (Total)              ()                        0         \n" + thick +
                              "Total params: 0\nTrainable params: 0\nNon-trainable params: 0\n" + thin);
}

TEST_CASE("summary: thousands separators") {
  const auto totals = [](std::int64_t units) {
    const nn::Sequential model{nn::Dense({.units = units, .input_dim = 1, .use_bias = false})};
    const std::string text = summary(model);
    const auto start = text.find("Total params: ") + 14;
    return text.substr(start, text.find('\n', start) - start);
  };
  CHECK(totals(1) == "1");
  CHECK(totals(999) == "999");
  CHECK(totals(1000) == "1,000");
  CHECK(totals(100000) == "100,000");
  CHECK(totals(1234567) == "1,234,567");
}

TEST_CASE("summary: long names are cut at their column, as Keras does") {
  nn::Sequential model;
  model.add(nn::Dense({.units = 1234567, .input_dim = 1, .use_bias = false}), "a_name_that_does_not_fit_its_column");
  CHECK(summary(model).find("a_name_that_does_not_fit_its (None, 1234567)           1234567   \n") !=
        std::string::npos);
}
