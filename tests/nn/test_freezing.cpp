#include <doctest/doctest.h>

#include <functional>
#include <sstream>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

// Parameters that are left as they are for a while.

using namespace xg;
using nn::Dense;

namespace {

using Names = std::vector<std::string>;

Names frozen(const nn::Module& module) {
  Names names;
  for (const auto& parameter : module.parameters())
    if (!parameter.value.requires_grad()) names.push_back(parameter.name);
  return names;
}

/// Two blocks and a head, all with penalties.
struct Net : nn::Model {
  nn::Sequential& features;
  Dense& head;
  nn::Parameter scale = parameter("scale", ones({1}), nn::l2(0.5));
  explicit Net(std::int64_t input_dim = 2)
      : features(add(
            nn::Sequential{
                Dense({.units = 3, .input_dim = input_dim, .activation = "tanh", .kernel_regularizer = nn::l2(0.25)}),
                Dense({.units = 3, .kernel_regularizer = nn::l1(0.125)})},
            "features")),
        head(add(Dense({.units = 1,
                        .bias_initializer = "ones",
                        .bias_regularizer = [](const Tensor& b) { return sum(b * b * b); }}),
                 "head")) {
    if (input_dim > 0) head.build_for({3});
  }
  Tensor forward(const Tensor& x) override { return head(features(x)) * scale; }
};

const Tensor x = Generator(1).uniform({8, 2}), y = Generator(2).uniform({8, 1});

nn::OptimizerChoice sgd() { return nn::SGD({.learning_rate = 0.1, .momentum = 0.9}); }

}  // namespace

TEST_CASE("freezing: by path, by pattern, and all") {
  Net net;
  net.freeze("features.*");
  CHECK(frozen(net) ==
        Names{"features.dense_1.kernel", "features.dense_1.bias", "features.dense_2.kernel", "features.dense_2.bias"});
  net.unfreeze("features.dense_2.*");
  net.freeze("scale");
  CHECK(frozen(net) == Names{"scale", "features.dense_1.kernel", "features.dense_1.bias"});
  net.unfreeze();
  CHECK(frozen(net).empty());
  net.freeze("*.bias");
  CHECK(frozen(net) == Names{"features.dense_1.bias", "features.dense_2.bias", "head.bias"});
  net.freeze("*.bias");
  CHECK(frozen(net).size() == 3);
  net.unfreeze("*");
  net.freeze();
  CHECK(frozen(net).size() == 7);
  net.features.unfreeze("dense_1.kernel");
  CHECK(frozen(net).size() == 6);
  CHECK(net["features.dense_1.kernel"].requires_grad());
  net.unfreeze("h*d.k*rnel");
  net.unfreeze(std::string("head.bias"));
  CHECK(frozen(net) == Names{"scale", "features.dense_1.bias", "features.dense_2.kernel", "features.dense_2.bias"});
}

TEST_CASE("freezing: a pattern that no path fits is an error that lists the paths, and freezes nothing") {
  Net net;
  const std::string known =
      "scale, features.dense_1.kernel, features.dense_1.bias, features.dense_2.kernel, features.dense_2.bias, "
      "head.kernel, head.bias";
  CHECK_ERROR(ValueError, net.freeze("feature.*"), "freeze: no parameter fits 'feature.*': there are " + known);
  CHECK_ERROR(ValueError, net.freeze("features"), "freeze: no parameter fits 'features': there are " + known);
  CHECK_ERROR(ValueError, net.unfreeze(""), "unfreeze: no parameter fits '': there are " + known);
  CHECK_ERROR(ValueError, net.freeze("kernel"), "freeze: no parameter fits 'kernel': there are " + known);
  CHECK(frozen(net).empty());
  CHECK_ERROR(ValueError, net.freeze(nullptr), "lookup: a null name was given");
}

TEST_CASE("freezing: before anything is built there is nothing to freeze") {
  nn::Sequential model{Dense({.units = 3}), Dense({.units = 1})};
  const std::string none =
      "there are none; layers that learn their input size have theirs after the first pass or build_for()";
  CHECK_ERROR(ValueError, model.freeze(), "freeze: no parameter fits '*': " + none);
  CHECK_ERROR(ValueError, model.unfreeze("dense_1.*"), "unfreeze: no parameter fits 'dense_1.*': " + none);
  model.build_for({2});
  model.freeze("dense_1.*");
  CHECK(frozen(model).size() == 2);
  nn::Sequential moved = std::move(model);
  CHECK(frozen(moved).size() == 2);
}

TEST_CASE("freezing: what is frozen gets no gradient, and no update by hand, train_on_batch or fit") {
  const std::function<void(Net&)> ways[] = {
      [](Net& net) { net.fit(x, y, {.batch_size = 4, .epochs = 2, .verbose = 0}); },
      [](Net& net) { net.train_on_batch(x, y); },
      [](Net& net) {
        nn::Adam optimizer(net.parameters());
        for (int step = 0; step < 2; ++step) {
          const Tensor p = net(x);
          (nn::mean_squared_error(y, p) + net.penalty()).backward();
          for (const auto& parameter : net.parameters())
            CHECK(parameter.value.grad().defined() == parameter.value.requires_grad());
          optimizer.step();
          optimizer.zero_grad();
        }
      },
      [](Net& net) {
        nn::SGD optimizer(net.parameters(), {.learning_rate = 0.1});
        optimizer.minimize(nn::mean_squared_error(y, net(x)));
      },
  };
  for (const auto& way : ways)
    for (const char* pattern : {"features.*", "*.bias", "scale", "head.*"}) {
      CAPTURE(std::string(pattern));
      manual_seed(1);
      Net net;
      net.compile({.optimizer = sgd(), .loss = "mse"});
      way(net);
      net.freeze(pattern);
      const auto before = weights(net);
      way(net);
      const auto after = weights(net);
      const auto list = net.parameters();
      for (std::size_t i = 0; i < list.size(); ++i)
        CHECK(same_bits(before[i], after[i]) != list[i].value.requires_grad());
    }
}

TEST_CASE("freezing: a gradient from before is not used, nor does a frozen parameter move on by its momentum") {
  Net net;
  nn::SGD optimizer(net.parameters(), {.learning_rate = 0.1, .momentum = 0.9});
  nn::mean_squared_error(y, net(x)).backward();
  optimizer.step();
  net.freeze("scale");
  const double before = net.scale.item();
  optimizer.step();
  optimizer.step_with_penalties();
  CHECK(net.scale.item() == before);
  CHECK_FALSE(net.scale.grad().defined());
}

TEST_CASE("freezing: what is frozen has no penalty, in no loss") {
  manual_seed(1);
  Net net;
  net.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mse"});
  const double mse = [&] {
    Net bare;
    for (const auto& parameter : net.parameters()) Tensor(bare[parameter.name]).assign(parameter.value.detach());
    bare.eval();
    return nn::mean_squared_error(y, bare(x)).item();
  }();
  const auto term = [&](const char* name, const nn::Regularizer& regularizer) { return regularizer(net[name]).item(); };
  const double first = term("features.dense_1.kernel", nn::l2(0.25)),
               second = term("features.dense_2.kernel", nn::l1(0.125)), third = 1, own = 0.5;
  const auto check = [&](double penalty) {
    CHECK(net.penalty().item() == Close(penalty, 1e-6));
    CHECK(net.evaluate(x, y, {.verbose = 0}).loss == Close(mse + penalty, 1e-6));
    CHECK(net.train_on_batch(x, y).loss == Close(mse + penalty, 1e-6));
    const auto history = net.fit(x, y, {.batch_size = 4, .verbose = 0, .validation_data = {x, y}});
    CHECK(history["loss"][0] == Close(mse + penalty, 1e-6));
    CHECK(history["val_loss"][0] == Close(mse + penalty, 1e-6));
  };
  check(first + second + third + own);
  net.freeze("features.dense_1.*");
  check(second + third + own);
  net.freeze("head.bias");
  net.freeze("*dense_2*");
  check(own);
  net.freeze("scale");
  net.unfreeze("features.*");
  check(first + second);
}

TEST_CASE("freezing: counted as not trainable by summary(), and as ever by parameter_count()") {
  Net net;
  const auto totals = [&] {
    std::ostringstream out;
    net.summary(out);
    const std::string text = out.str();
    const auto start = text.find("Total");
    return text.substr(start, text.find("\n_", start) - start);
  };
  CHECK(totals() == "Total params: 26\nTrainable params: 26\nNon-trainable params: 0");
  net.freeze("features.*");
  CHECK(totals() == "Total params: 26\nTrainable params: 5\nNon-trainable params: 21");
  net.freeze();
  CHECK(totals() == "Total params: 26\nTrainable params: 0\nNon-trainable params: 26");
  CHECK(net.parameter_count() == 26);
  net.unfreeze("scale");
  CHECK(totals() == "Total params: 26\nTrainable params: 1\nNon-trainable params: 25");
}

TEST_CASE("freezing: a model that is frozen as a whole cannot be trained, and says why") {
  Net net;
  net.compile({.optimizer = sgd(), .loss = "mse"});
  net.freeze();
  const auto before = weights(net);
  const std::string message = "SGD: all parameters are frozen: unfreeze() some";
  CHECK_ERROR(ValueError, net.train_on_batch(x, y), message);
  CHECK_ERROR(ValueError, net.fit(x, y, {.verbose = 0}), message);
  CHECK(net.evaluate(x, y, {.verbose = 0}).loss > 0);
  CHECK(same_weights(weights(net), before));
  CHECK(net.optimizer().iterations() == 0);
}

TEST_CASE("freezing: thawing goes on with the old moments, as if there had been no gradients in between") {
  const auto check = [](auto make) {
    const auto gradient = [](int step, std::int64_t size) {
      return Generator(static_cast<std::uint64_t>(step)).normal({size}, 0, 1);
    };
    const Tensor w = Tensor(gradient(100, 5)).set_requires_grad(), other = Tensor(gradient(101, 5)).set_requires_grad();
    const Tensor reference = Tensor(gradient(100, 5)).set_requires_grad();
    auto optimizer = make(nn::ParameterList{{"w", w}, {"other", other}});
    auto without = make(nn::ParameterList{{"w", reference}});
    const auto set = [&](const Tensor& parameter, int step) { Tensor(parameter).set_grad(Tensor(gradient(step, 5))); };
    for (int step = 0; step < 12; ++step) {
      const bool is_frozen = step >= 4 && step < 9;
      Tensor(w).set_requires_grad(!is_frozen);
      set(w, step);
      set(other, step);
      optimizer.step();
      if (!is_frozen) {
        set(reference, step);
        without.step();
      }
      CHECK(same_bits(w.array(), reference.array()));
    }
    CHECK(optimizer.iterations() == 12);
  };
  check([](const auto& list) { return nn::Adam(list, {.learning_rate = 0.1}); });
  check([](const auto& list) { return nn::SGD(list, {.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}); });
  check([](const auto& list) { return nn::SGD(list, {.learning_rate = 0.1}); });
}

TEST_CASE("freezing: a module in two places is frozen in both, by the path that is listed") {
  struct Shared : nn::Model {
    std::shared_ptr<Dense> layer = std::make_shared<Dense>(nn::DenseOptions{.units = 2, .input_dim = 2});
    Dense& last = add(Dense({.units = 1, .input_dim = 2}));
    Shared() {
      for (const char* name : {"first", "second"}) adopt(layer, name, std::source_location::current());
    }
    Tensor forward(const Tensor& some) override { return last((*layer)((*layer)(some))); }
  } model;
  model.compile({.optimizer = sgd(), .loss = "mse"});
  CHECK_THROWS_AS(model.freeze("second.*"), ValueError);
  model.freeze("first.*");
  CHECK_FALSE(model["second.kernel"].requires_grad());
  const auto before = weights(*model.layer), last = weights(model.last);
  model.fit(x, y, {.verbose = 0});
  CHECK(same_weights(weights(*model.layer), before));
  CHECK_FALSE(same_weights(weights(model.last), last));
  model.layer->unfreeze();
  model.fit(x, y, {.verbose = 0});
  CHECK_FALSE(same_weights(weights(*model.layer), before));
}

TEST_CASE("freezing: by a callback, in the middle of fit") {
  struct Freeze : nn::Callback {
    std::vector<std::vector<Array>> seen;
    void on_epoch_begin(nn::TrainingRun& run, int epoch) override {
      if (epoch == 1) run.model.freeze("features.*");
      if (epoch == 2) run.model.unfreeze("features.dense_2.*");
    }
    void on_epoch_end(nn::TrainingRun& run, int, const nn::Logs&) override { seen.push_back(weights(run.model)); }
  } callback;
  Net net;
  net.compile({.optimizer = "adam", .loss = "mse"});
  net.fit(x, y, {.epochs = 3, .verbose = 0, .callbacks = {std::ref(callback)}});
  // scale, features.dense_1, features.dense_2, head
  const auto changed = [&](std::size_t epoch) {
    std::string text;
    for (std::size_t i = 0; i < 7; ++i)
      text += same_bits(callback.seen[epoch - 1][i], callback.seen[epoch][i]) ? '-' : 'x';
    return text;
  };
  CHECK(changed(1) == "x----xx");
  CHECK(changed(2) == "x--xxxx");
}
