#include "nn/losses/classification.hpp"

#include <limits>

#include "autograd/creation.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "lib/random.hpp"
#include "nn/activations.hpp"
#include "tests/nn/losses/support.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using nn::binary_crossentropy;
using nn::binary_focal_crossentropy;
using nn::categorical_hinge;
using nn::hinge;
using nn::kullback_leibler_divergence;
using nn::squared_hinge;

TEST_CASE("hinge and squared_hinge: what is right by 1 or more costs nothing") {
  const Tensor y{1, -1, 1, -1}, p({1.0, -3.0, -1.0, 0.5}, float64);
  CHECK(hinge(y, p).item() == 3.5 / 4);
  CHECK(squared_hinge(y, p).item() == 6.25 / 4);
  CHECK(gradient_at(p, [&](const Tensor& x) { return hinge(y, x); }) == Numbers{0, 0, -0.25, 0.25});
  CHECK(gradient_at(p, [&](const Tensor& x) { return squared_hinge(y, x); }) == Numbers{0, 0, -1, 0.75});
  CHECK(hinge(y, p * 1e300).item() == Close(1.5e300 / 4, 1e-12));
}

TEST_CASE("hinge and squared_hinge: labels are -1 or 1") {
  const Tensor p = ones({2});
  for (const DType dtype : {int32, int64, float32, float64})
    CHECK(hinge(astype(Tensor{1, -1}, dtype), p).item() == hinge(Tensor{1, -1}, p).item());
  const std::string message = "hinge: labels must be -1 or 1, got ";
  CHECK_ERROR(ValueError, hinge(Tensor{1, 0}, p), message + "0: make -1 of 0 first");
  CHECK_ERROR(ValueError, hinge(Tensor({true, false}, boolean), p), message + "0: make -1 of 0 first");
  CHECK_ERROR(ValueError, hinge(Tensor{1.0, 0.5}, p), message + "0.5");
  CHECK_ERROR(ValueError, hinge(Tensor{1.0, std::numeric_limits<double>::quiet_NaN()}, p), message + "NaN");
  CHECK_ERROR(ValueError, squared_hinge(astype(Tensor{1, 255}, uint8), p), "squared_" + message + "255");
}

TEST_CASE("categorical_hinge: the best of the other classes, which is never less than 0") {
  const Tensor y({{0, 1, 0}, {1, 0, 0}, {0, 0, 1}}, float64);
  const Tensor p({{0.25, 0.5, 0.75}, {2.0, 0.5, 0.5}, {-1.0, -2.0, 0.25}}, float64);
  CHECK(categorical_hinge(y, p).item() == (1.25 + 0 + 0.75) / 3);
  // Scores that are equal share the gradient.
  const auto slopes = gradient_at(Tensor({{1.0, 0.5, 1.0}}, float64), [](const Tensor& x) {
    return categorical_hinge(Tensor{{0, 1, 0}}, x);
  });
  CHECK(slopes == Numbers{0.5, -1, 0.5});
}

TEST_CASE("kullback_leibler_divergence: 0 for one distribution, and finite where there is a 0") {
  const Tensor y({{0.0, 1.0}, {0.5, 0.5}}, float64);
  CHECK(kullback_leibler_divergence(y, y).item() == 0);
  const Tensor wrong({{1.0, 0.0}, {0.5, 0.5}}, float64);
  CHECK(kullback_leibler_divergence(y, wrong).item() == Close((1 - 1e-7) * std::log(1e7) / 2, 1e-12));
  const auto slopes = gradient_at(wrong, [&](const Tensor& x) { return kullback_leibler_divergence(y, x); });
  CHECK(largest_difference(slopes, {-0.5e-7, 0, -0.5, -0.5}) < 1e-15);
  const Tensor outside({{2.0, -1.0}, {0.5, 0.5}}, float64);
  CHECK(kullback_leibler_divergence(y, outside).item() == kullback_leibler_divergence(y, wrong).item());
}

TEST_CASE("binary_focal_crossentropy: the crossentropy, where little counts what is right already") {
  const Tensor y{{1, 0, 1, 0}}, p({{0.9, 0.1, 0.2, 0.7}}, float64), z = Generator(1).normal({1, 4}, 0, 2, float64);
  const double expected =
      0.25 * (0.01 * std::log(0.9) + 0.64 * std::log(0.2)) + 0.75 * (0.01 * std::log(0.9) + 0.49 * std::log(0.3));
  CHECK(binary_focal_crossentropy(y, p).item() == Close(-expected / 4, 1e-14));
  CHECK(binary_focal_crossentropy(y, p, {.gamma = 0, .alpha = 0.5}).item() ==
        Close(binary_crossentropy(y, p).item() / 2, 1e-14));
  CHECK(binary_focal_crossentropy(y, z, {.from_logits = true}).item() ==
        Close(binary_focal_crossentropy(y, sigmoid(z)).item(), 1e-12));
}

TEST_CASE("binary_focal_crossentropy: predictions that are sure stay exact, and learn") {
  const Tensor y{{1, 0, 1, 0}}, z({{40.0, -40.0, -1000.0, 1000.0}}, float64);
  for (const double gamma : {0.0, 0.5, 2.0}) {
    const auto from_logits = [&](const Tensor& x) {
      return binary_focal_crossentropy(y, x, {.gamma = gamma, .alpha = 0.5, .from_logits = true});
    };
    const auto of_layer = [&](const Tensor& x) {
      return binary_focal_crossentropy(y, nn::ActivationFunction("sigmoid")(x), {.gamma = gamma, .alpha = 0.5});
    };
    CHECK(from_logits(z).item() == Close(250, 1e-12));
    CHECK(of_layer(leaf(z)).item() == Close(250, 1e-12));
    CHECK(largest_difference(gradient_at(z, from_logits), {0, 0, -0.125, 0.125}) < 1e-10);
    CHECK(largest_difference(gradient_at(z, of_layer), {0, 0, -0.125, 0.125}) < 1e-10);
    // What is right for sure has no slope that is infinite.
    CHECK(largest_difference(gradient_at(-25.0 * z, from_logits), {-0.125, 0.125, 0, 0}) < 1e-10);
  }
  CHECK(binary_focal_crossentropy(Tensor{{1.0}}, Tensor{{0.0}}, {.gamma = 0}).item() ==
        Close(31.5 * std::log(2), 1e-6));
}

TEST_CASE("losses of classes: gradients agree with differences") {
  const Tensor p = leaf(Generator(1).uniform({3, 4}, 0.1, 0.9, float64)), y = Generator(2).uniform({3, 4}, 0.1, 0.9);
  const Tensor signs{{1, -1, 1, 1}, {-1, -1, 1, -1}, {1, 1, -1, 1}};
  check_gradients("hinge", {p}, [&](const auto& x) { return hinge(signs, x[0]); });
  check_gradients("squared_hinge", {p}, [&](const auto& x) { return squared_hinge(signs, x[0]); });
  for (const char* name : {"categorical_hinge", "kld", "binary_focal_crossentropy"})
    check_gradients(name, {p}, [&, loss = nn::Loss(name)](const auto& x) { return loss(y, x[0]); });
  check_gradients("focal, sigmoid", {p}, [&](const auto& x) { return binary_focal_crossentropy(y, sigmoid(x[0])); });
  check_gradients("focal, logits", {p}, [&](const auto& x) {
    return binary_focal_crossentropy(y, x[0], {.gamma = 0.5, .alpha = 0.9, .from_logits = true});
  });
}

TEST_CASE("losses of classes: shapes that do not fit, and labels that are none") {
  const Tensor y = zeros({4, 1}), p = ones({4});
  const std::string message = ": y_true has shape (4, 1), y_pred (4,): reshape y_true to (4,), by squeeze(y_true, -1)";
  CHECK_ERROR(ShapeError, hinge(y, p), "hinge" + message);
  CHECK_ERROR(ShapeError, squared_hinge(y, p), "squared_hinge" + message);
  CHECK_ERROR(ShapeError, categorical_hinge(y, p), "categorical_hinge" + message);
  CHECK_ERROR(ShapeError, kullback_leibler_divergence(y, p), "kullback_leibler_divergence" + message);
  CHECK_ERROR(ShapeError, binary_focal_crossentropy(y, p), "binary_focal_crossentropy" + message);
  CHECK_ERROR(ShapeError, categorical_hinge(zeros({3, 0}), zeros({3, 0})),
              "categorical_hinge: y_pred has shape (3, 0), in which there are no rows to compare");
  CHECK_ERROR(ValueError, binary_focal_crossentropy(-p, p),
              "binary_focal_crossentropy: labels must lie in [0, 1], got -1: make 0 of -1 first");
}

TEST_CASE("binary_focal_crossentropy: options that make no sense") {
  const Tensor x = ones({2});
  const std::string name = "binary_focal_crossentropy: ";
  CHECK_ERROR(ValueError, binary_focal_crossentropy(x, x, {.gamma = -1}), name + "gamma must be at least 0, got -1");
  CHECK_ERROR(ValueError, binary_focal_crossentropy(x, x, {.alpha = 2}), name + "alpha must lie in [0, 1], got 2");
  CHECK_ERROR(ValueError, nn::BinaryFocalCrossentropy({.alpha = -1}), name + "alpha must lie in [0, 1], got -1");
  CHECK_ERROR(ValueError, nn::Loss(nn::Spec{"binary_focal_crossentropy", {{"gamma", -2}}}),
              name + "gamma must be at least 0, got -2");
}
