#include "nn/losses/regression.hpp"

#include <limits>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "lib/random.hpp"
#include "tests/nn/losses/support.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using nn::contrastive_loss;
using nn::cosine_similarity;
using nn::huber;
using nn::logcosh;
using nn::triplet_margin_loss;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("mean_absolute_percentage_error: of labels that are 0") {
  const Tensor y({0.0, -2.0, 4.0}, float64), p({1e-7, -3.0, 4.0}, float64);
  CHECK(nn::mean_absolute_percentage_error(y, p).item() == Close(50, 1e-12));
  CHECK(nn::mean_absolute_percentage_error(y, y).item() == 0);
}

TEST_CASE("mean_squared_logarithmic_error: what is below eps counts as eps, and gets no gradient") {
  const Tensor y({0.0, 0.0, std::exp(1.0) - 1}, float64), p({-5.0, 0.0, 0.0}, float64);
  const double least = std::log1p(1e-7);
  CHECK(nn::mean_squared_logarithmic_error(y, p).item() == Close((1 - least) * (1 - least) / 3, 1e-12));
  CHECK(gradient_at(p, [&](const Tensor& x) { return nn::mean_squared_logarithmic_error(y, x); }) == Numbers{0, 0, 0});
}

TEST_CASE("logcosh: huge and tiny differences") {
  const Tensor zero = zeros({1}, float64);
  const auto value = [&](double d) { return logcosh(zero, Tensor({d}, float64)).item(); };
  CHECK(value(0) == 0);
  CHECK(value(1e300) == 1e300);
  CHECK(value(-1000) == Close(1000 - std::log(2), 1e-15));
  CHECK(value(1e-6) == Close(5e-13, 1e-9));
  CHECK(value(infinity) == infinity);
  CHECK(std::isnan(value(nan_value)));
  // In float32 too, where 1 - 2 sigmoid(-2 d) would be 0.
  const auto slope = [](double d) {
    return gradient_at(Tensor({d}, float32), [](const Tensor& x) { return logcosh(zeros({1}), x); })[0];
  };
  CHECK(slope(1e-9) == Close(1e-9, 1e-6));
  CHECK(slope(0) == 0);
  CHECK(slope(-1e30) == -1);
}

TEST_CASE("poisson: predictions of 0") {
  const Tensor y({0.0, 2.0}, float64), p({0.0, 0.0}, float64);
  CHECK(nn::poisson(y, p).item() == Close(-std::log(1e-7), 1e-14));
  CHECK(std::isnan(nn::poisson(y, Tensor({0.0, -1.0}, float64)).item()));
}

TEST_CASE("cosine_similarity: from -1 for one direction to 1 for opposite ones, however long") {
  const Tensor y{{3.0, 4.0}, {0.0, 1.0}};
  CHECK(cosine_similarity(y, y).item() == Close(-1, 1e-6));
  CHECK(cosine_similarity(y, y * -1e-3).item() == Close(1, 1e-6));
  CHECK(cosine_similarity(y, y * 1e30).item() == Close(-1, 1e-6));
  CHECK(cosine_similarity(y, Tensor{{-4.0, 3.0}, {2.0, 0.0}}).item() == 0);
  const auto at_zero = [&](const Tensor& x) { return cosine_similarity(y, x); };
  CHECK(at_zero(zeros({2, 2})).item() == 0);
  const Numbers slopes = gradient_at(zeros({2, 2}), at_zero);
  CHECK(largest_difference(slopes, {-0.3e6, -0.4e6, 0, -0.5e6}) < 1);
}

TEST_CASE("huber: a square up to delta, and straight from there on") {
  const Tensor y = zeros({5}, float64), p({0.5, -2.0, 2.0, 3.0, -1e200}, float64);
  CHECK(huber(y, p, {.delta = 2}).item() == Close((0.125 + 2 + 2 + 4 + 2e200) / 5, 1e-14));
  const auto slopes = gradient_at(p, [&](const Tensor& x) { return huber(y, x, {.delta = 2}) * 5.0; });
  CHECK(slopes == Numbers{0.5, -2, 2, 2, -2});
  CHECK(std::isnan(huber(y, p * nan_value).item()));
}

TEST_CASE("triplet_margin_loss: triplets that are far enough apart cost nothing") {
  const Tensor anchor({{0.0, 0.0}, {1.0, 1.0}}, float64), near({{0.0, 1.0}, {1.0, 1.0}}, float64),
      far({{3.0, 4.0}, {1.0, 2.0}}, float64);
  CHECK(triplet_margin_loss(anchor, near, far).item() == 0);
  CHECK(triplet_margin_loss(anchor, near, far, 2).item() == 0.5);
  CHECK(triplet_margin_loss(anchor, anchor, anchor, 0.25).item() == 0.25);
  CHECK(gradient_at(anchor, [&](const Tensor& x) { return triplet_margin_loss(x, anchor, anchor); }) == Numbers(4));
}

TEST_CASE("contrastive_loss: pairs that belong together are drawn, the others pushed up to the margin") {
  const Tensor y{1, 0, 0, 0}, d({2.0, 0.5, 1.0, 7.0}, float64);
  CHECK(contrastive_loss(y, d).item() == 4.25 / 4);
  CHECK(gradient_at(d, [&](const Tensor& x) { return contrastive_loss(y, x); }) == Numbers{1, -0.25, 0, 0});
}

TEST_CASE("losses of numbers: gradients agree with differences") {
  const Tensor p = leaf(Generator(1).uniform({3, 4}, 0.2, 2, float64));
  const Tensor y = Generator(2).uniform({3, 4}, 0.2, 2, float64),
               far = leaf(Generator(3).normal({3, 4}, 0, 2, float64));
  for (const char* name : {"mape", "msle", "logcosh", "poisson", "cosine_similarity", "huber"})
    check_gradients(name, {p, leaf(y)}, [loss = nn::Loss(name)](const auto& x) { return loss(x[1], x[0]); });
  check_gradients("triplet", {p, leaf(y), far}, [](const auto& x) { return triplet_margin_loss(x[0], x[1], x[2], 3); });
  const Tensor some{{1, 0, 0, 1}, {0, 0, 0, 1}, {1, 1, 0, 0}};
  check_gradients("contrastive", {p}, [&](const auto& x) { return contrastive_loss(some, x[0]); });
}

TEST_CASE("losses of numbers: shapes that do not fit") {
  const Tensor y = zeros({4}), p = ones({4, 1});
  const std::string message =
      ": y_true has shape (4,), y_pred (4, 1): reshape y_true to (4, 1), by expand_dims(y_true, -1)";
  CHECK_ERROR(ShapeError, nn::mean_absolute_percentage_error(y, p), "mean_absolute_percentage_error" + message);
  CHECK_ERROR(ShapeError, nn::mean_squared_logarithmic_error(y, p), "mean_squared_logarithmic_error" + message);
  CHECK_ERROR(ShapeError, logcosh(y, p), "logcosh" + message);
  CHECK_ERROR(ShapeError, nn::poisson(y, p), "poisson" + message);
  CHECK_ERROR(ShapeError, cosine_similarity(y, p), "cosine_similarity" + message);
  CHECK_ERROR(ShapeError, huber(y, p), "huber" + message);
  CHECK_ERROR(ShapeError, cosine_similarity(Tensor(1.0), Tensor(1.0)),
              "cosine_similarity: y_pred has shape (), in which there are no rows to compare");
  CHECK_ERROR(ShapeError, cosine_similarity(zeros({2, 0}), zeros({2, 0})),
              "cosine_similarity: y_pred has shape (2, 0), in which there are no rows to compare");
  CHECK_ERROR(ShapeError, triplet_margin_loss(p, p, y),
              "triplet_margin_loss: the anchor has shape (4, 1), the positive (4, 1), the negative (4,): rows of one "
              "shape are expected");
  CHECK_ERROR(ShapeError, triplet_margin_loss(p, y, p),
              "triplet_margin_loss: the anchor has shape (4, 1), the positive (4,), the negative (4, 1): rows of one "
              "shape are expected");
  CHECK_ERROR(ShapeError, contrastive_loss(y, p), "contrastive_loss: y has shape (4,), the distance (4, 1)");
}

TEST_CASE("losses of numbers: options that make no sense") {
  const Tensor x = ones({4, 2});
  const std::string delta = "huber: delta must be ";
  CHECK_ERROR(ValueError, huber(x, x, {.delta = 0}), delta + "greater than 0, got 0");
  CHECK_ERROR(ValueError, huber(x, x, {.delta = nan_value}), delta + "greater than 0, got NaN");
  CHECK_ERROR(ValueError, huber(x, x, {.delta = 1e39}), delta + "finite in float32, got 1e+39");
  CHECK_ERROR(ValueError, nn::Huber({.delta = -1}), delta + "greater than 0, got -1");
  CHECK_ERROR(ValueError, nn::Loss(nn::Spec{"huber", {{"delta", -1}}}), delta + "greater than 0, got -1");
  CHECK_ERROR(ValueError, triplet_margin_loss(x, x, x, -1),
              "triplet_margin_loss: the margin must be at least 0, got -1");
  CHECK_ERROR(ValueError, contrastive_loss(x, x, infinity),
              "contrastive_loss: the margin must be finite in float32, got inf");
  CHECK_ERROR(ValueError, contrastive_loss(x * -1, x),
              "contrastive_loss: labels must lie in [0, 1], got -1: make 0 of -1 first");
}

TEST_CASE("losses of numbers: y_true and y_pred that were swapped") {
  const Tensor y = zeros({4, 3}), p = leaf(ones({4, 3}));
  const std::string message = ": y_true needs a gradient and y_pred none: the order is (y_true, y_pred)";
  CHECK_ERROR(ValueError, huber(p, y), "huber" + message);
  CHECK_ERROR(ValueError, cosine_similarity(p, y), "cosine_similarity" + message);
}
