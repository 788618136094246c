#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// Optimizers follow modules that move, and survive those that go.

using namespace xg;
using nn::Dense;

namespace {

const Tensor x = Generator(1).uniform({8, 2}), y = Generator(2).uniform({8, 1});

nn::Sequential unbuilt() {
  manual_seed(1);
  return {Dense({.units = 3, .activation = "tanh"}), Dense({.units = 1})};
}

template <class M>
void step(M& net, nn::Optimizer& optimizer) {
  const Tensor p = net(x);
  (nn::mean_squared_error(y, p) + net.penalty()).backward();
  optimizer.step();
  optimizer.zero_grad();
}

std::vector<Array> trained(int steps) {
  nn::Sequential net = unbuilt();
  nn::Adam optimizer(net.parameters());
  for (int i = 0; i < steps; ++i) step(net, optimizer);
  return weights(net);
}

}  // namespace

TEST_CASE("live: a module that moves is followed, by moving and by assignment") {
  nn::Sequential net = unbuilt();
  nn::Adam optimizer(net.parameters());
  nn::Sequential moved = std::move(net);
  step(moved, optimizer);
  nn::Sequential other{Dense({.units = 7, .input_dim = 2})};
  const auto replaced = other.parameters();
  nn::Adam of_replaced(replaced);
  other = std::move(moved);
  step(other, optimizer);
  auto owner = std::make_unique<nn::Sequential>(std::move(other));
  step(*owner, optimizer);
  CHECK(same_weights(weights(*owner), trained(3)));
  CHECK(optimizer.parameters().size() == 4);
  // What was replaced is no part of what came to its place.
  CHECK(of_replaced.parameters().size() == 2);
  CHECK(of_replaced.parameters()[0].value.array().shares_storage(replaced[0].value.array()));
  CHECK_FALSE(of_replaced.source()->module);
}

TEST_CASE("live: a module that is added to another is followed into it") {
  nn::Sequential net = unbuilt();
  nn::Adam optimizer(net.parameters());
  nn::Sequential whole;
  auto& part = whole.add(std::move(net));
  step(whole, optimizer);
  CHECK(optimizer.source()->module == &part);
  CHECK(same_weights(weights(whole), trained(1)));
  CHECK(optimizer.parameters()[0].name == "dense_1.kernel");
}

TEST_CASE("live: modules in a vector that grows") {
  std::vector<nn::Sequential> nets;
  std::vector<nn::Adam> optimizers;
  for (int i = 0; i < 20; ++i) {
    nets.push_back(unbuilt());
    optimizers.emplace_back(nets.back().parameters());
    if (i % 2 == 0) step(nets.back(), optimizers.back());
  }
  for (std::size_t i = 0; i < nets.size(); ++i) {
    step(nets[i], optimizers[i]);
    CHECK(same_weights(weights(nets[i]), trained(i % 2 == 0 ? 2 : 1)));
  }
  nets.erase(nets.begin(), nets.begin() + 10);
  for (std::size_t i = 0; i < nets.size(); ++i) {
    CHECK(optimizers[i + 10].source() == nets[i].anchor());
    step(nets[i], optimizers[i + 10]);
    CHECK(same_weights(weights(nets[i]), trained(i % 2 == 0 ? 3 : 2)));
  }
}

TEST_CASE("live: of a module that is gone an optimizer keeps the parameters it knew") {
  Tensor kernel;
  std::shared_ptr<nn::SGD> optimizer, of_unbuilt;
  {
    nn::Sequential net{Dense({.units = 1, .input_dim = 2, .kernel_initializer = "ones"})};
    optimizer = std::make_shared<nn::SGD>(net.parameters(), nn::SGDOptions{.learning_rate = 1});
    kernel = net["dense_1.kernel"];
    nn::Sequential other = unbuilt();
    of_unbuilt = std::make_shared<nn::SGD>(other.parameters());
  }
  CHECK_FALSE(optimizer->source()->module);
  CHECK(optimizer->attached());
  nn::Sequential another{Dense({.units = 5, .input_dim = 2})};
  sum(kernel).backward();
  optimizer->step();
  CHECK(numbers(kernel) == Numbers{0, 0});
  CHECK(optimizer->parameters().size() == 2);
  CHECK_THROWS_AS(of_unbuilt->step(), ValueError);
}

TEST_CASE("live: a child in two places is listed, counted, penalised and stepped once, wherever it is taken away") {
  struct Shared : nn::Sequential {
    std::shared_ptr<Dense> layer = std::make_shared<Dense>(nn::DenseOptions{
        .units = 2, .use_bias = false, .kernel_initializer = "ones", .kernel_regularizer = nn::l2(0.5)});
    Shared() {
      for (const char* name : {"first", "second"}) adopt(layer, name, std::source_location::current());
    }
  } net;
  nn::SGD optimizer(net.parameters(), {.learning_rate = 0.25});
  net(ones({1, 2}));
  CHECK(net.parameter_count() == 4);
  CHECK(net.penalty().item() == 2);
  const auto update = [&] {
    sum(net["first.kernel"]).backward();
    return optimizer.step_with_penalties();
  };
  // w - 0.25 (1 + w)
  CHECK(update() == 2);
  CHECK(optimizer.parameters().size() == 1);
  CHECK(numbers(net["second.kernel"]) == Numbers{0.5, 0.5, 0.5, 0.5});
  net.pop();
  CHECK(update() == 0.5);
  CHECK(numbers(net["first.kernel"]) == Numbers{0.125, 0.125, 0.125, 0.125});
  net.pop();
  CHECK(optimizer.parameters().empty());
  CHECK_THROWS_AS(optimizer.step(), ValueError);
}

TEST_CASE("live: momentum follows a parameter from place to place") {
  struct Open : nn::Sequential {
    void share(const std::shared_ptr<nn::Module>& layer, const std::string& name) {
      adopt(layer, name, std::source_location::current());
    }
  };
  const auto layer = std::make_shared<Dense>(
      nn::DenseOptions{.units = 1, .input_dim = 1, .use_bias = false, .kernel_initializer = "zeros"});
  Open net;
  net.share(layer, "a");
  nn::SGD optimizer(net.parameters(), {.learning_rate = 1, .momentum = 0.5});
  const auto update = [&] {
    sum((*layer)["kernel"]).backward();
    optimizer.step();
    optimizer.zero_grad();
    return (*layer)["kernel"].item();
  };
  CHECK(update() == -1);
  net.share(layer, "b");
  CHECK(update() == -2.5);
  net.pop();
  net.share(std::make_shared<Dense>(nn::DenseOptions{.units = 1, .input_dim = 1}), "c");
  CHECK(update() == -4.25);
  CHECK(optimizer.parameters().size() == 3);
}

TEST_CASE("live: what other threads and other models declare does not disturb a training") {
  const SignProblem data(24);
  const auto run = [&](bool disturbed) {
    manual_seed(5);
    auto model = sign_network(0.2);
    model.compile({.optimizer = nn::Adam(), .loss = "sparse_categorical_crossentropy"});
    std::atomic<bool> stop = false;
    std::thread other;
    if (disturbed)
      other = std::thread([&] {
        do {
          nn::Sequential many{Dense({.units = 1, .input_dim = 1, .kernel_initializer = "zeros"})};
          many.pop();
        } while (!stop);
      });
    model.fit(data.x, data.labels, {.batch_size = 4, .epochs = 4, .verbose = 0, .shuffle = false});
    stop = true;
    if (disturbed) other.join();
    return weights(model);
  };
  CHECK(same_weights(run(true), run(false)));
}

TEST_CASE("live: declarations are counted, and nothing else is") {
  const auto counted = [](const std::function<void()>& f) {
    const auto before = nn::Module::declarations();
    f();
    return nn::Module::declarations() - before;
  };
  nn::Sequential net = unbuilt();
  net.compile({.optimizer = "sgd", .loss = "mse"});
  CHECK(counted([&] { net.predict(x); }) >= 4);
  CHECK(counted([&] {
          net(x);
          net.fit(x, y, {.verbose = 0});
          net.evaluate(x, y, {.verbose = 0});
          net.predict(x);
          net.freeze("dense_1.*");
          net.eval();
          net.parameters();
        }) == 0);
  CHECK(counted([&] { net.pop(); }) == 1);
}

TEST_CASE("live: an optimizer of another model is refused, one that was attached to this one by hand is not") {
  nn::Sequential net = unbuilt(), other = unbuilt();
  const auto follows = std::make_shared<nn::SGD>(other.parameters());
  const std::string message = "compile: the optimizer changes the parameters of another model: construct a new one";
  CHECK_ERROR(ValueError, net.compile({.optimizer = follows, .loss = "mse"}), message);
  other.build_for({2});
  CHECK_ERROR(ValueError, net.compile({.optimizer = follows, .loss = "mse"}), message);
  const auto own = std::make_shared<nn::SGD>(net.parameters());
  net.compile({.optimizer = own, .loss = "mse"});
  net.fit(x, y, {.verbose = 0});
  CHECK(own->iterations() == 1);
  CHECK(own->parameters().size() == 4);
}
