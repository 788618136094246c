#include <doctest/doctest.h>

#include <functional>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/layers/activation.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// Optimizers follow their module: what parameters() gives stays what it is there.

using namespace xg;
using nn::Dense;

namespace {

using Names = std::vector<std::string>;

Names names(nn::Optimizer& optimizer) {
  Names result;
  for (const auto& parameter : optimizer.parameters()) result.push_back(parameter.name);
  return result;
}

const Tensor x = Generator(1).uniform({8, 2}), y = Generator(2).uniform({8, 1});

nn::Sequential unbuilt() {
  manual_seed(1);
  return {Dense({.units = 3, .activation = "tanh", .kernel_regularizer = nn::l2(0.01)}), nn::Dropout(0.2),
          Dense({.units = 1})};
}

/// A step by hand.
template <class M>
void step(M& net, nn::Optimizer& optimizer) {
  const Tensor p = net(x);
  (nn::mean_squared_error(y, p) + net.penalty()).backward();
  optimizer.step();
  optimizer.zero_grad();
}

std::shared_ptr<nn::Adam> adam() { return std::make_shared<nn::Adam>(nn::AdamOptions{.learning_rate = 0.1}); }

}  // namespace

TEST_CASE("live: an optimizer that is made before the layers are built trains them, as one that is made after") {
  const auto run = [](bool before, auto make) {
    nn::Sequential net = unbuilt();
    if (!before) net.build_for({2});
    auto optimizer = make(net.parameters());
    CHECK(optimizer.attached());
    CHECK(optimizer.parameters().size() == (before ? 0 : 4));
    for (int round = 0; round < 4; ++round) step(net, optimizer);
    CHECK(names(optimizer) == Names{"dense_1.kernel", "dense_1.bias", "dense_2.kernel", "dense_2.bias"});
    CHECK(optimizer.iterations() == 4);
    return weights(net);
  };
  const auto check = [&](auto make) { CHECK(same_weights(run(true, make), run(false, make))); };
  check([](const nn::ParameterList& list) { return nn::SGD(list, {.learning_rate = 0.1}); });
  check([](const nn::ParameterList& list) { return nn::SGD(list, {.learning_rate = 0.1, .momentum = 0.9}); });
  check([](const nn::ParameterList& list) { return nn::Adam(list); });
}

TEST_CASE("live: zero_grad, minimize and step_with_penalties look again too") {
  const auto run = [](const std::function<void(nn::Sequential&, nn::SGD&)>& call) {
    nn::Sequential net = unbuilt();
    nn::SGD optimizer(net.parameters(), {.learning_rate = 0.1});
    call(net, optimizer);
    return net.parameters();
  };
  const auto after_zero = run([](nn::Sequential& net, nn::SGD& optimizer) {
    sum(net(x)).backward();
    optimizer.zero_grad();
  });
  for (const auto& parameter : after_zero) CHECK_FALSE(parameter.value.grad().defined());
  const auto minimized = run([](nn::Sequential& net, nn::SGD& optimizer) { optimizer.minimize(sum(net(x))); });
  CHECK(numbers(minimized[3].value) == Numbers{0 - 0.1f * 8});
  const auto stepped = run([](nn::Sequential& net, nn::SGD& optimizer) {
    sum(net(x)).backward();
    CHECK(optimizer.step_with_penalties() > 0);
  });
  CHECK(numbers(stepped[3].value) == Numbers{0 - 0.1f * 8});
}

TEST_CASE("live: before anything is built a step is an error, and afterwards it is made") {
  nn::Sequential net = unbuilt();
  nn::SGD optimizer(net.parameters());
  CHECK_ERROR(ValueError, optimizer.step(),
              "SGD: no parameters to change: construct it with net.parameters(), after the first pass if layers learn "
              "their input size from it");
  Tensor w = ones({2});
  const Tensor loss = sum(w.set_requires_grad() * 2.0);
  CHECK_ERROR(ValueError, optimizer.minimize(loss),
              "SGD: no parameters to change: construct it with net.parameters(), after the first pass if layers learn "
              "their input size from it");
  step(net, optimizer);
  CHECK(optimizer.iterations() == 1);
  // A loss of something else changes nothing.
  net.freeze();
  const auto before = weights(net);
  w.zero_grad();
  CHECK(optimizer.minimize(sum(w * 2.0)) == 0);
  CHECK(numbers(w.grad()) == Numbers{2, 2});
  CHECK(same_weights(weights(net), before));
}

TEST_CASE("live: fit trains what was added, taken away and replaced, and keeps the moments of what stays") {
  nn::Sequential net{Dense({.units = 3, .input_dim = 2}), Dense({.units = 2})};
  const auto optimizer = adam();
  net.compile({.optimizer = optimizer, .loss = [](const Tensor&, const Tensor& p) { return sum(p) / 100.0; }});
  const auto fit = [&] {
    const auto before = weights(net);
    net.fit(x, y, {.verbose = 0, .shuffle = false});
    return before;
  };
  // The gradient of the first bias is that of the sum: Adam goes steps of its rate.
  fit();
  net.add(Dense({.units = 2}), "third");
  auto before = fit();
  for (std::size_t i = 0; i < before.size(); ++i) CHECK_FALSE(same_bits(before[i], weights(net)[i]));
  CHECK(names(*optimizer) ==
        Names{"dense_1.kernel", "dense_1.bias", "dense_2.kernel", "dense_2.bias", "third.kernel", "third.bias"});
  const Tensor gone = net["third.kernel"], stays = net["dense_1.kernel"];
  net.pop();
  const Array untouched = gone.array().clone();
  fit();
  CHECK(names(*optimizer).size() == 4);
  CHECK(same_bits(gone.array(), untouched));
  const Tensor replaced = net["dense_2.kernel"];
  const Array last = replaced.array().clone();
  net.replace("dense_2", Dense({.units = 4}));
  before = fit();
  CHECK(same_bits(replaced.array(), last));
  CHECK_FALSE(same_bits(before[2], net["dense_2.kernel"].array()));
  CHECK(net["dense_1.kernel"].array().shares_storage(stays.array()));
  CHECK(optimizer->iterations() == 4);
}

TEST_CASE("live: moments of the parameters that stay, bit for bit, while others come and go") {
  const auto run = [](bool others) {
    // What is last has no part in the loss of what is before.
    struct Net : nn::Sequential {
      Tensor first_alone(const Tensor& some) { return (*children()[0].second)(some); }
    } net;
    manual_seed(2);
    net.add(Dense({.units = 1, .input_dim = 2}));
    nn::Adam optimizer(net.parameters(), {.learning_rate = 0.1});
    for (int round = 0; round < 9; ++round) {
      if (others && round % 3 == 1) net.add(Dense({.units = 2}));
      if (others && round % 3 == 0 && round > 0) net.pop();
      if (others && round == 5) net.replace("dense_2", Dense({.units = 3}));
      if (others) sum(net(x)).backward();
      for (auto& parameter : net.children()[0].second->parameters()) parameter.value.zero_grad();
      nn::mean_squared_error(y, net.first_alone(x)).backward();
      optimizer.step();
      optimizer.zero_grad();
    }
    CHECK(optimizer.parameters().size() == (others ? 4 : 2));
    return weights(*net.children()[0].second);
  };
  CHECK(same_weights(run(true), run(false)));
}

TEST_CASE("live: layers that a callback adds during fit are trained from the next step on") {
  struct Grow : nn::Callback {
    nn::Sequential& net;
    std::vector<std::size_t> counts;
    Array added, at_once;
    explicit Grow(nn::Sequential& model) : net(model) {}
    void on_batch_begin(nn::TrainingRun&, std::int64_t batch) override {
      if (batch != 1) return;
      net.add(Dense({.units = 1}), "late");
      added = net["late.kernel"].array().clone();
    }
    void on_batch_end(nn::TrainingRun& run, std::int64_t batch, std::int64_t, const nn::Logs&) override {
      counts.push_back(run.model.optimizer().parameters().size());
      if (batch == 1) at_once = net["late.kernel"].array().clone();
    }
  };
  nn::Sequential net{Dense({.units = 3, .input_dim = 2}), Dense({.units = 1})};
  net.compile({.optimizer = "adam", .loss = "mse"});
  Grow grow(net);
  net.fit(x, y, {.batch_size = 3, .verbose = 0, .callbacks = {std::ref(grow)}});
  CHECK(grow.counts == std::vector<std::size_t>{4, 6, 6});
  CHECK_FALSE(same_bits(grow.added, grow.at_once));
  CHECK_FALSE(same_bits(grow.at_once, net["late.kernel"].array()));
}

TEST_CASE("live: the optimizer of a part follows the part, and nothing else") {
  struct Net : nn::Model {
    nn::Sequential& trunk = add(nn::Sequential{Dense({.units = 3})}, "trunk");
    nn::Sequential& head = add(nn::Sequential{Dense({.units = 2})}, "head");
    Tensor forward(const Tensor& some) override { return head(trunk(some)); }
  } net;
  const auto optimizer = std::make_shared<nn::SGD>(net.head.parameters(), nn::SGDOptions{.learning_rate = 0.1});
  net.compile({.optimizer = optimizer, .loss = [](const Tensor&, const Tensor& p) { return sum(p); }});
  net.predict(x);
  const auto trunk = weights(net.trunk), head = weights(net.head);
  net.fit(x, y, {.verbose = 0});
  net.head.add(Dense({.units = 1}));
  net.trunk.add(Dense({.units = 3}));
  net.fit(x, y, {.verbose = 0});
  CHECK(names(*optimizer) == Names{"dense_1.kernel", "dense_1.bias", "dense_2.kernel", "dense_2.bias"});
  CHECK(same_bits(weights(net.trunk)[0], trunk[0]));
  CHECK_FALSE(same_bits(weights(net.head)[0], head[0]));
}

TEST_CASE("live: a list that was copied into a vector of one's own follows nothing") {
  nn::Sequential net{Dense({.units = 3, .input_dim = 2}), Dense({.units = 1})};
  const std::vector<nn::NamedTensor> list = net.parameters();
  nn::SGD fixed(list), named({{"first", net["dense_1.kernel"]}}), follows(net.parameters());
  net.add(Dense({.units = 1}));
  CHECK(fixed.parameters().size() == 4);
  CHECK(named.parameters().size() == 1);
  CHECK(follows.parameters().size() == 6);
  CHECK_FALSE(fixed.source());
  CHECK(follows.source() == net.anchor());
}

TEST_CASE("live: a copy and an assigned optimizer follow too, one that was moved from nothing") {
  nn::Sequential net = unbuilt();
  nn::Adam optimizer(net.parameters()), assigned;
  nn::Adam copy = optimizer;
  assigned = copy;
  nn::Adam moved = std::move(optimizer);
  net.build_for({2});
  for (nn::Adam* each : {&copy, &assigned, &moved}) CHECK(each->parameters().size() == 4);
  CHECK(optimizer.parameters().empty());
  CHECK_FALSE(optimizer.attached());
}

TEST_CASE("live: a step that fails leaves no gradient where there was none") {
  Tensor a = ones({2}).set_requires_grad(), b = ones({2}).set_requires_grad();
  nn::SGD optimizer({{"a", a}, {"b", b}}, {.learning_rate = nn::LearningRate([](std::int64_t) { return -1.0; })});
  b.set_grad(Tensor{5.0f, 6.0f});
  CHECK_THROWS_AS(optimizer.minimize(sum(a * b)), ValueError);
  CHECK(!a.grad().defined());
  CHECK(numbers(b.grad()) == Numbers{5, 6});
}
