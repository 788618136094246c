#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/creation.hpp"
#include "autograd/gradcheck.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/losses/ctc.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

using namespace xg;

namespace {

/// What a way of one class for each step says: repeats are one, blanks are nothing.
std::vector<std::int64_t> said(const std::vector<std::int64_t>& way, std::int64_t blank) {
  std::vector<std::int64_t> labels;
  for (std::size_t i = 0; i < way.size(); ++i)
    if (way[i] != blank && (i == 0 || way[i] != way[i - 1])) labels.push_back(way[i]);
  return labels;
}

/// -ln of the sum over all ways that say the labels, tried one by one.
double tried(const std::vector<std::int64_t>& labels, const Numbers& p, std::int64_t steps, std::int64_t classes,
             std::int64_t blank) {
  double total = 0;
  std::vector<std::int64_t> way(std::size_t(steps), 0);
  const auto count = std::int64_t(std::pow(double(classes), double(steps)) + 0.5);
  for (std::int64_t number = 0; number < count; ++number) {
    double probability = 1;
    std::int64_t rest = number;
    for (std::int64_t step = 0; step < steps; ++step, rest /= classes) {
      way[std::size_t(step)] = rest % classes;
      probability *= p[std::size_t(step * classes + rest % classes)];
    }
    if (said(way, blank) == labels) total += probability;
  }
  return -std::log(total);
}

}  // namespace

TEST_CASE("ctc_loss: all ways, tried one by one") {
  const std::int64_t steps = 5, classes = 3;
  const Tensor logits = Generator(4).normal({1, steps, classes}, 0, 1, float64);
  const Numbers p = numbers(softmax(logits));
  for (const std::int64_t blank : {0, 2})
    for (const auto& labels : std::vector<std::vector<std::int64_t>>{
             {}, {1}, {1, 1}, {2 - blank, 1}, {1, 2 - blank, 1}, {1, 1, 1}, {1, 2 - blank, 1, 2 - blank, 1}}) {
      const auto length = std::int64_t(labels.size());
      const Tensor y = length == 0 ? zeros({1, 0}) : Tensor(Array::from(labels, {1, length}));
      CAPTURE(length);
      CAPTURE(blank);
      CHECK(nn::ctc_loss(y, logits, {.blank = blank}).item() == Close(tried(labels, p, steps, classes, blank), 1e-12));
    }
}

TEST_CASE("ctc_loss: labels behind the last do not count, nor do steps behind the last") {
  const Tensor logits = Generator(5).normal({2, 6, 4}, 0, 1, float64);
  const double two = nn::ctc_loss(Tensor{{1, 3}, {2, 2}}, logits).item();
  CHECK(nn::ctc_loss(Tensor{{1, 3, -1}, {2, 2, 0}}, logits).item() == Close(two, 1e-14));
  CHECK(nn::ctc_loss(Tensor{{1, 3, 1}, {2, 2, 3}}, logits, {.label_lengths = Tensor{2, 2}}).item() ==
        Close(two, 1e-14));
  const Tensor shorter = logits.array().slice(1, 0, 4, 1);
  CHECK(nn::ctc_loss(Tensor{{1, 3}, {2, 2}}, logits, {.input_lengths = Tensor{4, 4}}).item() ==
        Close(nn::ctc_loss(Tensor{{1, 3}, {2, 2}}, shorter).item(), 1e-14));
  CHECK(nn::ctc_loss(Tensor{{1}}, ones({1, 3, 2}), {.blank = -2}).item() ==
        Close(nn::ctc_loss(Tensor{{1}}, ones({1, 3, 2})).item(), 1e-12));
}

TEST_CASE("ctc_loss: gradients, of gradients too, and of what does not fit") {
  const Tensor labels{{1, 1}, {2, -1}};
  const auto loss = [&](const std::vector<Tensor>& x) { return nn::ctc_loss(labels, x[0]); };
  Tensor logits = Generator(6).normal({2, 4, 3}, 0, 1, float64);
  logits.set_requires_grad();
  CHECK(gradcheck(loss, {logits}));
  CHECK(gradgradcheck(loss, {logits}));
  // Two equal labels want three steps.
  Tensor two_steps = Generator(6).normal({2, 2, 3}, 0, 1, float64);
  two_steps.set_requires_grad();
  const Tensor each = nn::unreduced::ctc_loss(labels, two_steps);
  CHECK(std::isinf(numbers(each)[0]));
  CHECK(std::isfinite(numbers(each)[1]));
  sum(each).backward();
  const Numbers slope = numbers(two_steps.grad());
  for (std::size_t i = 0; i < slope.size(); ++i) CHECK((i < 6 ? slope[i] == 0 : std::isfinite(slope[i])));
}

TEST_CASE("ctc_loss: very sure logits, in float32") {
  Tensor logits = Tensor{{{0.0, 300.0}, {300.0, 0.0}, {0.0, 300.0}}};
  logits.set_requires_grad();
  const Tensor loss = nn::ctc_loss(Tensor{{1, 1}}, logits);
  CHECK(loss.item() == 0);
  loss.backward();
  for (const double slope : numbers(logits.grad())) CHECK(slope == 0);
  CHECK(nn::ctc_loss(Tensor{{1}}, Tensor{{{300.0, 0.0}}}).item() == 300);
  CHECK(std::isnan(nn::ctc_loss(Tensor{{1}}, Tensor{{{std::nan(""), 0.0}}}).item()));
}

TEST_CASE("ctc_loss: of no steps nothing can be said but nothing") {
  const Tensor none = Tensor{0, 0}, labels{{1, 2}, {1, 2}};
  const Tensor logits = Tensor(Generator(5).normal({2, 4, 3}, 0, 1, float64)).set_requires_grad();
  const Tensor loss = nn::unreduced::ctc_loss(labels, logits, {.input_lengths = none, .label_lengths = Tensor{0, 1}});
  CHECK(loss.to_vector<double>()[0] == 0);
  CHECK(std::isinf(loss.to_vector<double>()[1]));
  select(loss, 0).backward();
  CHECK(count_nonzero(logits.grad()).item() == 0);
}

TEST_CASE("ctc_loss: as a loss to choose") {
  const Tensor logits = Generator(5).normal({2, 6, 4}), labels{{1, 3}, {2, -1}};
  CHECK(nn::CTC()(labels, logits).item() == nn::ctc_loss(labels, logits).item());
  CHECK(nn::CTC().unreduced(labels, logits).shape() == Shape{2});
}

TEST_CASE("ctc_loss: misuse") {
  const Tensor logits = zeros({2, 4, 3});
  CHECK_ERROR(ValueError, nn::ctc_loss(Tensor{{1.5}}, zeros({1, 3, 4})), "ctc_loss: labels are class numbers, got 1.5");
  CHECK_ERROR(ShapeError, nn::ctc_loss(zeros({2}), logits),
              "ctc_loss: labels have shape (2,), logits (2, 4, 3): (samples, labels) and (samples, steps, classes) are "
              "expected");
  CHECK_ERROR(ValueError, nn::ctc_loss(Tensor{{1}, {3}}, logits),
              "ctc_loss: label 3 of sample 1, of 3 classes with the blank 0");
  CHECK_ERROR(ValueError, nn::ctc_loss(Tensor{{1}, {0}}, logits, {.label_lengths = Tensor{1, 1}}),
              "ctc_loss: label 0 of sample 1, of 3 classes with the blank 0");
  CHECK_ERROR(ValueError, nn::ctc_loss(Tensor{{1}, {1}}, logits, {.blank = 3}),
              "ctc_loss: the blank is 3, of 3 classes");
  CHECK_ERROR(ValueError, nn::ctc_loss(Tensor{{1}, {1}}, logits, {.input_lengths = Tensor{4, 5}}),
              "ctc_loss: input_lengths holds 5: whole numbers up to 4 are expected");
  CHECK_ERROR(ShapeError, nn::ctc_loss(Tensor{{1}, {1}}, logits, {.label_lengths = Tensor{1}}),
              "ctc_loss: label_lengths has shape (1,) for 2 samples");
}
