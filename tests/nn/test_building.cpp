#include <doctest/doctest.h>

#include <sstream>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/layers/activation.hpp"
#include "nn/layers/flatten.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"

// Layers of the user's that make their parameters when they see what they are applied to.

using namespace xg;
using nn::Dense;

namespace {

/// x kernel * scale, where the kernel's width is that of the input.
struct Scaled : nn::Layer {
  std::int64_t units;
  std::vector<Shape> built_for;
  bool refuses_build = false, refuses_pass = false, knows_output = true;
  nn::Parameter kernel;
  nn::Buffer passes;
  Dense* inner = nullptr;
  Generator generator = new_generator();

  explicit Scaled(std::int64_t width) : units(width) {}
  void build(const Shape& sample) override {
    built_for.push_back(sample);
    kernel = parameter("kernel", drawn(generator).uniform({sample.back(), units}), nn::l2(0.5));
    passes = buffer("passes", zeros({2}));
    inner = &add(Dense({.units = units, .input_dim = units}), "inner");
    if (refuses_build) throw std::runtime_error("refused");
  }
  Tensor forward(const Tensor& x) override {
    if (refuses_pass) throw std::runtime_error("refused");
    return (*inner)(matmul(x, kernel));
  }
  std::optional<Shape> output_shape(const Shape& sample) const override {
    if (!knows_output) return std::nullopt;
    Shape result = sample;
    result[result.rank() - 1] = units;
    return result;
  }
  std::string type() const override { return "Scaled"; }
};

void check_unbuilt(const nn::Module& layer) {
  CHECK_FALSE(layer.built());
  CHECK(layer.parameters().empty());
  CHECK(layer.buffers().empty());
  CHECK(layer.children().empty());
  CHECK_FALSE(layer.first_output_shape());
}

void check_refused(const std::function<void()>& call) { CHECK(message_of<std::runtime_error>(call) == "refused"); }

using Names = std::vector<std::string>;

Names names(const nn::Module& module) {
  Names result;
  for (const auto& parameter : module.parameters()) result.push_back(parameter.name);
  return result;
}

}  // namespace

TEST_CASE("building: once, before the first pass, with the shape of a sample") {
  Scaled layer(3);
  check_unbuilt(layer);
  CHECK(layer(ones({5, 4})).shape() == Shape{5, 3});
  CHECK(layer(ones({2, 4})).shape() == Shape{2, 3});
  CHECK(layer.built_for == std::vector<Shape>{{4}});
  CHECK(names(layer) == Names{"kernel", "inner.kernel", "inner.bias"});
  CHECK(layer.buffers().size() == 1);
  CHECK(*layer.first_output_shape() == Shape{5, 3});
  CHECK(layer.kernel.array().shares_storage(layer["kernel"].array()));

  Scaled images(2), vector(2);
  images(ones({6, 7, 8}));
  CHECK(images.built_for == std::vector<Shape>{{7, 8}});
  // A vector is a sample, not a batch.
  CHECK(vector(ones({4})).shape() == Shape{2});
  CHECK(vector.built_for == std::vector<Shape>{{4}});
}

TEST_CASE("building: build_for does it without a pass, and a second time nothing") {
  Scaled layer(3);
  layer.build_for({4});
  CHECK(layer.built());
  CHECK_FALSE(layer.first_output_shape());
  layer.build_for({9});
  CHECK(layer.built_for == std::vector<Shape>{{4}});
  CHECK(layer(ones({5, 4})).shape() == Shape{5, 3});
  CHECK(*layer.first_output_shape() == Shape{5, 3});
}

TEST_CASE("building: what is declared is taken back if build() throws, and numbers are drawn again") {
  manual_seed(1);
  Scaled layer(3);
  manual_seed(1);
  Scaled reference(3);
  manual_seed(2);
  reference.build_for({4});
  layer.refuses_build = true;
  for (int attempt = 0; attempt < 2; ++attempt) {
    check_refused([&] { layer(ones({5, 4})); });
    check_unbuilt(layer);
    check_refused([&] { layer.build_for({4}); });
    check_unbuilt(layer);
  }
  layer.refuses_build = false;
  manual_seed(2);
  layer(ones({5, 4}));
  CHECK(same_weights(weights(layer), weights(reference)));
  CHECK(layer.built_for.size() == 5);
}

TEST_CASE("building: what is declared is taken back if the pass throws, and another shape may come") {
  Scaled layer(3);
  layer.refuses_pass = true;
  check_refused([&] { layer(ones({5, 4})); });
  check_unbuilt(layer);
  layer.refuses_pass = false;
  CHECK(layer(ones({5, 6})).shape() == Shape{5, 3});
  CHECK(layer.built_for == std::vector<Shape>{{4}, {6}});
  // What was built before a pass that fails, stays.
  layer.refuses_pass = true;
  check_refused([&] { layer(ones({5, 6})); });
  CHECK(layer.built());
  Scaled early(3);
  early.build_for({4});
  early.refuses_pass = true;
  check_refused([&] { early(ones({5, 4})); });
  CHECK(early.built());
  CHECK(names(early).size() == 3);
  CHECK_FALSE(early.first_output_shape());
}

TEST_CASE("building: a layer that fails takes back all that the pass has built, deep in the model too") {
  struct Net : nn::Model {
    nn::Sequential& trunk = add(nn::Sequential{Dense({.units = 3}), nn::Activation("tanh")}, "trunk");
    Scaled& last = add(Scaled(2), "last");
    nn::Parameter own;
    void build(const Shape&) override { own = parameter("own", ones({1})); }
    Tensor forward(const Tensor& x) override { return last(trunk(x)) * own; }
  } net;
  for (const bool in_build : {true, false}) {
    (in_build ? net.last.refuses_build : net.last.refuses_pass) = true;
    for (const auto& call : {std::function<void()>([&] { net(ones({2, 5})); }), {[&] { net.predict(ones({2, 5})); }}}) {
      check_refused(call);
      CHECK(net.parameters().empty());
      check_unbuilt(net.last);
      for (const nn::Module* module : net.modules()) {
        CHECK_FALSE(module->built());
        CHECK_FALSE(module->first_output_shape());
      }
    }
    net.last.refuses_build = net.last.refuses_pass = false;
  }
  net(ones({2, 4}));
  CHECK(names(net) == Names{"own", "trunk.dense_1.kernel", "trunk.dense_1.bias", "last.kernel", "last.inner.kernel",
                            "last.inner.bias"});
}

TEST_CASE("building: in a Sequential, as soon as the shape is known") {
  nn::Sequential model{Dense({.units = 4, .input_dim = 2}), Scaled(3), nn::Activation("relu"), Dense({.units = 1})};
  CHECK(names(model) == Names{"dense_1.kernel", "dense_1.bias", "scaled_1.kernel", "scaled_1.inner.kernel",
                              "scaled_1.inner.bias", "dense_2.kernel", "dense_2.bias"});
  CHECK(*model.output_shape({2}) == Shape{1});
  CHECK(*model.input_shape() == Shape{2});
  CHECK(model(ones({5, 2})).shape() == Shape{5, 1});
}

TEST_CASE("building: a layer that does not tell its output ends what is known, until the first pass") {
  Scaled silent(3);
  silent.knows_output = false;
  nn::Sequential model{Dense({.units = 4, .input_dim = 2}), std::move(silent), Dense({.units = 1})};
  CHECK(names(model).size() == 5);
  CHECK_FALSE(model.output_shape({2}));
  model(ones({5, 2}));
  CHECK(names(model).size() == 7);
  CHECK(model["dense_2.kernel"].shape() == Shape{3, 1});
}

TEST_CASE("building: a custom layer first, before one whose input is known") {
  nn::Sequential model{Scaled(3), Dense({.units = 2, .input_dim = 3}), Dense({.units = 1})};
  CHECK_FALSE(model.input_shape());
  CHECK(names(model) == Names{"dense_1.kernel", "dense_1.bias"});
  CHECK(model(ones({5, 7})).shape() == Shape{5, 1});
  CHECK(model["scaled_1.kernel"].shape() == Shape{7, 3});
  CHECK(model["dense_2.kernel"].shape() == Shape{2, 1});

  // One that does not fit its follower is not built.
  nn::Sequential wrong{Scaled(4), Dense({.units = 2, .input_dim = 3})};
  const std::string message =
      "Dense: the last axis of the input must be 3, as in the kernel (3, 2), but a sample has shape (4,)";
  CHECK_ERROR(ShapeError, wrong(ones({5, 7})), message);
  CHECK_ERROR(ShapeError, wrong.build_for({7}), message);
  CHECK(names(wrong).size() == 2);
  check_unbuilt(*wrong.children()[0].second);
}

TEST_CASE("building: layers that know nothing, before one that was told its input") {
  nn::Sequential model{nn::Dropout(0.5), Dense({.units = 2, .input_dim = 3}), Dense({.units = 1})};
  CHECK(names(model).size() == 2);
  model.build_for({3});
  CHECK(names(model).size() == 4);
  // What was learnt is known to those that come later.
  model.add(Dense({.units = 5}));
  CHECK(names(model).size() == 6);
  CHECK(model["dense_3.kernel"].shape() == Shape{1, 5});
  CHECK(model.predict(ones({4, 3})).shape() == Shape{4, 5});
}

TEST_CASE("building: layers behind one that was replaced, or all that were taken away") {
  nn::Sequential model{Dense({.units = 4}), Dense({.units = 1})};
  model(ones({5, 2}));
  CHECK(*model.input_shape() == Shape{2});
  model.replace("dense_2", Dense({.units = 3}));
  model.add(Dense({.units = 2}));
  CHECK(model["dense_3.kernel"].shape() == Shape{3, 2});
  for (int i = 0; i < 3; ++i) model.pop();
  CHECK_FALSE(model.input_shape());
  model.add(Dense({.units = 2, .input_dim = 7}));
  CHECK(*model.input_shape() == Shape{7});
  CHECK(model(ones({5, 7})).shape() == Shape{5, 2});
}

TEST_CASE("building: summary() of custom layers, before and after") {
  Scaled silent(3);
  silent.knows_output = false;
  nn::Sequential model{Scaled(4), std::move(silent), nn::Flatten()};
  const auto rows = [&] {
    std::ostringstream out;
    model.summary(out);
    std::istringstream lines(out.str());
    std::vector<std::string> found;
    for (std::string line; std::getline(lines, line);)
      if (line.find('(') != std::string::npos && line.find("Layer") == std::string::npos) {
        while (line.back() == ' ') line.pop_back();
        found.push_back(line);
      }
    return found;
  };
  CHECK(rows() == std::vector<std::string>{"scaled_1 (Scaled)            ?                         0",
                                           "scaled_2 (Scaled)            ?                         0",
                                           "flatten_1 (Flatten)          ?                         0"});
  model.build_for({2});  // makes a pass, as a layer does not tell its output's shape
  CHECK(rows() == std::vector<std::string>{"scaled_1 (Scaled)            (None, 4)                 30",
                                           "scaled_2 (Scaled)            (None, 3)                 26",
                                           "flatten_1 (Flatten)          (None, 3)                 0"});
}

TEST_CASE("building: children that build() makes are in evaluation if the module is, and stay as they were made") {
  struct Late : nn::Module {
    nn::Dropout* dropout = nullptr;
    bool fixed = false;
    void build(const Shape&) override {
      dropout = &add(nn::Dropout(0.5));
      if (fixed) dropout->eval();
    }
    Tensor forward(const Tensor& x) override { return (*dropout)(x); }
  };
  const Tensor x = ones({50, 2});
  nn::Sequential model{nn::Sequential{Late()}};
  model.eval();
  CHECK(numbers(model(x)) == numbers(x));
  model.train();
  CHECK(numbers(model(x)) != numbers(x));
  Late fixed;
  fixed.fixed = true;
  CHECK(numbers(fixed(x)) == numbers(x));
  CHECK(fixed.mode());
}

TEST_CASE("building: a handle of a layer that was taken back is not written to") {
  Scaled layer(3);
  layer.refuses_pass = true;
  check_refused([&] { layer(ones({5, 4})); });
  const Tensor old = layer.kernel;
  layer.refuses_pass = false;
  layer(ones({5, 4}));
  CHECK_FALSE(layer.kernel.array().shares_storage(old.array()));
  CHECK(layer.kernel.node() == layer["kernel"].node());
  nn::SGD optimizer(layer.parameters(), {.learning_rate = 0.1});
  sum(layer(ones({5, 4}))).backward();
  const Array before = old.array().clone();
  optimizer.step();
  CHECK(same_bits(old.array(), before));
}

TEST_CASE(
    "building: a layer that is built late changes no initial weights but its own, and has them wherever it is built") {
  struct Late : nn::Layer {
    nn::Parameter kernel;
    void build(const Shape& sample) override { kernel = add_weight("kernel", {sample.back(), 2}); }
    Tensor forward(const Tensor& x) override { return matmul(x, kernel); }
  };
  const auto weights_of = [](bool predicts_first) {
    manual_seed(4);
    nn::Sequential first{Late()}, second{Late()};
    if (predicts_first) first.predict(ones({1, 3}));
    Late third;
    const Dense dense({.units = 2, .input_dim = 3});
    second.predict(ones({1, 3}));
    first.predict(ones({1, 3}));
    third(ones({1, 3}));
    auto all = weights(first);
    for (const nn::Module* module : {static_cast<const nn::Module*>(&second), static_cast<const nn::Module*>(&third),
                                     static_cast<const nn::Module*>(&dense)})
      for (const Array& value : weights(*module)) all.push_back(value);
    return all;
  };
  const auto all = weights_of(false);
  CHECK(same_weights(weights_of(true), all));
  CHECK_FALSE(same_bits(all[0], all[1]));
  CHECK_FALSE(same_bits(all[1], all[2]));
}

TEST_CASE("building: build_for() of a struct of the user's builds what its forward() comes by") {
  struct Net : nn::Model {
    Dense& hidden = add(Dense({.units = 3}));
    nn::Dropout& drop = add(nn::Dropout(0.5));
    Dense& output = add(Dense({.units = 1, .activity_regularizer = nn::l2(0.5)}));
    Tensor forward(const Tensor& x) override { return output(drop(hidden(x))); }
  };
  manual_seed(1);
  Net net;
  net.build_for({4});
  CHECK(net.parameter_count() == 3 * 4 + 3 + 3 + 1);
  CHECK(net.training());
  CHECK(net.pass_penalties().empty());
  manual_seed(1);
  Net other;
  other.predict(ones({1, 4}));
  CHECK(same_weights(weights(net), weights(other)));
  Net wrong;
  wrong.hidden.build_for({2});
  CHECK_THROWS_AS(wrong.build_for({4}), ShapeError);
  CHECK_FALSE(wrong.built());
  CHECK_FALSE(wrong.output.built());
}

TEST_CASE("building: adding a struct of the user's to a Sequential calls its build(), not its forward()") {
  static int calls = 0;
  struct Net : nn::Model {
    Dense& inner = add(Dense({.units = 3}));
    Tensor forward(const Tensor& x) override {
      ++calls;
      return inner(x);
    }
  };
  nn::Sequential model{Dense({.units = 4, .input_dim = 2}), Net()};
  model.add(Net());
  CHECK(calls == 0);
  model.build_for({2});
  CHECK(calls == 2);
  CHECK(model.parameter_count() == 2 * 4 + 4 + 4 * 3 + 3 + 3 * 3 + 3);
}
