#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "nn/layers/dense.hpp"
#include "nn/optimizers/adadelta.hpp"
#include "nn/optimizers/adagrad.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/adamax.hpp"
#include "nn/optimizers/adamw.hpp"
#include "nn/optimizers/lamb.hpp"
#include "nn/optimizers/lion.hpp"
#include "nn/optimizers/nadam.hpp"
#include "nn/optimizers/rmsprop.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/schedules.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// A leaf with a gradient of ones.
Tensor parameter(std::initializer_list<double> values) {
  Tensor w(values, float64);
  w.set_requires_grad();
  w.set_grad(Tensor(Array::full(w.shape(), 1, float64)));
  return w;
}

std::vector<nn::NamedTensor> list(std::initializer_list<Tensor> parameters) {
  std::vector<nn::NamedTensor> named;
  for (const Tensor& value : parameters) named.push_back({concat("w", named.size()), value});
  return named;
}

/// One of each, with all the state it may have.
template <class Check>
void for_each_optimizer(const Check& check) {
  check([](auto w) { return nn::AdamW(w, {.learning_rate = 0.1, .amsgrad = true}); });
  check([](auto w) { return nn::Adam(w, {.learning_rate = 0.1, .amsgrad = true}); });
  check([](auto w) { return nn::Adamax(w, {.learning_rate = 0.1}); });
  check([](auto w) { return nn::Nadam(w, {.learning_rate = 0.1}); });
  check([](auto w) { return nn::RMSprop(w, {.learning_rate = 0.1, .momentum = 0.9, .centered = true}); });
  check([](auto w) { return nn::Adagrad(w, {.learning_rate = 0.1}); });
  check([](auto w) { return nn::Adadelta(w); });
  check([](auto w) { return nn::Lion(w, {.learning_rate = 0.1, .weight_decay = 0.1}); });
  check([](auto w) { return nn::LAMB(w, {.learning_rate = 0.1, .weight_decay = 0.1}); });
}

}  // namespace

TEST_CASE("schedules: each step has its rate, whatever the optimizer") {
  const auto rate = [](std::int64_t step) { return 1.0 / static_cast<double>(1 + step); };
  Tensor w = parameter({0});
  nn::SGD optimizer(list({w}), {.learning_rate = rate});
  for (int step = 0; step < 3; ++step) {
    CHECK(optimizer.learning_rate() == rate(step));
    const double before = w.item();
    optimizer.step();
    CHECK(w.item() == before - rate(step));
  }
  optimizer.set_learning_rate(0.25);
  optimizer.step();
  CHECK(optimizer.learning_rate() == 0.25);
  optimizer.set_learning_rate(nn::step_decay({.learning_rate = 8, .decay_steps = 4, .decay_rate = 0.5}));
  CHECK(optimizer.learning_rate() == 4);

  Tensor changing = parameter({1}), constant = parameter({1});
  nn::AdamW first(list({changing}), {.learning_rate = rate}), second(list({constant}), {.learning_rate = 1});
  for (int step = 0; step < 3; ++step) {
    second.set_learning_rate(rate(step));
    first.step();
    second.step();
    CHECK(changing.item() == constant.item());
  }
}

TEST_CASE("schedules: the function is called once in a step, and not in one that is kept back") {
  int calls = 0;
  const auto counted = [&](std::int64_t step) {
    ++calls;
    return static_cast<double>(step + 1);
  };
  Tensor v = parameter({0}), w = parameter({0});
  nn::SGD optimizer(list({v, w}), {.learning_rate = counted, .gradient_transforms = {nn::accumulate(2)}});
  optimizer.step();
  CHECK(calls == 0);
  optimizer.step();
  CHECK(calls == 1);
  CHECK(w.item() == -1);
  optimizer.step();
  optimizer.step();
  CHECK(calls == 2);
  CHECK(w.item() == -3);
}

TEST_CASE("schedules: a rate that makes no sense is an error before anything changes") {
  for (const auto& [bad, text] : {std::pair(-0.5, "must be at least 0, got -0.5"),
                                  {not_a_number, "must be at least 0, got NaN"},
                                  {infinity, "must be finite in float32, got inf"},
                                  {1e39, "must be finite in float32, got 1e+39"}}) {
    const auto rate = [bad = bad](std::int64_t step) { return step == 1 ? bad : 0.5; };
    Tensor v = parameter({0}), w = parameter({0});
    nn::SGD optimizer(list({v, w}), {.learning_rate = rate, .momentum = 0.5});
    optimizer.step();
    CHECK_ERROR(ValueError, optimizer.step(), concat("SGD: the learning rate of step 1 ", text));
    CHECK(v.item() == -0.5);
    CHECK(w.item() == -0.5);
    CHECK(optimizer.iterations() == 1);
    optimizer.set_learning_rate(0.5);
    optimizer.step();
    CHECK(w.item() == -0.5 - 0.75);
  }
}

TEST_CASE("schedules: a function that throws leaves all as it was") {
  Tensor w = parameter({0});
  nn::SGD optimizer(list({w}), {.learning_rate = [](std::int64_t) -> double { throw std::runtime_error("no rate"); }});
  CHECK_THROWS_AS(optimizer.step(), std::runtime_error);
  CHECK(w.item() == 0);
  CHECK(optimizer.iterations() == 0);
  optimizer.set_learning_rate(1);
  optimizer.step();
  CHECK(w.item() == -1);
}

TEST_CASE("schedules: a function may give the optimizer another rate") {
  Tensor w = parameter({0});
  nn::SGD optimizer(list({w}));
  optimizer.set_learning_rate([&optimizer](std::int64_t) {
    optimizer.set_learning_rate(4);
    return 1.0;
  });
  optimizer.step();
  CHECK(w.item() == -1);
  CHECK(optimizer.learning_rate() == 4);
}

TEST_CASE("schedules: a constraint sees the rate of the step it belongs to") {
  Tensor w = parameter({0});
  nn::NamedTensor named{"w", w};
  nn::SGD optimizer({.learning_rate = [](std::int64_t step) { return step == 0 ? 1.0 : 0.25; }});
  std::vector<double> seen;
  named.constraint = [&](const Tensor& x) {
    seen.push_back(optimizer.learning_rate());
    return x;
  };
  optimizer.attach(std::vector<nn::NamedTensor>{named});
  optimizer.step();
  optimizer.step();
  CHECK(seen == std::vector<double>{1, 0.25});
  CHECK(w.item() == -1.25);
}

TEST_CASE("schedules: copies go on by themselves, and a model trains by one") {
  Tensor w = parameter({0});
  nn::SGD optimizer(list({w}), {.learning_rate = [](std::int64_t step) { return static_cast<double>(step); }});
  optimizer.step();
  nn::SGD copy = optimizer;
  optimizer.step();
  CHECK(copy.learning_rate() == 1);
  CHECK(optimizer.learning_rate() == 2);

  nn::Sequential model{nn::Dense({.units = 1, .input_dim = 1})};
  model.compile({.optimizer = nn::Adam({.learning_rate = nn::cosine_decay({.learning_rate = 1, .decay_steps = 4})}),
                 .loss = "mse"});
  model.fit(ones({4, 1}), zeros({4, 1}), {.batch_size = 2, .epochs = 1, .verbose = 0});
  CHECK(std::abs(model.optimizer().learning_rate() - 0.5) < 1e-15);
  CHECK(model.optimizer().spec() == nn::Adam({.learning_rate = model.optimizer().learning_rate()}).spec());
}

TEST_CASE("schedules: what a learning rate is made from") {
  CHECK(nn::LearningRate(1)(5) == 1);
  CHECK(nn::LearningRate(0.5F).is_constant());
  CHECK(nn::LearningRate([](int step) { return step; })(5) == 5);
  static_assert(!std::is_convertible_v<bool, nn::LearningRate>);
  static_assert(!std::is_convertible_v<const char*, nn::LearningRate>);
  CHECK_ERROR(ValueError, nn::LearningRate(nn::LearningRate::Function()), "learning rate: a null function was given");
  CHECK_ERROR(ValueError, nn::SGD({.learning_rate = nn::LearningRate::Function()}),
              "learning rate: a null function was given");
  CHECK_ERROR(ValueError, nn::Lion({.learning_rate = -1}), "Lion: the learning rate must be at least 0, got -1");

  struct Options {
    nn::LearningRate learning_rate = [](std::int64_t step) { return 0.5 + static_cast<double>(step); };
    void visit(nn::Arguments& arguments) { learning_rate.visit(arguments); }
  };
  nn::Arguments none(nn::Spec{"mine"}), given(nn::Spec{"mine", {{"learning_rate", 2}}});
  CHECK(nn::options_from<Options>(none).learning_rate(1) == 1.5);
  CHECK(nn::options_from<Options>(given).learning_rate(1) == 2);
  CHECK(nn::Spec{"mine", nn::arguments_of(Options())} == nn::Spec{"mine", {{"learning_rate", 0.5}}});
}

TEST_CASE("schedules: behind their end they stay") {
  CHECK(nn::polynomial_decay({.learning_rate = 1, .decay_steps = 4, .end_learning_rate = 0.25})(1000) == 0.25);
  CHECK(nn::cosine_decay({.learning_rate = 1, .decay_steps = 4, .alpha = 0.25})(1000) == 0.25);
  CHECK(nn::piecewise_constant({.values = {0.5}})(1000) == 0.5);
  const auto cycle = nn::one_cycle({.max_learning_rate = 1, .total_steps = 10});
  CHECK(std::abs(cycle(9) - 1 / 25e4) < 1e-15);
  CHECK(cycle(1000) == cycle(9));
  CHECK(nn::one_cycle({.max_learning_rate = 1, .total_steps = 10, .share_rising = 0.1})(0) == 1);
  CHECK(nn::one_cycle({.max_learning_rate = 1, .total_steps = 1})(0) < 1);
  CHECK(nn::warmup({.steps = 0, .then = 0.5})(0) == 0.5);
  CHECK(nn::warmup({.steps = 2, .then = 0.5})(0) == 0);
}

TEST_CASE("schedules: cosine_decay_restarts starts again exactly at the end of a period") {
  const auto rate = nn::cosine_decay_restarts({.learning_rate = 1, .first_decay_steps = 3, .m_mul = 0.5});
  std::int64_t start = 0, length = 3;
  for (double largest = 1; start < 1'000'000; largest /= 2) {
    CHECK(rate(start) == largest);
    start += length;
    length *= 2;
  }
}

TEST_CASE("schedules: options that make no sense") {
  using namespace nn;
  CHECK_ERROR(ValueError, step_decay({.learning_rate = -1, .decay_steps = 1}),
              "step_decay: learning_rate must be at least 0, got -1");
  CHECK_ERROR(ValueError, step_decay({}), "step_decay: decay_steps must be at least 1, got 0");
  CHECK_ERROR(ValueError, exponential_decay({.decay_steps = 1, .decay_rate = not_a_number}),
              "exponential_decay: decay_rate must be at least 0, got NaN");
  CHECK_ERROR(ValueError, inverse_time_decay({.decay_steps = -2}),
              "inverse_time_decay: decay_steps must be at least 1, got -2");
  CHECK_ERROR(ValueError, piecewise_constant({.boundaries = {1, 2}, .values = {1, 2}}),
              "piecewise_constant: there must be one value more than boundaries, got 2 values for 2");
  CHECK_ERROR(ValueError, piecewise_constant({.boundaries = {2, 2}, .values = {1, 2, 3}}),
              "piecewise_constant: the boundaries must rise, got 2 behind 2");
  CHECK_ERROR(ValueError, piecewise_constant({.boundaries = {2}, .values = {1, -2}}),
              "piecewise_constant: a value must be at least 0, got -2");
  CHECK_ERROR(ValueError, polynomial_decay({.decay_steps = 1, .power = 0}),
              "polynomial_decay: power must be greater than 0, got 0");
  CHECK_ERROR(ValueError, polynomial_decay({.decay_steps = 1, .end_learning_rate = -1}),
              "polynomial_decay: end_learning_rate must be at least 0, got -1");
  CHECK_ERROR(ValueError, polynomial_decay({}), "polynomial_decay: decay_steps must be at least 1, got 0");
  CHECK_ERROR(ValueError, cosine_decay({}), "cosine_decay: decay_steps must be at least 1, got 0");
  CHECK_ERROR(ValueError, cosine_decay({.decay_steps = 1, .alpha = 1.5}),
              "cosine_decay: alpha must lie in [0, 1], got 1.5");
  CHECK_ERROR(ValueError, cosine_decay({.decay_steps = 1, .warmup_steps = -1}),
              "cosine_decay: warmup_steps must be at least 0, got -1");
  CHECK_ERROR(ValueError, cosine_decay({.decay_steps = 1, .warmup_learning_rate = -1}),
              "cosine_decay: warmup_learning_rate must be at least 0, got -1");
  CHECK_ERROR(ValueError, cosine_decay_restarts({}),
              "cosine_decay_restarts: first_decay_steps must be at least 1, got 0");
  CHECK_ERROR(ValueError, cosine_decay_restarts({.first_decay_steps = 1, .t_mul = 0.5}),
              "cosine_decay_restarts: t_mul must be at least 1, got 0.5");
  CHECK_ERROR(ValueError, cosine_decay_restarts({.first_decay_steps = 1, .t_mul = not_a_number}),
              "cosine_decay_restarts: t_mul must be finite in float32, got NaN");
  CHECK_ERROR(ValueError, cosine_decay_restarts({.first_decay_steps = 1, .m_mul = -1}),
              "cosine_decay_restarts: m_mul must be at least 0, got -1");
  CHECK_ERROR(ValueError, one_cycle({}), "one_cycle: total_steps must be at least 1, got 0");
  CHECK_ERROR(ValueError, one_cycle({.total_steps = 9, .share_rising = -0.1}),
              "one_cycle: share_rising must lie in [0, 1], got -0.1");
  CHECK_ERROR(ValueError, one_cycle({.total_steps = 9, .div_factor = 0}),
              "one_cycle: div_factor must be greater than 0, got 0");
  CHECK_ERROR(ValueError, one_cycle({.total_steps = 9, .final_div_factor = infinity}),
              "one_cycle: final_div_factor must be finite in float32, got inf");
  CHECK_ERROR(ValueError, warmup({.steps = -1}), "warmup: steps must be at least 0, got -1");
  CHECK_ERROR(ValueError, warmup({.steps = 1, .start_factor = 2}), "warmup: start_factor must lie in [0, 1], got 2");
  CHECK_ERROR(ValueError, warmup({.steps = 1, .then = -2}), "warmup: the learning rate must be at least 0, got -2");
}

TEST_CASE("optimizers: options of the newer ones that make no sense") {
  using namespace nn;
  const std::string epsilon = ": epsilon must be greater than 0, got 0";
  CHECK_ERROR(ValueError, RMSprop({.rho = 1}), "RMSprop: rho must lie in [0, 1), got 1");
  CHECK_ERROR(ValueError, RMSprop({.momentum = -1}), "RMSprop: the momentum must lie in [0, 1), got -1");
  CHECK_ERROR(ValueError, RMSprop({.decay = -1}), "RMSprop: the decay must be at least 0, got -1");
  CHECK_ERROR(ValueError, RMSprop({.epsilon = 0}), "RMSprop" + epsilon);
  CHECK_ERROR(ValueError, Adagrad({.epsilon = 0}), "Adagrad" + epsilon);
  CHECK_ERROR(ValueError, Adagrad({.decay = not_a_number}), "Adagrad: the decay must be at least 0, got NaN");
  CHECK_ERROR(ValueError, Adagrad({.initial_accumulator_value = -1}),
              "Adagrad: the initial accumulator value must be at least 0, got -1");
  CHECK_ERROR(ValueError, Adadelta({.rho = not_a_number}), "Adadelta: rho must lie in [0, 1), got NaN");
  CHECK_ERROR(ValueError, Adadelta({.epsilon = 0}), "Adadelta" + epsilon);
  CHECK_ERROR(ValueError, Adadelta({.decay = -1}), "Adadelta: the decay must be at least 0, got -1");
  CHECK_ERROR(ValueError, Adam({.decay = -1}), "Adam: the decay must be at least 0, got -1");
  CHECK_ERROR(ValueError, AdamW({.beta_1 = 1}), "AdamW: a beta must lie in [0, 1), got 1");
  CHECK_ERROR(ValueError, AdamW({.epsilon = 0}), "AdamW" + epsilon);
  CHECK_ERROR(ValueError, AdamW({.weight_decay = -1}), "AdamW: the weight decay must be at least 0, got -1");
  CHECK_ERROR(ValueError, Adamax({.beta_2 = 1}), "Adamax: a beta must lie in [0, 1), got 1");
  CHECK_ERROR(ValueError, Adamax({.epsilon = 0}), "Adamax" + epsilon);
  CHECK_ERROR(ValueError, Adamax({.decay = -1}), "Adamax: the decay must be at least 0, got -1");
  CHECK_ERROR(ValueError, Nadam({.beta_1 = -1}), "Nadam: a beta must lie in [0, 1), got -1");
  CHECK_ERROR(ValueError, Nadam({.epsilon = 0}), "Nadam" + epsilon);
  CHECK_ERROR(ValueError, Nadam({.schedule_decay = -1}), "Nadam: the schedule decay must be at least 0, got -1");
  CHECK_ERROR(ValueError, Lion({.beta_2 = 1}), "Lion: a beta must lie in [0, 1), got 1");
  CHECK_ERROR(ValueError, Lion({.weight_decay = infinity}),
              "Lion: the weight decay must be finite in float32, got inf");
  CHECK_ERROR(ValueError, LAMB({.beta_2 = 1}), "LAMB: a beta must lie in [0, 1), got 1");
  CHECK_ERROR(ValueError, LAMB({.epsilon = 0}), "LAMB" + epsilon);
  CHECK_ERROR(ValueError, LAMB({.weight_decay = -1}), "LAMB: the weight decay must be at least 0, got -1");
}

TEST_CASE("optimizers: the newer ones leave frozen parameters alone") {
  for_each_optimizer([](auto make) {
    Tensor frozen = parameter({1, 2}), free = parameter({1, 2});
    auto optimizer = make(list({frozen, free}));
    frozen.set_requires_grad(false);
    optimizer.step();
    CHECK(numbers(frozen) == Numbers{1, 2});
    CHECK(numbers(free) != Numbers{1, 2});
  });
}

TEST_CASE("optimizers: the state of the newer ones stays with its parameter, and copies have their own") {
  for_each_optimizer([](auto make) {
    Tensor w = parameter({1, 2}), other = parameter({3}), same = parameter({1, 2});
    auto moved = make(list({other, w})), still = make(list({same}));
    for (int step = 0; step < 6; ++step) {
      if (step == 3) moved.attach(list({w, other}));
      for (Tensor* each : {&w, &same}) each->set_grad(Tensor({std::sin(step + 1.0), 0.5 - step}, float64));
      moved.step();
      still.step();
    }
    CHECK(numbers(w) == numbers(same));
    auto copy = still;
    const Array before = same.array().clone();
    still.step();
    const Numbers after = numbers(same);
    same.assign(before);
    copy.step();
    CHECK(numbers(same) == after);
  });
}

TEST_CASE("optimizers: a step of the newer ones that fails changes nothing, state included") {
  for_each_optimizer([](auto make) {
    Tensor w = parameter({1, 2}), other = parameter({3}), same = parameter({1, 2});
    bool fails = false;
    nn::NamedTensor constrained{"other", other};
    constrained.constraint = [&](const Tensor& x) {
      if (fails) throw std::runtime_error("a constraint");
      return x;
    };
    nn::NamedTensor first{"w", w};
    first.constraint = [](const Tensor& x) { return x; };
    auto optimizer = make(std::vector<nn::NamedTensor>{first, constrained}), reference = make(list({same}));
    for (int step = 0; step < 4; ++step) {
      for (Tensor* each : {&w, &same}) each->set_grad(Tensor({std::sin(step + 1.0), 0.5 - step}, float64));
      fails = true;
      CHECK_THROWS_AS(optimizer.step(), std::runtime_error);
      CHECK(numbers(w) == numbers(same));
      fails = false;
      optimizer.step();
      reference.step();
      CHECK(numbers(w) == numbers(same));
    }
  });
}
