#include <doctest/doctest.h>

#include <functional>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/parallel.hpp"
#include "lib/random.hpp"
#include "nn/layers/dense.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using nn::Adam;
using nn::SGD;

namespace {

/// A leaf with elements of its own.
Tensor parameter(std::initializer_list<double> values, DType dtype = float64) {
  Tensor w(values, dtype);
  return w.set_requires_grad();
}

std::vector<nn::NamedTensor> list(std::initializer_list<Tensor> parameters) {
  std::vector<nn::NamedTensor> named;
  for (const Tensor& value : parameters) named.push_back({concat("w", named.size()), value});
  return named;
}

/// The gradients of a run: uneven, and nothing the parameter determines.
Numbers gradient_at(int step) { return {std::sin(step + 1.0), 0.1 * step - 0.25, step % 2 ? 3.0 : -0.001}; }

/// Makes `steps` updates, and checks every element after each against `expected(w, g, state...)`, a formula in double.
template <class Formula>
void check_sequence(nn::Optimizer& optimizer, Tensor& w, int steps, double tolerance, Formula formula) {
  Numbers expected = numbers(w);
  for (int step = 0; step < steps; ++step) {
    const Numbers g = gradient_at(step);
    w.set_grad(Tensor(Array::from(g, {3}).astype(w.dtype())));
    optimizer.step();
    for (std::size_t i = 0; i < g.size(); ++i) expected[i] = formula(expected[i], g[i], i, step);
    INFO("step ", step);
    CHECK(largest_difference(numbers(w), expected) < tolerance);
  }
  CHECK(optimizer.iterations() == steps);
}

}  // namespace

TEST_CASE("SGD: by hand, for the loss w^2") {
  const auto run = [](const nn::SGDOptions& options) {
    Tensor w = parameter({1});
    SGD optimizer(list({w}), options);
    Numbers values;
    for (int step = 0; step < 3; ++step) {
      sum(square(w)).backward();
      optimizer.step();
      optimizer.zero_grad();
      values.push_back(w.item());
    }
    return values;
  };
  CHECK(largest_difference(run({.learning_rate = 0.1}), {0.8, 0.64, 0.512}) < 1e-15);
  CHECK(largest_difference(run({.learning_rate = 0.1, .momentum = 0.9}), {0.8, 0.46, 0.062}) < 1e-15);
  CHECK(largest_difference(run({.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}), {0.62, 0.2224, -0.108352}) <
        1e-15);
  // Rates 0.1, 0.1 / 1.5, 0.1 / 2.
  CHECK(largest_difference(run({.learning_rate = 0.1, .decay = 0.5}),
                           {0.8, 0.8 - 0.16 / 1.5, (0.8 - 0.16 / 1.5) * 0.9}) < 1e-15);
}

TEST_CASE("SGD and Adam: the examples of Keras's documentation, for the loss w^2 / 2") {
  const auto step = [](nn::Optimizer& optimizer, const Tensor& w) {
    (sum(square(w)) / 2.0).backward();
    optimizer.step();
    optimizer.zero_grad();
    return w.item();
  };
  {
    const Tensor w = parameter({1});
    SGD optimizer(list({w}), {.learning_rate = 0.1});
    CHECK(step(optimizer, w) == Close(0.9, 1e-12));
  }
  {
    const Tensor w = parameter({1});
    SGD optimizer(list({w}), {.learning_rate = 0.1, .momentum = 0.9});
    CHECK(step(optimizer, w) == Close(0.9, 1e-12));
    CHECK(0.9 - step(optimizer, w) == Close(0.18, 1e-12));
  }
  {
    const Tensor w = parameter({10});
    Adam optimizer(list({w}), {.learning_rate = 0.1});
    CHECK(step(optimizer, w) == Close(9.9, 1e-8));
  }
}

TEST_CASE("SGD: plain") {
  Tensor w = parameter({1, -2, 0.5});
  SGD optimizer(list({w}), {.learning_rate = 0.2});
  check_sequence(optimizer, w, 6, 1e-15, [](double x, double g, std::size_t, int) { return x - 0.2 * g; });
}

TEST_CASE("SGD: momentum, Nesterov's form and decay, as Keras 2.2.4 has them") {
  for (const bool nesterov : {false, true})
    for (const double momentum : {0.0, 0.5, 0.9})
      for (const double decay : {0.0, 0.3}) {
        Tensor w = parameter({1, -2, 0.5});
        SGD optimizer(list({w}), {.learning_rate = 0.2, .momentum = momentum, .decay = decay, .nesterov = nesterov});
        Numbers v(3);
        check_sequence(optimizer, w, 6, 1e-14, [&](double x, double g, std::size_t i, int t) {
          const double rate = 0.2 / (1 + decay * t);
          v[i] = momentum * v[i] - rate * g;
          return nesterov ? x + momentum * v[i] - rate * g : x + v[i];
        });
      }
}

TEST_CASE("Adam: as published, with Keras's epsilon outside of the root") {
  const auto check = [](DType dtype, double tolerance, const nn::AdamOptions& options) {
    Tensor w = parameter({1, -2, 0.5}, dtype);
    Adam optimizer(list({w}), options);
    Numbers m(3), v(3);
    check_sequence(optimizer, w, 10, tolerance, [&](double x, double g, std::size_t i, int step) {
      const double t = step + 1;
      m[i] = options.beta_1 * m[i] + (1 - options.beta_1) * g;
      v[i] = options.beta_2 * v[i] + (1 - options.beta_2) * g * g;
      const double rate =
          options.learning_rate(step) * std::sqrt(1 - std::pow(options.beta_2, t)) / (1 - std::pow(options.beta_1, t));
      return x - rate * m[i] / (std::sqrt(v[i]) + options.epsilon);
    });
  };
  check(float64, 1e-14, {});
  check(float64, 1e-13, {.learning_rate = 0.1, .beta_1 = 0.8, .beta_2 = 0.95, .epsilon = 1e-3});
  check(float64, 1e-14, {.learning_rate = 0.01, .beta_1 = 0, .beta_2 = 0});
  check(float32, 2e-6, {.learning_rate = 0.1});
}

TEST_CASE("optimizers: float32 parameters") {
  Tensor w = parameter({1, -2, 0.5}, float32);
  SGD optimizer(list({w}), {.learning_rate = 0.2, .momentum = 0.9});
  Numbers v(3);
  check_sequence(optimizer, w, 6, 2e-6, [&](double x, double g, std::size_t i, int) {
    v[i] = 0.9 * v[i] - 0.2 * g;
    return x + v[i];
  });
}

TEST_CASE("optimizers: the updates of large parameters are those of their elements") {
  const std::int64_t size = 100003;
  const Array start = Generator(1).normal({size}, 0, 1, float64), gradient = Generator(2).normal({size}, 0, 1, float64);
  const auto run = [&](auto make) {
    Tensor w = Tensor(start.clone()).set_requires_grad();
    auto optimizer = make(list({w}));
    for (int step = 0; step < 2; ++step) {
      w.set_grad(Tensor(gradient));
      optimizer.step();
    }
    return numbers(w);
  };
  const Numbers x = start.to_vector<double>(), g = gradient.to_vector<double>();
  const auto plain = run([](auto w) { return SGD(w, {.learning_rate = 0.5}); });
  const auto heavy = run([](auto w) { return SGD(w, {.learning_rate = 0.5, .momentum = 0.5}); });
  const auto adam = run([](auto w) { return Adam(w, {.learning_rate = 0.5}); });
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    worst = std::max(worst, std::abs(plain[i] - (x[i] - g[i])));
    worst = std::max(worst, std::abs(heavy[i] - (x[i] - 1.25 * g[i])));
    // The same gradient twice: two steps of almost the rate, as the corrected averages are g and g^2.
    double expected = x[i];
    for (const double rest : {1 - 0.999, 1 - 0.999 * 0.999})
      expected -= 0.5 * g[i] / (std::abs(g[i]) + 1e-7 / std::sqrt(rest));
    worst = std::max(worst, std::abs(adam[i] - expected));
  }
  CHECK(worst < 1e-12);
}

TEST_CASE("optimizers: a parameter without gradient stays as it is, and so does its momentum") {
  Tensor used = parameter({1, 2}), unused = parameter({3, 4});
  SGD sgd(list({unused, used}), {.learning_rate = 0.1, .momentum = 0.9});
  Adam adam(list({unused, used}), {.learning_rate = 0.1});
  const auto version = unused.array().version();
  for (nn::Optimizer* optimizer : {static_cast<nn::Optimizer*>(&sgd), static_cast<nn::Optimizer*>(&adam)}) {
    const Numbers before = numbers(used);
    sum(square(used)).backward();
    optimizer->step();
    optimizer->zero_grad();
    CHECK(numbers(used) != before);
    CHECK(numbers(unused) == Numbers{3, 4});
    CHECK(unused.array().version() == version);
  }
  // A gradient that comes later meets no momentum, and one that stays away leaves it for the next.
  unused.set_grad(Tensor({1.0, 1.0}, float64));
  sgd.step();
  CHECK(largest_difference(numbers(unused), {2.9, 3.9}) < 1e-15);
  sgd.zero_grad();
  sgd.step();
  CHECK(largest_difference(numbers(unused), {2.9, 3.9}) < 1e-15);
  unused.set_grad(Tensor({0.0, 0.0}, float64));
  sgd.step();
  CHECK(largest_difference(numbers(unused), {2.81, 3.81}) < 1e-15);
}

TEST_CASE("optimizers: gradients that are no rows one behind the other") {
  Tensor w = Tensor(Array::zeros({2, 3}, float64)).set_requires_grad();
  const Array rows = Array::from(Numbers{1, 2, 3, 4, 5, 6}, {3, 2});
  w.set_grad(Tensor(rows.transposed()));
  SGD(list({w}), {.learning_rate = 1}).step();
  CHECK(numbers(w) == Numbers{-1, -3, -5, -2, -4, -6});
}

TEST_CASE("optimizers: a step is a change in place, which an older graph notices") {
  const auto check = [](auto make) {
    Tensor w = parameter({1, 2});
    auto optimizer = make(list({w}));
    const Tensor older = sum(square(w));
    sum(w * 2.0).backward();
    const auto version = w.array().version();
    optimizer.step();
    CHECK(w.array().version() == version + 1);
    CHECK_THROWS_AS(older.backward(), GraphError);
    // A new one is fine.
    sum(square(w)).backward();
  };
  check([](auto w) { return SGD(w); });
  check([](auto w) { return SGD(w, {.momentum = 0.9}); });
  check([](auto w) { return Adam(w); });
}

TEST_CASE("optimizers: zero_grad forgets every gradient") {
  Tensor a = parameter({1}), b = parameter({2});
  SGD optimizer(list({a, b}));
  sum(a * b).backward();
  optimizer.zero_grad();
  CHECK_FALSE(a.grad().defined());
  CHECK_FALSE(b.grad().defined());
  optimizer.step();
  CHECK(a.item() == 1);
  CHECK(optimizer.iterations() == 1);
}

TEST_CASE("optimizers: the learning rate can be changed on the way") {
  Tensor w = parameter({1});
  SGD optimizer(list({w}), {.learning_rate = 0.5});
  CHECK(optimizer.learning_rate() == 0.5);
  w.set_grad(Tensor({1.0}, float64));
  optimizer.step();
  optimizer.set_learning_rate(0.25);
  optimizer.step();
  CHECK(w.item() == 0.25);
  CHECK_THROWS_AS(optimizer.set_learning_rate(-1), ValueError);
  CHECK(optimizer.learning_rate() == 0.25);
}

TEST_CASE("optimizers: attach changes what is updated, and drops the state of what is left out") {
  Tensor a = parameter({0}), b = parameter({0});
  SGD optimizer({.learning_rate = 1, .momentum = 0.5});
  CHECK_FALSE(optimizer.attached());
  optimizer.attach(list({a}));
  CHECK(optimizer.attached());
  a.set_grad(Tensor({1.0}, float64));
  b.set_grad(Tensor({1.0}, float64));
  optimizer.step();
  optimizer.attach(list({b}));
  optimizer.step();
  CHECK(a.item() == -1);
  CHECK(b.item() == -1);
  optimizer.attach(list({a}));
  optimizer.step();
  CHECK(a.item() == -2);
}

TEST_CASE("optimizers: attach keeps the state of the parameters that stay") {
  const auto run = [](auto make, bool attaches) {
    Tensor w = parameter({1, -2, 0.5}), other = parameter({4}), added = parameter({4});
    auto optimizer = make(list({other, w}));
    for (int step = 0; step < 8; ++step) {
      if (attaches && step == 3) optimizer.attach(list({w, added}));
      if (attaches && step == 5) optimizer.attach(list({added, w}));
      for (Tensor* each : {&other, &added}) each->set_grad(Tensor({1.0}, float64));
      w.set_grad(Tensor(Array::from(gradient_at(step), {3})));
      optimizer.step();
    }
    CHECK(optimizer.iterations() == 8);
    return numbers(w);
  };
  const auto check = [&](auto make) { CHECK(run(make, true) == run(make, false)); };
  check([](auto w) { return SGD(w, {.learning_rate = 0.1, .momentum = 0.9}); });
  check([](auto w) { return SGD(w, {.learning_rate = 0.1, .momentum = 0.9, .decay = 0.1, .nesterov = true}); });
  check([](auto w) { return Adam(w, {.learning_rate = 0.1}); });
}

TEST_CASE("optimizers: Adam's first step of a parameter is of the learning rate, whenever it comes") {
  Tensor early = parameter({0}), late = parameter({0}), attached = parameter({0});
  Adam optimizer(list({early, late}), {.learning_rate = 0.1});
  early.set_grad(Tensor({-3.0}, float64));
  for (int step = 0; step < 20; ++step) optimizer.step();
  late.set_grad(Tensor({5.0}, float64));
  optimizer.step();
  CHECK(std::abs(late.item() + 0.1) < 1e-7);
  attached.set_grad(Tensor({0.5}, float64));
  optimizer.attach(list({early, attached}));
  optimizer.step();
  CHECK(std::abs(attached.item() + 0.1) < 1e-6);
  CHECK(std::abs(early.item() - 2.2) < 1e-6);
}

TEST_CASE("optimizers: a module is followed, unless its list was changed") {
  const auto followed = [](auto change) {
    nn::Sequential model{nn::Dense({.units = 2, .input_dim = 1})};
    nn::ParameterList parameters = model.parameters();
    change(parameters);
    SGD optimizer(parameters);
    const std::size_t before = optimizer.parameters().size();
    model.add(nn::Dense({.units = 1}));
    return std::pair(before, optimizer.parameters().size());
  };
  CHECK(followed([](auto&) {}) == std::pair<std::size_t, std::size_t>(2, 4));
  CHECK(followed([](auto& parameters) { parameters.pop_back(); }) == std::pair<std::size_t, std::size_t>(1, 1));
  CHECK(followed([](auto& parameters) {
          parameters.push_back({"more", parameter({1})});
        }) == std::pair<std::size_t, std::size_t>(3, 3));
}

TEST_CASE("optimizers: a parameter that is listed twice is stepped once") {
  const auto check = [](auto make) {
    Tensor once = parameter({1, 2}), twice = parameter({1, 2});
    auto first = make(list({once}));
    auto second = make(list({twice, twice}));
    CHECK(second.parameters().size() == 1);
    for (int step = 0; step < 3; ++step) {
      for (Tensor* each : {&once, &twice}) each->set_grad(Tensor({0.5, -1.0}, float64));
      first.step();
      second.step_with_penalties();
    }
    CHECK(numbers(twice) == numbers(once));
  };
  check([](auto w) { return SGD(w, {.learning_rate = 0.1}); });
  check([](auto w) { return SGD(w, {.learning_rate = 0.1, .momentum = 0.9}); });
  check([](auto w) { return Adam(w, {.learning_rate = 0.1}); });
}

TEST_CASE("optimizers: parameters that are views are updated in place, and nothing beside them") {
  const Array start = Generator(3).normal({6, 5, 4}, 0, 1, float64);
  const std::vector<std::pair<const char*, std::function<Array(const Array&)>>> views{
      {"transposed", [](const Array& x) { return x.transposed(); }},
      {"every second row", [](const Array& x) { return x.slice(0, 1, 3, 2); }},
      {"columns", [](const Array& x) { return x.slice(2, 1, 2, 1); }},
      {"backwards", [](const Array& x) { return x.slice(1, 4, 5, -1); }},
      {"rows behind others", [](const Array& x) { return x.slice(0, 2, 3, 1); }},
  };
  const auto check = [&](auto make, double decay) {
    for (const auto& [name, view] : views) {
      INFO(name);
      const Array whole = start.clone(), untouched = start.clone();
      Tensor w = Tensor(view(whole)).set_requires_grad();
      Tensor packed = Tensor(view(start).clone()).set_requires_grad();
      const nn::Regularizer penalty = decay == 0 ? nn::Regularizer() : nn::l2(decay);
      auto optimizer = make(std::vector<nn::NamedTensor>{{"w", w, penalty}});
      auto reference = make(std::vector<nn::NamedTensor>{{"w", packed, penalty}});
      for (int step = 0; step < 3; ++step) {
        for (const Tensor& each : {w, packed}) sum(exp(each) * 0.25).backward();
        const auto version = whole.version();
        CHECK(optimizer.step_with_penalties() == reference.step_with_penalties());
        CHECK(whole.version() == version + 1);
        CHECK(same_bits(w.array(), packed.array()));
      }
      // Beside the view the elements are those of the start.
      Array rest = untouched;
      Array hidden = view(rest);
      hidden.assign(w.array());
      CHECK(same_bits(whole, rest));
    }
  };
  for (const double decay : {0.0, 0.05}) {
    check([](auto w) { return SGD(w, {.learning_rate = 0.1}); }, decay);
    check([](auto w) { return SGD(w, {.learning_rate = 0.1, .momentum = 0.9}); }, decay);
    check([](auto w) { return SGD(w, {.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}); }, decay);
    check([](auto w) { return Adam(w, {.learning_rate = 0.1}); }, decay);
  }
}

TEST_CASE("optimizers: parameters whose elements share their memory are refused, and nothing is attached") {
  Tensor good = parameter({1}), broadcast = Tensor(Array::zeros({1, 3}).broadcast_to({4, 3})).set_requires_grad();
  SGD optimizer(list({good}), {.learning_rate = 1, .momentum = 0.5});
  good.set_grad(Tensor({1.0}, float64));
  optimizer.step();
  CHECK_ERROR(
      ValueError, optimizer.attach(list({good, broadcast})),
      "SGD: parameter 'w1': one element stands at several places of a broadcast tensor of shape (4, 3): write to "
      "what it was broadcast from, or to a contiguous copy");
  CHECK_ERROR(
      ValueError, Adam(list({broadcast})),
      "Adam: parameter 'w0': one element stands at several places of a broadcast tensor of shape (4, 3): write to "
      "what it was broadcast from, or to a contiguous copy");
  CHECK(optimizer.parameters().size() == 1);
  optimizer.step();
  CHECK(good.item() == 1 - 1 - 1.5);
}

TEST_CASE("optimizers: a copy has a state of its own, one that was moved from has no parameters") {
  const auto check = [](auto make) {
    Tensor w = parameter({1, 2});
    w.set_grad(Tensor({0.5, -1.0}, float64));
    auto optimizer = make(list({w}));
    optimizer.step();
    auto copy = optimizer, assigned = make(list({}));
    assigned = copy;
    // From the same values, all make the same step.
    const Array before = w.array().clone();
    Numbers expected;
    for (nn::Optimizer* each : std::initializer_list<nn::Optimizer*>{&optimizer, &copy, &assigned}) {
      w.assign(before);
      each->step();
      if (expected.empty()) expected = numbers(w);
      CHECK(numbers(w) == expected);
      CHECK(each->iterations() == 2);
    }
    auto moved = std::move(optimizer);
    w.assign(before);
    CHECK_FALSE(optimizer.attached());
    CHECK(optimizer.iterations() == 0);
    CHECK_THROWS_AS(optimizer.step(), ValueError);
    assigned = std::move(moved);
    CHECK_THROWS_AS(moved.step(), ValueError);
    CHECK(numbers(w) == numbers(before));
    assigned.step();
    CHECK(assigned.iterations() == 3);
  };
  check([](auto w) { return SGD(w, {.learning_rate = 0.1, .momentum = 0.9}); });
  check([](auto w) { return Adam(w, {.learning_rate = 0.1}); });
}

TEST_CASE("optimizers: a gradient that does not fit its parameter changes nothing") {
  const auto check = [](auto make, const char* name) {
    Tensor first = parameter({1, 2}), second = parameter({3, 4});
    auto optimizer = make(list({first, second}));
    first.set_grad(Tensor({1.0, 1.0}, float64));
    // Another handle of the same leaf, whose array was replaced.
    Tensor handle = second;
    handle.array() = Array::zeros({3});
    handle.set_grad(ones({3}));
    CHECK_ERROR(ShapeError, optimizer.step(),
                concat(name,
                       ": the gradient of 'w1' is a float32 tensor of shape (3,), but the parameter a float64 "
                       "tensor of shape (2,)"));
    CHECK_THROWS_AS(optimizer.step_with_penalties(), ShapeError);
    CHECK(numbers(first) == Numbers{1, 2});
    CHECK(numbers(first.grad()) == Numbers{1, 1});
    CHECK(optimizer.iterations() == 0);
    second.zero_grad();
    optimizer.step();
    CHECK(optimizer.iterations() == 1);
    CHECK(numbers(first) != Numbers{1, 2});
  };
  check([](auto w) { return SGD(w, {.momentum = 0.9}); }, "SGD");
  check([](auto w) { return Adam(w); }, "Adam");
}

TEST_CASE("optimizers: the same bits for any number of threads, with and without penalties") {
  const std::int64_t size = 3'000'017;
  const Array start = Generator(1).normal({size}), gradient = Generator(2).normal({size});
  const auto run = [&](auto make, int threads, double factor) {
    set_num_threads(threads);
    Tensor w = Tensor(start.clone()).set_requires_grad();
    auto optimizer = make(std::vector<nn::NamedTensor>{{"w", w, factor == 0 ? nn::Regularizer() : nn::l2(factor)}});
    double penalty = 0;
    for (int step = 0; step < 2; ++step) {
      w.set_grad(Tensor(gradient));
      penalty += optimizer.step_with_penalties();
    }
    set_num_threads(0);
    return std::pair(w.array(), penalty);
  };
  const auto check = [&](auto make) {
    for (const double factor : {0.0, 1e-3}) {
      const auto [expected, penalty] = run(make, 1, factor);
      CHECK((penalty > 0) == (factor > 0));
      for (const int threads : {2, 3}) {
        const auto [values, same] = run(make, threads, factor);
        CHECK(same_bits(values, expected));
        CHECK(same == penalty);
      }
    }
  };
  check([](auto w) { return SGD(w, {.learning_rate = 0.1}); });
  check([](auto w) { return SGD(w, {.learning_rate = 0.1, .momentum = 0.9}); });
  check([](auto w) { return SGD(w, {.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}); });
  check([](auto w) { return Adam(w, {.learning_rate = 0.1}); });
}

TEST_CASE("optimizers: the l2 pass around its blocks of 4,096 elements") {
  const auto check = [](auto make, bool heavy) {
    for (const std::int64_t size : {1, 63, 64, 65, 4095, 4096, 4097, 8192, 10'000}) {
      INFO(size);
      const Array start = Generator(1).normal({size}, 0, 1, float64),
                  gradient = Generator(2).normal({size}, 0, 1, float64);
      Tensor w = Tensor(start.clone()).set_requires_grad();
      auto optimizer = make(std::vector<nn::NamedTensor>{{"w", w, nn::l2(0.25)}});
      w.set_grad(Tensor(gradient));
      const double penalty = optimizer.step_with_penalties();
      const Numbers x = start.to_vector<double>(), g = gradient.to_vector<double>(), found = numbers(w);
      double squares = 0, worst = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        squares += x[i] * x[i];
        const double slope = g[i] + 0.5 * x[i];
        worst = std::max(worst, std::abs(found[i] - (x[i] - 0.1 * (heavy ? 1.9 : 1) * slope)));
      }
      CHECK(worst < 1e-14);
      CHECK(std::abs(penalty / (0.25 * squares) - 1) < 1e-14);
    }
  };
  check([](auto w) { return SGD(w, {.learning_rate = 0.1}); }, false);
  check([](auto w) { return SGD(w, {.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}); }, true);
}

TEST_CASE("optimizers: the trainer's step is step and zero_grad, bit for bit") {
  const auto run = [](auto make, bool at_once, bool hold) {
    Tensor w = Tensor(Generator(3).normal({50}, 0, 1)).set_requires_grad();
    auto optimizer = make(list({w}));
    std::vector<Tensor> held;
    std::vector<Numbers> seen;
    for (int step = 0; step < 5; ++step) {
      (sum(square(w) * w) + sum(w)).backward();
      if (hold) {
        held.push_back(w.grad());
        seen.push_back(numbers(w.grad()));
      }
      if (at_once) {
        CHECK(optimizer.step_with_penalties() == 0);
      } else {
        optimizer.step();
        optimizer.zero_grad();
      }
      CHECK_FALSE(w.grad().defined());
    }
    // What the user holds is the user's.
    for (std::size_t i = 0; i < held.size(); ++i) CHECK(numbers(held[i]) == seen[i]);
    CHECK(optimizer.iterations() == 5);
    return w.array();
  };
  const auto check = [&](auto make) {
    const Array expected = run(make, false, false);
    for (const bool at_once : {false, true})
      for (const bool hold : {false, true}) CHECK(same_bits(run(make, at_once, hold), expected));
  };
  check([](auto w) { return SGD(w, {.learning_rate = 0.01}); });
  check([](auto w) { return SGD(w, {.learning_rate = 0.01, .momentum = 0.9, .nesterov = true}); });
  check([](auto w) { return Adam(w, {.learning_rate = 0.01}); });
}

TEST_CASE("optimizers: the trainer's step adds the gradients of l2 penalties, and returns what they cost") {
  const auto check = [](auto make) {
    const Array start = Generator(3).normal({50}, 0, 1, float64);
    Tensor in_graph = Tensor(start.clone()).set_requires_grad(), in_step = Tensor(start.clone()).set_requires_grad();
    auto first = make(std::vector<nn::NamedTensor>{{"w", in_graph}});
    auto second = make(std::vector<nn::NamedTensor>{{"w", in_step, nn::l2(0.05)}});
    for (int step = 0; step < 5; ++step) {
      const double cost = 0.05 * sum_squares(in_step).item();
      (sum(exp(in_graph)) + nn::l2(0.05)(in_graph)).backward();
      first.step();
      first.zero_grad();
      sum(exp(in_step)).backward();
      CHECK(second.step_with_penalties() == Close(cost, 1e-14));
      CHECK(largest_difference(numbers(in_step), numbers(in_graph)) < 1e-13);
    }
  };
  check([](auto w) { return SGD(w, {.learning_rate = 0.1}); });
  check([](auto w) { return SGD(w, {.learning_rate = 0.1, .momentum = 0.9}); });
  check([](auto w) { return SGD(w, {.learning_rate = 0.1, .decay = 0.5}); });
  check([](auto w) { return Adam(w, {.learning_rate = 0.1}); });
}

TEST_CASE("optimizers: step leaves penalties to the loss") {
  Tensor w = parameter({1, 2});
  SGD optimizer(std::vector<nn::NamedTensor>{{"w", w, nn::l2(0.5)}}, {.learning_rate = 1});
  w.set_grad(Tensor({0.0, 0.0}, float64));
  optimizer.step();
  CHECK(numbers(w) == Numbers{1, 2});
}

TEST_CASE("optimizers: numbers that are not finite, or would not be in float32") {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  CHECK_ERROR(ValueError, SGD({.learning_rate = infinity}),
              "SGD: the learning rate must be finite in float32, got inf");
  CHECK_ERROR(ValueError, SGD({.learning_rate = 1e39}), "SGD: the learning rate must be finite in float32, got 1e+39");
  CHECK_ERROR(ValueError, SGD({.learning_rate = -infinity}), "SGD: the learning rate must be at least 0, got -inf");
  CHECK_ERROR(ValueError, Adam({.learning_rate = nan}), "Adam: the learning rate must be at least 0, got NaN");
  CHECK_ERROR(ValueError, Adam({.learning_rate = infinity}),
              "Adam: the learning rate must be finite in float32, got inf");
  SGD sgd({.learning_rate = 0.5});
  Adam adam({.learning_rate = 0.5});
  CHECK_ERROR(ValueError, sgd.set_learning_rate(infinity), "SGD: the learning rate must be finite in float32, got inf");
  CHECK_ERROR(ValueError, adam.set_learning_rate(nan), "Adam: the learning rate must be at least 0, got NaN");
  CHECK_ERROR(ValueError, adam.set_learning_rate(1e39), "Adam: the learning rate must be finite in float32, got 1e+39");
  CHECK(sgd.learning_rate() == 0.5);
  CHECK(adam.learning_rate() == 0.5);

  CHECK_ERROR(ValueError, SGD({.momentum = nan}), "SGD: the momentum must lie in [0, 1), got NaN");
  CHECK_ERROR(ValueError, SGD({.momentum = infinity}), "SGD: the momentum must lie in [0, 1), got inf");
  CHECK_ERROR(ValueError, SGD({.decay = nan}), "SGD: the decay must be at least 0, got NaN");
  CHECK_ERROR(ValueError, SGD({.decay = infinity}), "SGD: the decay must be finite in float32, got inf");
  CHECK_ERROR(ValueError, Adam({.beta_1 = nan}), "Adam: a beta must lie in [0, 1), got NaN");
  CHECK_ERROR(ValueError, Adam({.beta_2 = infinity}), "Adam: a beta must lie in [0, 1), got inf");
  CHECK_ERROR(ValueError, Adam({.epsilon = nan}), "Adam: epsilon must be greater than 0, got NaN");
  CHECK_ERROR(ValueError, Adam({.epsilon = infinity}), "Adam: epsilon must be finite in float32, got inf");
  CHECK_ERROR(ValueError, Adam({.epsilon = 1e39}), "Adam: epsilon must be finite in float32, got 1e+39");
  CHECK_ERROR(ValueError, Adam({.epsilon = 1e-50}),
              "Adam: epsilon must be at least 1.17549e-38, as smaller ones vanish in float32, got 1e-50");

  // The last numbers that float32 has.
  CHECK(SGD({.learning_rate = std::numeric_limits<float>::max()}).learning_rate() > 3e38);
  CHECK_NOTHROW(Adam({.epsilon = std::numeric_limits<float>::min()}));
  CHECK_NOTHROW(SGD({.learning_rate = 0}));
}

TEST_CASE("optimizers: what they cannot work with") {
  CHECK_ERROR(ValueError, SGD({.learning_rate = -0.1}), "SGD: the learning rate must be at least 0, got -0.1");
  CHECK_ERROR(ValueError, SGD({.learning_rate = std::nan("")}), "SGD: the learning rate must be at least 0, got NaN");
  CHECK_ERROR(ValueError, SGD({.momentum = -0.5}), "SGD: the momentum must lie in [0, 1), got -0.5");
  CHECK_ERROR(ValueError, SGD({.momentum = 1}), "SGD: the momentum must lie in [0, 1), got 1");
  CHECK_ERROR(ValueError, SGD({.decay = -1}), "SGD: the decay must be at least 0, got -1");
  CHECK_ERROR(ValueError, Adam({.learning_rate = -2}), "Adam: the learning rate must be at least 0, got -2");
  CHECK_ERROR(ValueError, Adam({.beta_1 = 1}), "Adam: a beta must lie in [0, 1), got 1");
  CHECK_ERROR(ValueError, Adam({.beta_2 = -0.1}), "Adam: a beta must lie in [0, 1), got -0.1");
  CHECK_ERROR(ValueError, Adam({.epsilon = 0}), "Adam: epsilon must be greater than 0, got 0");
  SGD sgd({.learning_rate = 0.5});
  CHECK_ERROR(ValueError, sgd.set_learning_rate(-3), "SGD: the learning rate must be at least 0, got -3");
  CHECK(sgd.learning_rate() == 0.5);
  const std::string none =
      ": no parameters to change: construct it with net.parameters(), after the first pass if layers learn their input "
      "size from it";
  CHECK_ERROR(ValueError, sgd.step(), "SGD" + none);
  CHECK_ERROR(ValueError, Adam(list({})).step(), "Adam" + none);
  CHECK_ERROR(ValueError, Adam(list({ones({2})})).step(), "Adam" + none);  // a constant
  CHECK_ERROR(ValueError, sgd.step_with_penalties(), "SGD" + none);
  CHECK(sgd.iterations() == 0);
}

TEST_CASE("optimizers: a gradient in the parameter's own memory is that of before the step") {
  Array numbers = Array::empty({301}, float64);
  for (std::int64_t i = 0; i < 301; ++i) numbers.data<double>()[i] = static_cast<double>(i * i);
  Tensor p = numbers.slice(0, 1, 300, 1), gradient = numbers.slice(0, 0, 300, 1);
  p.set_requires_grad();
  p.set_grad(gradient);
  SGD(list({p}), {.learning_rate = 0.5}).step();
  for (std::int64_t i = 0; i < 300; ++i)
    CHECK(p.array().data<double>()[i] == static_cast<double>((i + 1) * (i + 1)) - 0.5 * static_cast<double>(i * i));
}

TEST_CASE("optimizers: a parameter that is frozen stays, and is trained once it has thawed") {
  const Tensor w = Tensor({1.0, 2.0}, float64).set_requires_grad(), v = Tensor({3.0}, float64).set_requires_grad();
  Tensor(v).set_requires_grad(false);
  nn::SGD optimizer(std::vector<nn::NamedTensor>{{"w", w}, {"v", v}}, {.learning_rate = 0.5});
  const auto step = [&] {
    sum(w * w * v).backward();
    optimizer.step();
    optimizer.zero_grad();
  };
  step();
  CHECK(v.to_vector<double>() == std::vector<double>{3});
  CHECK(w.to_vector<double>() == std::vector<double>{-2, -4});
  Tensor(v).set_requires_grad();
  Tensor(w).set_requires_grad(false);
  step();
  CHECK(v.to_vector<double>() == std::vector<double>{-7});
  CHECK(w.to_vector<double>() == std::vector<double>{-2, -4});
}
