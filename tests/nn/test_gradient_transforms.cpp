#include <doctest/doctest.h>

#include <limits>
#include <numeric>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"

// The stages between backward() and the update.

using namespace xg;
using nn::SGD;

namespace {

using Transforms = std::vector<nn::GradientTransform>;

Tensor leaf(const Numbers& values, DType dtype = float64) {
  const auto count = static_cast<std::int64_t>(values.size());
  return Tensor(Array::from(values, {count}).astype(dtype)).set_requires_grad();
}

/// The change that a plain step of rate 1 makes, by these gradients, of parameters that begin at 1, 2, ...
std::vector<Numbers> changes(const Transforms& transforms, const std::vector<Numbers>& gradients, double decay = 0,
                             DType dtype = float64) {
  nn::ParameterList parameters;
  for (const Numbers& gradient : gradients) {
    Numbers start;
    for (std::size_t i = 0; i < gradient.size(); ++i) start.push_back(static_cast<double>(i) + 1);
    parameters.push_back(
        {concat("w", parameters.size()), leaf(start, dtype), decay == 0 ? nn::Regularizer() : nn::l2(decay)});
    parameters.back().value.set_grad(Tensor(Array::from(gradient, parameters.back().value.shape()).astype(dtype)));
  }
  SGD optimizer(parameters, {.learning_rate = 1, .gradient_transforms = transforms});
  if (decay == 0)
    optimizer.step();
  else
    optimizer.step_with_penalties();
  std::vector<Numbers> result;
  for (const auto& parameter : parameters) {
    Numbers change = numbers(parameter.value);
    for (std::size_t i = 0; i < change.size(); ++i) change[i] = static_cast<double>(i) + 1 - change[i];
    result.push_back(change);
  }
  return result;
}

double worst(const std::vector<Numbers>& found, const std::vector<Numbers>& expected) {
  double largest = found.size() == expected.size() ? 0 : std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < found.size() && i < expected.size(); ++i)
    largest = std::max(largest, largest_difference(found[i], expected[i]));
  return largest;
}

/// Keeps what it sees.
nn::GradientTransform spy(std::vector<std::string>& seen, const std::string& title) {
  return [&seen, title](nn::Gradients& gradients) {
    for (nn::Gradient& g : gradients)
      seen.push_back(concat(title, ' ', g.name(), ' ', g.value().to_vector<double>()[0]));
  };
}

}  // namespace

TEST_CASE("gradient transforms: each element is clipped by value") {
  for (const DType dtype : {float64, float32}) {
    CHECK(worst(changes({nn::clip_by_value(0.5)}, {{-3, 0.25, 0.5}, {0.75}}, 0, dtype), {{-0.5, 0.25, 0.5}, {0.5}}) <
          1e-6);
    CHECK(worst(changes({nn::clip_by_value(100)}, {{-3, 0.25, 0.5}}, 0, dtype), {{-3, 0.25, 0.5}}) < 1e-6);
  }
}

TEST_CASE("gradient transforms: each parameter's gradient is scaled down to the norm, or left alone") {
  for (const DType dtype : {float64, float32}) {
    CHECK(worst(changes({nn::clip_by_norm(1)}, {{3, 4}, {0.3, 0.4}}, 0, dtype), {{0.6, 0.8}, {0.3, 0.4}}) < 1e-6);
    CHECK(worst(changes({nn::clip_by_norm(5)}, {{3, 4}, {6, 8}}, 0, dtype), {{3, 4}, {3, 4}}) < 1e-6);
  }
  CHECK(worst(changes({nn::clip_by_norm(1)}, {{0, 0}}), {{0, 0}}) == 0);
}

TEST_CASE("gradient transforms: all gradients are scaled down together to the global norm") {
  for (const DType dtype : {float64, float32}) {
    CHECK(worst(changes({nn::clip_by_global_norm(1)}, {{2, 4}, {5, 6}}, 0, dtype),
                {{2 / 9.0, 4 / 9.0}, {5 / 9.0, 6 / 9.0}}) < 1e-6);
    CHECK(worst(changes({nn::clip_by_global_norm(9)}, {{2, 4}, {5, 6}}, 0, dtype), {{2, 4}, {5, 6}}) < 1e-6);
  }
}

TEST_CASE("gradient transforms: squares that float32 has no room for are added up all the same") {
  const double huge = 3e30;
  CHECK(worst(changes({nn::clip_by_global_norm(1)}, {{huge, 0}, {huge}}, 0, float32),
              {{std::sqrt(0.5), 0}, {std::sqrt(0.5)}}) < 1e-6);
  CHECK(worst(changes({nn::clip_by_norm(1)}, {{huge, -huge}}, 0, float32), {{std::sqrt(0.5), -std::sqrt(0.5)}}) < 1e-6);
}

TEST_CASE("gradient transforms: the gradient of a penalty is clipped too") {
  // The gradients with the penalty's: (3, 4) and (-6) of parameters (1, 2) and (1).
  const std::vector<Numbers> gradients{{2, 2}, {-7}};
  CHECK(worst(changes({}, gradients, 0.5), {{3, 4}, {-6}}) < 1e-15);
  CHECK(worst(changes({nn::clip_by_value(3.5)}, gradients, 0.5), {{3, 3.5}, {-3.5}}) < 1e-15);
  CHECK(worst(changes({nn::clip_by_norm(1)}, gradients, 0.5), {{0.6, 0.8}, {-1}}) < 1e-15);
  const double norm = std::sqrt(9.0 + 16 + 36);
  CHECK(worst(changes({nn::clip_by_global_norm(1)}, gradients, 0.5), {{3 / norm, 4 / norm}, {-6 / norm}}) < 1e-15);
}

TEST_CASE("gradient transforms: what a penalty costs is returned whether it is clipped or not") {
  const auto cost = [](const Transforms& transforms, const nn::Regularizer& regularizer, double momentum) {
    const Tensor w = leaf({1, 2, 3});
    SGD optimizer(nn::ParameterList{{"w", w, regularizer}},
                  {.learning_rate = 0.5, .momentum = momentum, .gradient_transforms = transforms});
    Tensor(w).set_grad(ones({3}, float64));
    return optimizer.step_with_penalties();
  };
  const auto keep_back = [](nn::Gradients&) { return false; };
  const auto take_all = [](nn::Gradients& gradients) { gradients.clear(); };
  const Transforms none, clip{nn::clip_by_norm(0.1)}, held{keep_back}, both{nn::clip_by_value(1), keep_back},
      summed{nn::accumulate(2)}, taken{take_all}, clipped_and_taken{nn::clip_by_value(1), take_all};
  for (const double momentum : {0.0, 0.9})
    for (const auto& transforms : {none, clip, held, both, summed, taken, clipped_and_taken}) {
      CHECK(cost(transforms, nn::l2(0.5), momentum) == 7);
      CHECK(cost(transforms, nn::l1(0.5), momentum) == 3);
      CHECK(cost(transforms, nn::l1_l2({.l1 = 0.5, .l2 = 0.5}), momentum) == 10);
      CHECK(cost(
                transforms, [](const Tensor& w) { return sum(w * w * w); }, momentum) == 36);
      CHECK(cost(transforms, {}, momentum) == 0);
    }
}

TEST_CASE("gradient transforms: parameters that are views, beside which nothing changes") {
  const Array start = Generator(3).normal({6, 5}, 0, 1, float64);
  const auto check = [&](const nn::GradientTransform& transform, double decay) {
    for (const bool transposed : {false, true}) {
      const auto view = [&](const Array& x) { return transposed ? x.transposed() : x.slice(0, 1, 3, 2); };
      const Array whole = start.clone();
      const nn::Regularizer penalty = decay == 0 ? nn::Regularizer() : nn::l2(decay);
      const Tensor w = Tensor(view(whole)).set_requires_grad(),
                   packed = Tensor(view(start).clone()).set_requires_grad();
      SGD optimizer(nn::ParameterList{{"w", w, penalty}}, {.learning_rate = 0.1, .gradient_transforms = {transform}});
      SGD reference(nn::ParameterList{{"w", packed, penalty}},
                    {.learning_rate = 0.1, .gradient_transforms = {transform}});
      for (int step = 0; step < 4; ++step) {
        for (const Tensor& each : {w, packed}) sum(exp(each)).backward();
        CHECK(optimizer.step_with_penalties() == reference.step_with_penalties());
        CHECK(same_bits(w.array(), packed.array()));
      }
      CHECK_FALSE(same_bits(w.array(), view(start)));
      Array rest = start.clone();
      Array hidden = view(rest);
      hidden.assign(w.array());
      CHECK(same_bits(whole, rest));
    }
  };
  for (const double decay : {0.0, 0.05})
    for (const auto& transform : {nn::clip_by_value(0.5), nn::clip_by_norm(0.5), nn::clip_by_global_norm(0.5),
                                  nn::accumulate(2), nn::accumulate(1)})
      check(transform, decay);
}

TEST_CASE("gradient transforms: are made in their order, each sees what those before it made") {
  std::vector<std::string> seen;
  const auto half = [](nn::Gradients& gradients) {
    for (nn::Gradient& g : gradients) g.set((Tensor(g.value()) * 0.5).array());
  };
  CHECK(worst(changes({spy(seen, "a"), half, spy(seen, "b"), nn::clip_by_value(1), spy(seen, "c"), half}, {{8}, {1}}),
              {{0.5}, {0.25}}) == 0);
  CHECK(seen == std::vector<std::string>{"a w0 8", "a w1 1", "b w0 4", "b w1 0.5", "c w0 1", "c w1 0.5"});
  CHECK(worst(changes({half, nn::clip_by_value(1)}, {{8}}), {{1}}) == 0);
  CHECK(worst(changes({nn::clip_by_value(1), half}, {{8}}), {{0.5}}) == 0);
}

TEST_CASE("gradient transforms: those behind one that keeps the gradients back are not called") {
  std::vector<std::string> seen;
  CHECK(worst(changes({spy(seen, "a"), [](nn::Gradients&) { return false; }, spy(seen, "b")}, {{8}}), {{0}}) == 0);
  CHECK(seen == std::vector<std::string>{"a w0 8"});
}

TEST_CASE("gradient transforms: add_transform adds behind those there are") {
  const Tensor w = leaf({1, 2});
  SGD optimizer(nn::ParameterList{{"w", w}}, {.learning_rate = 1, .gradient_transforms = {nn::clip_by_value(1)}});
  std::vector<std::string> seen;
  optimizer.add_transform(spy(seen, "behind"));
  Tensor(w).set_grad(Tensor({4.0, 4.0}, float64));
  optimizer.step();
  CHECK(seen == std::vector<std::string>{"behind w 1"});
  CHECK(numbers(w) == Numbers{0, 1});
}

TEST_CASE("gradient transforms: a function of the user's may return nothing, a bool, or what converts to one") {
  const auto zero = [](nn::Gradients& gradients) {
    for (nn::Gradient& g : gradients) g.set(zeros(g.value().shape(), float64).array());
  };
  CHECK(changes({zero}, {{8}}) == std::vector<Numbers>{{0}});
  CHECK(changes({[](nn::Gradients&) { return true; }}, {{8}}) == std::vector<Numbers>{{8}});
  CHECK(changes({[](nn::Gradients&) { return false; }}, {{8}}) == std::vector<Numbers>{{0}});
  CHECK(changes({[](nn::Gradients& gradients) { return gradients.size(); }}, {{8}}) == std::vector<Numbers>{{8}});
  CHECK(nn::GradientTransform(zero).name() == "custom");
  CHECK(nn::clip_by_global_norm(1).name() == "clip_by_global_norm");
  CHECK(nn::accumulate(2).name() == "accumulate");
}

TEST_CASE("gradient transforms: what a user's function is told of each parameter") {
  const Tensor frozen = leaf({9}), unused = leaf({7}), w = leaf({1, 2});
  Tensor(frozen).set_requires_grad(false);
  SGD optimizer(nn::ParameterList{{"frozen", frozen}, {"unused", unused}, {"w", w}}, {.learning_rate = 1});
  int calls = 0;
  optimizer.add_transform([&](nn::Gradients& gradients) {
    ++calls;
    REQUIRE(gradients.size() == 1);
    nn::Gradient& g = gradients.front();
    CHECK(g.index() == 2);
    CHECK(g.name() == "w");
    CHECK(g.leaf().node() == w.node());
    CHECK(g.parameter().shares_storage(w.array()));
    CHECK(g.value().to_vector<double>() == Numbers{5, 6});
  });
  Tensor(w).set_grad(Tensor({5.0, 6.0}, float64));
  optimizer.step();
  CHECK(calls == 1);
  CHECK(numbers(w) == Numbers{-4, -4});
}

TEST_CASE("gradient transforms: the parameters' own elements may become the gradients") {
  for (const double momentum : {0.0, 0.5})
    for (const double decay : {0.0, 0.25}) {
      // Each gradient is the element before its own.
      const Array whole = Array::empty({301}, float64);
      std::iota(whole.data<double>(), whole.data<double>() + 301, 0.0);
      Tensor w = Tensor(whole.slice(0, 1, 300, 1)).set_requires_grad();
      w.set_grad(ones({300}, float64));
      SGD optimizer(nn::ParameterList{{"w", w, decay == 0 ? nn::Regularizer() : nn::l2(decay)}},
                    {.learning_rate = 0.5, .momentum = momentum});
      optimizer.add_transform([&](nn::Gradients& gradients) { gradients[0].set(whole.slice(0, 0, 300, 1)); });
      optimizer.step_with_penalties();
      Numbers expected;
      for (int i = 1; i <= 300; ++i) expected.push_back(i - 0.5 * (i - 1));
      CHECK(numbers(w) == expected);
    }
}

TEST_CASE("gradient transforms: one that throws has changed nothing, and the step can be made again") {
  for (const bool by_minimize : {false, true}) {
    bool refuses = true;
    const Tensor w = leaf({1, 2}), other = leaf({1, 2});
    const auto refuse = [&](nn::Gradients&) {
      if (refuses) throw std::runtime_error("refused");
    };
    // What the function has kept is taken back with the step.
    const auto counting = [count = 0](nn::Gradients& gradients) mutable {
      ++count;
      for (nn::Gradient& g : gradients) g.set((Tensor(g.value()) * count).array());
    };
    nn::Adam optimizer(nn::ParameterList{{"w", w}}, {.learning_rate = 0.1});
    nn::Adam reference(nn::ParameterList{{"w", other}}, {.learning_rate = 0.1});
    for (nn::Optimizer* each : {&optimizer, &reference}) each->add_transform(counting);
    optimizer.add_transform(refuse);
    const auto step = [&](nn::Optimizer& one, const Tensor& x) {
      if (by_minimize) return void(one.minimize(sum(exp(x))));
      x.grad().defined() ? void() : sum(exp(x)).backward();
      one.step();
      one.zero_grad();
    };
    for (int round = 0; round < 3; ++round) {
      refuses = true;
      const Numbers before = numbers(w);
      Tensor(w).set_grad(Tensor(exp(w).detach()));
      const Numbers gradient = numbers(w.grad());
      CHECK(message_of<std::runtime_error>([&] { step(optimizer, w); }) == "refused");
      CHECK(numbers(w) == before);
      CHECK(numbers(w.grad()) == gradient);
      CHECK(optimizer.iterations() == round);
      refuses = false;
      step(optimizer, w);
      step(reference, other);
      CHECK(same_bits(w.array(), other.array()));
      CHECK(optimizer.iterations() == round + 1);
    }
  }
}

TEST_CASE("transforms: accumulate gives the sums of parameters without a gradient in the last step") {
  Tensor a = ones({1}).set_requires_grad(), b = ones({1}).set_requires_grad(), frozen = ones({1}).set_requires_grad();
  nn::SGD optimizer({{"a", a}, {"b", b}, {"frozen", frozen}},
                    {.learning_rate = 1, .gradient_transforms = {nn::accumulate(2)}});
  sum((a + frozen) * 2.0).backward();
  optimizer.step();
  optimizer.zero_grad();
  frozen.set_requires_grad(false);
  sum(b * 2.0).backward();
  optimizer.step();
  CHECK(a.item() == 0);
  CHECK(b.item() == 0);
  CHECK(frozen.item() == 1);
}
