#include <doctest/doctest.h>

#include <stdexcept>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"

// What users do from inside: functions of theirs that are called by a pass or a step, and change what it works on.

using namespace xg;
using nn::Dense;

namespace {

const Tensor x = ones({4, 2}), y = ones({4, 1});

struct Boom : std::runtime_error {
  Boom() : std::runtime_error("boom") {}
};

/// Declares its layer when it sees its input, and may throw then, or behind it.
struct Late : nn::Model {
  Dense* layer = nullptr;
  bool in_build = false, in_forward = false;
  void build(const Shape& sample) override {
    layer = &add(Dense({.units = 1}));
    layer->build_for(sample);
    if (in_build) throw Boom();
  }
  Tensor forward(const Tensor& input) override {
    Tensor result = (*layer)(input);
    if (in_forward) throw Boom();
    return result;
  }
};

}  // namespace

TEST_CASE("interference: a pass that fails behind children that it has built takes them back") {
  for (const bool in_build : {false, true}) {
    Late net;
    (in_build ? net.in_build : net.in_forward) = true;
    CHECK_THROWS_AS(net(x), Boom);
    CHECK(net.children().empty());
    net.in_build = net.in_forward = false;
    CHECK(net(x).shape() == Shape{4, 1});
    CHECK(net.parameter_count() == 3);
  }
}

TEST_CASE("interference: a hook that takes the drawn-from layer away before it throws") {
  nn::Sequential model{Dense({.units = 2, .input_dim = 2}), nn::Dropout(0.5)};
  const auto handle = model.register_forward_hook([&](nn::Module&, const Tensor&, const Tensor&) -> Tensor {
    model.pop();
    throw Boom();
  });
  CHECK_THROWS_AS(model(x), Boom);
  CHECK(model.children().size() == 1);
}

TEST_CASE("interference: a hook that adds a layer while the model runs") {
  nn::Sequential model{Dense({.units = 2, .input_dim = 2}), nn::Dropout(0), nn::Dropout(0), nn::Dropout(0)};
  bool added = false;
  const auto handle = model.children()[0].second->register_forward_hook([&](nn::Module&, const Tensor&, const Tensor&) {
    if (!std::exchange(added, true)) model.add(Dense({.units = 1}));
    return Tensor();
  });
  CHECK(model(x).shape() == Shape{4, 1});
}

TEST_CASE("interference: predict and evaluate within the first step see what it has built") {
  nn::Sequential model{Dense({.units = 1})};
  const nn::Loss loss = [&](const Tensor& truth, const Tensor& p) {
    CHECK(same_bits(model.predict(x).array(), p.array()));
    return mean(square(p - truth));
  };
  model.compile({.optimizer = "sgd", .loss = loss});
  model.train_on_batch(x, y);
  CHECK(model.built());
  struct Looking : nn::Sequential {
    using Sequential::Sequential;
    void train_step(const nn::Tensors& a, const nn::Tensors& b, nn::Figures& figures) override {
      Sequential::train_step(a, b, figures);
      figures.add("after", evaluate(a, b, {.verbose = 0}).loss, 4);
    }
  } looking{Dense({.units = 1})};
  looking.compile({.optimizer = "sgd", .loss = "mse"});
  const auto history = looking.fit(x, y, {.verbose = 0});
  CHECK(history["after"].front() < history["loss"].front());
}

TEST_CASE("interference: a loss that moves the model away") {
  nn::Sequential model{Dense({.units = 1, .input_dim = 2})}, other;
  model.compile({.optimizer = "sgd", .loss = [&](const Tensor& truth, const Tensor& p) {
                   other = std::move(model);
                   return mean(square(p - truth));
                 }});
  CHECK_ERROR(ValueError, model.train_on_batch(x, y),
              "the module was moved from: what it had is in the one it was moved to");
  CHECK(other.parameter_count() == 3);
}

TEST_CASE("interference: transforms and regularizers that turn to their optimizer") {
  nn::Sequential model;
  std::shared_ptr<nn::SGD> optimizer;
  const auto declare = [] { nn::Sequential().add(Dense({.units = 1, .input_dim = 1})); };
  model.add(Dense({.units = 1, .input_dim = 2, .kernel_regularizer = [&](const Tensor& w) {
                     declare();
                     optimizer->zero_grad();
                     return sum(abs(w));
                   }}));
  optimizer = std::make_shared<nn::SGD>(model.parameters());
  int calls = 0;
  optimizer->add_transform([&](nn::Gradients& gradients) {
    declare();
    CHECK(optimizer->parameters().size() == 2);
    CHECK(gradients[0].name() == "dense_1.kernel");
    CHECK_THROWS_AS(optimizer->attach({}), ValueError);
    ++calls;
  });
  model.compile({.optimizer = optimizer, .loss = "mse"});
  model.train_on_batch(x, y);
  CHECK(calls == 1);

  optimizer->add_transform([&](nn::Gradients&) { optimizer->add_transform(nn::clip_by_value(1)); });
  CHECK(message_of<ValueError>([&] {
          model.train_on_batch(x, y);
        }).starts_with("SGD: add_transform is called during a step, by a transform or a regularizer\n"));
  CHECK(optimizer->iterations() == 1);
}

TEST_CASE("interference: only * stands for more than itself when parameters are frozen") {
  struct Named : nn::Module {
    nn::Parameter first = parameter("w[1]", ones({1})), second = parameter("w1", ones({1}));
  } module;
  module.freeze("w[1]");
  CHECK_FALSE(module.first.requires_grad());
  CHECK(module.second.requires_grad());
  module.unfreeze("*]");
  module.freeze("w*1");
  CHECK(module.first.requires_grad());
  CHECK_FALSE(module.second.requires_grad());
  CHECK_THROWS_AS(module.freeze("w?"), ValueError);
}
