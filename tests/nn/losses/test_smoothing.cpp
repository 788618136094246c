#include "autograd/creation.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "lib/random.hpp"
#include "nn/losses.hpp"
#include "tests/nn/losses/support.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// Labels of the crossentropies that are smoothed.

using namespace xg;
using nn::binary_crossentropy;
using nn::categorical_crossentropy;
using nn::sparse_categorical_crossentropy;

TEST_CASE("label smoothing: a share is spread evenly over the classes") {
  const Tensor labels{1, 3}, one_hot{{0, 1, 0, 0}, {0, 0, 0, 1}};
  const Tensor by_hand({{0.1, 0.7, 0.1, 0.1}, {0.1, 0.1, 0.1, 0.7}}, float64);
  const Tensor z = Generator(1).normal({2, 4}, 0, 2, float64), p = softmax(z);
  CHECK(categorical_crossentropy(one_hot, p, {.label_smoothing = 0.4}).item() ==
        Close(categorical_crossentropy(by_hand, p).item(), 1e-14));
  CHECK(sparse_categorical_crossentropy(labels, p, {.label_smoothing = 0.4}).item() ==
        Close(categorical_crossentropy(by_hand, p).item(), 1e-14));
  CHECK(sparse_categorical_crossentropy(labels, z, {.from_logits = true, .label_smoothing = 0.4}).item() ==
        Close(categorical_crossentropy(by_hand, z, {.from_logits = true}).item(), 1e-14));
  const nn::Loss chosen = nn::Spec{"sparse_categorical_crossentropy", {{"label_smoothing", 0.4}}};
  CHECK(chosen(labels, p).item() == Close(categorical_crossentropy(by_hand, p).item(), 1e-14));
}

TEST_CASE("label smoothing: those of yes or no have two classes") {
  const Tensor y{1, 0}, by_hand({0.8, 0.2}, float64), p({0.9, 0.6}, float64);
  CHECK(binary_crossentropy(y, p, {.label_smoothing = 0.4}).item() ==
        Close(binary_crossentropy(by_hand, p).item(), 1e-14));
  CHECK(binary_crossentropy(y, p, {.label_smoothing = 1}).item() ==
        Close(binary_crossentropy(full({2}, 0.5), p).item(), 1e-14));
}

TEST_CASE("label smoothing: gradients agree with differences, through a softmax and a sigmoid too") {
  const Tensor one_hot{{0, 1, 0}, {1, 0, 0}}, z = leaf(Generator(1).normal({2, 3}, 0, 1, float64));
  const nn::CrossentropyOptions options{.label_smoothing = 0.3};
  check_gradients("categorical", {z},
                  [&](const auto& x) { return categorical_crossentropy(one_hot, softmax(x[0]), options); });
  check_gradients("binary", {z}, [&](const auto& x) { return binary_crossentropy(one_hot, sigmoid(x[0]), options); });
}

TEST_CASE("label smoothing: outside [0, 1]") {
  const Tensor x = ones({2, 3});
  const std::string message = "categorical_crossentropy: the label smoothing must lie in [0, 1], got ";
  CHECK_ERROR(ValueError, categorical_crossentropy(x, x, {.label_smoothing = -0.5}), message + "-0.5");
  CHECK_ERROR(ValueError, sparse_categorical_crossentropy(Tensor{0, 1}, x, {.label_smoothing = 2}),
              "sparse_" + message + "2");
  CHECK_ERROR(ValueError, binary_crossentropy(x, x, {.label_smoothing = std::nan("")}),
              "binary_crossentropy: the label smoothing must lie in [0, 1], got NaN");
  CHECK_ERROR(ValueError, nn::CategoricalCrossentropy({.label_smoothing = 2}), message + "2");
  CHECK_ERROR(ValueError, nn::SparseCategoricalCrossentropy({.label_smoothing = 2}), "sparse_" + message + "2");
  CHECK_ERROR(ValueError, nn::BinaryCrossentropy({.label_smoothing = 2}),
              "binary_crossentropy: the label smoothing must lie in [0, 1], got 2");
}

TEST_CASE("categorical_crossentropy: a single number is no row of classes") {
  CHECK_ERROR(ShapeError, categorical_crossentropy(Tensor(1.0), Tensor(1.0)),
              "categorical_crossentropy: no classes in shape ()");
}
