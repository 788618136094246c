#include <doctest/doctest.h>

#include <sstream>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/layers/activation.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"
#include "tests/support/small_stack.hpp"

// Who owns whom: modules deep in each other, in several places, in themselves, and moved away.

using namespace xg;
using nn::Dense;

namespace {

/// A module that others may be put into by pointer.
struct Open : nn::Module {
  using nn::Module::add;
  using nn::Module::adopt;
  using nn::Module::parameter;
  Tensor forward(const Tensor& x) override { return x; }
  void take(const std::shared_ptr<nn::Module>& child, const std::string& name = {},
            std::source_location where = std::source_location::current()) {
    adopt(child, name, where);
  }
};

nn::Sequential nest(int depth, Dense layer) {
  nn::Sequential model{std::move(layer)};
  for (int i = 0; i < depth; ++i) {
    nn::Sequential outer;
    outer.add(std::move(model));
    model = std::move(outer);
  }
  return model;
}

constexpr const char* cycle =
    "a module cannot take the place of one that it is a part of, nor of a part of itself: "
    "that would be a cycle";

}  // namespace

TEST_CASE("ownership: 20,000 modules one in the other are built, walked and freed in 256 KB of stack") {
  static std::size_t parameters = 0, path_length = 0, modules = 0;
  static bool trained = true, found = false;
  static double penalty = 0;
  static std::string summary;
  on_small_stack([] {
    nn::Sequential model =
        nest(20'000, Dense({.units = 2, .input_dim = 3, .kernel_initializer = "ones", .kernel_regularizer = "l2"}));
    const auto list = model.parameters();
    parameters = list.size();
    path_length = list.front().name.size();
    found = model[list.front().name].array().shares_storage(list.front().value.array());
    modules = model.modules().size();
    model.eval();
    trained = model.modules().back()->training();
    penalty = model.penalty().item();
    std::ostringstream out;
    model.summary(out);
    summary = out.str();
  });
  CHECK(parameters == 2);
  CHECK(path_length == 20'000 * std::string("sequential_1.").size() + std::string("dense_1.kernel").size());
  CHECK(found);
  CHECK(modules == 20'002);
  CHECK_FALSE(trained);
  CHECK(penalty == Close(0.06, 1e-6));
  CHECK(summary.find("(None, 2)                 8") != std::string::npos);
}

TEST_CASE("ownership: a deep nest whose input is not known yet is built and freed in 256 KB of stack") {
  static std::size_t parameters = 1;
  on_small_stack([] { parameters = nest(20'000, Dense({.units = 2})).parameters().size(); });
  CHECK(parameters == 0);
}

TEST_CASE("ownership: a deep nest that another one replaces is freed in 256 KB of stack") {
  static std::size_t children = 0;
  on_small_stack([] {
    nn::Sequential model = nest(20'000, Dense({.units = 2}));
    model = nest(20'000, Dense({.units = 2}));
    model = nn::Sequential{Dense({.units = 2}), nn::Dropout(0.5)};
    children = model.children().size();
  });
  CHECK(children == 2);
}

TEST_CASE("ownership: a module cannot be a part of itself") {
  const auto open = std::make_shared<Open>(), inner = std::make_shared<Open>(), innermost = std::make_shared<Open>();
  CHECK_ERROR(ValueError, open->take(open), "a module cannot be a part of itself: this Module is the child");
  open->take(inner);
  inner->take(innermost);
  for (const auto& part : {inner, innermost})
    CHECK_ERROR(ValueError, part->take(open),
                "a module cannot be a part of itself: this Module is a part of the child");
  CHECK(innermost->children().empty());
  CHECK(open->children().size() == 1);
  CHECK_ERROR(ValueError, open->take(nullptr), "the child is a null pointer");
  CHECK(open->modules().size() == 3);
}

TEST_CASE("ownership: a Sequential that is added to itself, or to a part of itself, stays as it is") {
  nn::Sequential model{Dense({.units = 2, .input_dim = 3})};
  auto& part = model.add(nn::Sequential{Dense({.units = 2})});
  CHECK_ERROR(ValueError, model.add(std::move(model)),
              "a module cannot be a part of itself: this Sequential is the child");
  CHECK_ERROR(ValueError, part.add(std::move(model)),
              "a module cannot be a part of itself: this Sequential is a part of the child");
  CHECK(model.children().size() == 2);
  CHECK(part.children().size() == 1);
  CHECK(model(ones({1, 3})).shape() == Shape{1, 2});
}

TEST_CASE("ownership: a module takes the place of neither its whole nor its part") {
  nn::Sequential model{Dense({.units = 2, .input_dim = 3})};
  auto& part = model.add(nn::Sequential{Dense({.units = 2})});
  CHECK(message_of<ValueError>([&] { part = std::move(model); }) == cycle);
  CHECK(message_of<ValueError>([&] { model = std::move(part); }) == cycle);
  auto& self = model;
  model = std::move(self);
  CHECK(model.children().size() == 2);
  CHECK(part.children().size() == 1);
  CHECK(model(ones({1, 3})).shape() == Shape{1, 2});
  part = nn::Sequential{nn::Dropout(0.5)};
  CHECK(model(ones({1, 3})).shape() == Shape{1, 2});
}

TEST_CASE("ownership: what does not fit a Sequential is not taken away from its owner") {
  nn::Sequential model{Dense({.units = 2, .input_dim = 3})};
  Dense wide({.units = 4, .input_dim = 5}), unbuilt({.units = 4});
  CHECK_THROWS_AS(model.add(std::move(wide)), ShapeError);
  CHECK(wide(ones({1, 5})).shape() == Shape{1, 4});
  CHECK_THROWS_AS(model.add(std::move(unbuilt), "dense_1"), ValueError);
  CHECK(unbuilt.parameters().empty());
  CHECK(unbuilt(ones({1, 7})).shape() == Shape{1, 4});
  CHECK(model.children().size() == 1);
}

TEST_CASE("ownership: what does not fit the place of another is not taken away from its owner, nor is that one") {
  nn::Sequential model{Dense({.units = 2, .input_dim = 3}), Dense({.units = 1})};
  const auto before = weights(model);
  Dense wide({.units = 4, .input_dim = 5}), unbuilt({.units = 4});
  CHECK_ERROR(ValueError, model.replace("dense_3", std::move(wide)),
              "replace: there is no layer 'dense_3': there are dense_1, dense_2");
  CHECK_ERROR(ShapeError, model.replace("dense_2", std::move(wide)),
              "Dense: the last axis of the input must be 5, as in the kernel (5, 4), but a sample has shape (2,)");
  CHECK_ERROR(ShapeError, model.replace("dense_1", std::move(unbuilt)),
              "Dense: the last axis of the input must be 2, as in the kernel (2, 1), but a sample has shape (4,)");
  CHECK_ERROR(ValueError, model.replace("dense_1", std::move(model)),
              "a module cannot be a part of itself: this Sequential is the child");
  CHECK(wide(ones({1, 5})).shape() == Shape{1, 4});
  CHECK(unbuilt.parameter_count() == 16);
  CHECK(same_weights(weights(model), before));
  model.replace("dense_1", Dense({.units = 2}));
  CHECK(model.parameters()[0].name == "dense_1.kernel");
  CHECK_FALSE(same_bits(weights(model)[0], before[0]));
  CHECK(model(ones({1, 3})).shape() == Shape{1, 1});
}

TEST_CASE("ownership: a module in several places is one module") {
  struct Shared : nn::Model {
    std::shared_ptr<Dense> layer = std::make_shared<Dense>(
        nn::DenseOptions{.units = 2, .input_dim = 2, .kernel_initializer = "ones", .kernel_regularizer = nn::l2(0.5)});
    Shared() {
      for (const char* name : {"first", "second"}) CHECK(&adopt(layer, name) == layer.get());
    }
    Tensor forward(const Tensor& x) override { return (*layer)((*layer)(x)); }
  } model;
  std::vector<std::string> names;
  for (const auto& parameter : model.parameters()) names.push_back(parameter.name);
  CHECK(names == std::vector<std::string>{"first.kernel", "first.bias"});
  CHECK(model["second.kernel"].array().shares_storage(model["first.kernel"].array()));
  CHECK(model.parameter_count() == 6);
  CHECK(model.penalty().item() == 2);
  CHECK(model.modules().size() == 2);
  nn::SGD optimizer(model.parameters(), {.learning_rate = 0.25});
  sum(model.layer->operator[]("kernel")).backward();
  optimizer.step();
  CHECK(numbers(model["second.kernel"]) == Numbers{0.75, 0.75, 0.75, 0.75});
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}),
                 .loss = [](const Tensor&, const Tensor& p) { return sum(p) * 0.0; }});
  const double penalty = 0.5 * 4 * 0.75 * 0.75;
  CHECK(model.train_on_batch(ones({1, 2}), ones({1, 2})).loss == penalty);
  CHECK(model.evaluate(ones({1, 2}), ones({1, 2}), {.verbose = 0}).loss == penalty);
}

TEST_CASE("ownership: a module that is adopted is named as one that is added") {
  struct Pair : nn::Model {
    Dense& own = add(Dense({.units = 1}));
    Dense& shared;
    explicit Pair(const std::shared_ptr<Dense>& layer) : shared(adopt(layer)) {}
  };
  const auto layer = std::make_shared<Dense>(nn::DenseOptions{.units = 1});
  const Pair a(layer), b(layer);
  for (const Pair* pair : {&a, &b}) {
    CHECK(&pair->shared == layer.get());
    CHECK(pair->children()[1].first == "dense_2");
  }
}

TEST_CASE("ownership: a module that was moved from says so, and can be assigned again") {
  const std::string gone = "the module was moved from: what it had is in the one it was moved to";
  nn::Sequential model = sign_network();
  model.compile({.optimizer = "sgd", .loss = "mse"});
  nn::Sequential other = std::move(model);
  const Tensor x = ones({4, 2});
  CHECK_ERROR(ValueError, model(x), gone);
  CHECK_ERROR(ValueError, model.predict(x), gone);
  CHECK_ERROR(ValueError, model.fit(x, x), gone);
  CHECK_ERROR(ValueError, model.evaluate(x, x), gone);
  CHECK_ERROR(ValueError, model.train_on_batch(x, x), gone);
  CHECK_ERROR(ValueError, model.compile({.optimizer = "sgd", .loss = "mse"}), gone);
  CHECK_ERROR(ValueError, model.add(Dense({.units = 1})), gone);
  CHECK_ERROR(ValueError, other.add(std::move(model)), gone);
  CHECK(model.parameters().empty());
  CHECK(model.children().empty());
  CHECK_FALSE(model.compiled());
  CHECK(other.compiled());
  CHECK(other(x).shape() == Shape{4, 2});
  model = sign_network();
  CHECK(model(x).shape() == Shape{4, 2});
  model.add(Dense({.units = 1}));

  Dense layer({.units = 2, .input_dim = 2});
  { Dense owner = std::move(layer); }
  // The parameters are freed: nothing may look at them.
  CHECK_ERROR(ValueError, layer(x), gone);
  CHECK_FALSE(layer.input_shape());
  CHECK_ERROR(ValueError, layer.register_forward_hook([](auto&, auto&, auto&) { return Tensor(); }), gone);
  Open parameters;
  Open taken = std::move(parameters);
  CHECK_ERROR(ValueError, parameters.parameter("w", ones({1})), gone);
}

TEST_CASE("ownership: a model that moves goes on training with its optimizer") {
  const SignProblem data(40);
  const auto run = [&](bool moves) {
    manual_seed(3);
    nn::Sequential model = sign_network(0.3);
    model.compile({.optimizer = nn::SGD({.momentum = 0.9}), .loss = "sparse_categorical_crossentropy"});
    model.fit(data.x, data.labels, {.verbose = 0, .shuffle = false});
    if (moves) {
      nn::Sequential other = std::move(model);
      model = std::move(other);
    }
    model.fit(data.x, data.labels, {.verbose = 0, .shuffle = false});
    return weights(model);
  };
  CHECK(same_weights(run(true), run(false)));
}

TEST_CASE("ownership: an empty Sequential is told, and can be filled afterwards") {
  nn::Sequential model;
  const Tensor x = ones({4, 2});
  const std::string message = "Sequential: there are no layers: add() some first";
  CHECK_ERROR(ValueError, model(x), message);
  CHECK_ERROR(ValueError, model.predict(x), message);
  CHECK_ERROR(ValueError, model.pop(), message);
  CHECK_FALSE(model.input_shape());
  model.compile({.optimizer = "sgd", .loss = "mse"});
  CHECK_ERROR(ValueError, model.evaluate(x, x, {.verbose = 0}), message);
  CHECK_ERROR(ValueError, model.fit(x, x, {.verbose = 0}), message);
  std::ostringstream out;
  model.summary(out);
  CHECK(out.str().find("Total params: 0") != std::string::npos);
  model.add(nn::Activation("relu"));
  CHECK_ERROR(ValueError, model.fit(x, x, {.verbose = 0}), "fit: the model has no parameters to train");
  model.add(Dense({.units = 2}));
  model.fit(x, x, {.verbose = 0});
  CHECK(model.optimizer().parameters().size() == 2);
}
