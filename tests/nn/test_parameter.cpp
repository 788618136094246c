#include <doctest/doctest.h>

#include <type_traits>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/model.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

struct Net : nn::Model {
  using nn::Module::buffer;
  using nn::Module::parameter;
  nn::Parameter scale = parameter("scale", full({2}, 3));
  nn::Buffer mean = buffer("mean", zeros({2}));
  nn::Buffer count = buffer("count", zeros({}, int64));
  Tensor forward(const Tensor& x) override { return x * scale; }
};

// parameter() gives a handle by value: a reference to a Tensor, whose assignment would lose the parameter, cannot be
// bound to it, and it is not made from any Tensor.
static_assert(std::is_same_v<decltype(std::declval<Net&>().parameter("w", Tensor())), nn::Parameter>);
static_assert(std::is_same_v<decltype(std::declval<Net&>().buffer("w", Tensor())), nn::Buffer>);
static_assert(!std::is_convertible_v<nn::Parameter, Tensor&>);
static_assert(!std::is_convertible_v<Tensor, nn::Parameter>);
// What looks like an assignment assigns, or does not compile.
static_assert(std::is_assignable_v<nn::Parameter&, const Tensor&>);
static_assert(!std::is_assignable_v<nn::Parameter, const Tensor&>);
static_assert(!std::is_assignable_v<const nn::Parameter&, const Tensor&>);

}  // namespace

TEST_CASE("parameter: assigning a tensor writes into the leaf that module, paths and optimizers share") {
  Net net;
  nn::SGD optimizer(net.parameters(), {.learning_rate = 1});
  const Tensor handle = net.scale, found = net["scale"];
  const auto version = handle.array().version();
  {
    const NoGrad values_only;
    net.scale = Tensor{4.0, 5.0};
  }
  CHECK(handle.array().version() == version + 1);
  for (const Tensor& each : {handle, found, net["scale"], net.parameters()[0].value})
    CHECK(numbers(each) == Numbers{4, 5});
  CHECK(net.scale.requires_grad());
  CHECK(net.parameters()[0].value.requires_grad());
  sum(net(ones({1, 2}))).backward();
  CHECK(numbers(handle.grad()) == Numbers{1, 1});
  optimizer.step();
  CHECK(numbers(net.scale) == Numbers{3, 4});
  CHECK(numbers(net["scale"]) == Numbers{3, 4});
}

TEST_CASE("parameter: numbers, lists, broadcast values and other dtypes are written too") {
  Net net;
  const NoGrad values_only;
  net.scale = 7;
  CHECK(numbers(net["scale"]) == Numbers{7, 7});
  net.scale = {1.0, 2.0};
  CHECK(numbers(net["scale"]) == Numbers{1, 2});
  net.scale = Tensor({0.5, 0.25}, float64);
  CHECK(numbers(net["scale"]) == Numbers{0.5, 0.25});
  CHECK(net.scale.dtype() == float32);
  net.scale = ones({1});
  CHECK(numbers(net["scale"]) == Numbers{1, 1});
  Net other;
  net.scale = other.scale;
  CHECK(numbers(net["scale"]) == Numbers{3, 3});
  CHECK_FALSE(net.scale.array().shares_storage(other.scale.array()));
}

TEST_CASE("parameter: compound assignment changes the elements") {
  Net net;
  const NoGrad values_only;
  net.scale += 1;
  net.scale *= Tensor{2.0, 3.0};
  net.scale -= 4;
  net.scale /= 2;
  CHECK(numbers(net["scale"]) == Numbers{2, 4});
  CHECK(net.scale.requires_grad());
}

TEST_CASE("parameter: while the change would have to be recorded it is an error, and nothing changes") {
  Net net;
  const std::string remedy =
      ", of shape (2,), needs a gradient, and a change of a parameter's elements is not recorded: use xg::NoGrad, or "
      "another variable for the result";
  const Tensor v = ones({2});
  CHECK_ERROR(GraphError, net.scale = v, "parameter = y: the parameter" + remedy);
  CHECK_ERROR(GraphError, net.scale = 1, "parameter = y: the parameter" + remedy);
  CHECK_ERROR(GraphError, net.scale += v, "parameter += y: the parameter" + remedy);
  CHECK_ERROR(GraphError, net.scale -= 1, "parameter -= y: the parameter" + remedy);
  CHECK_ERROR(GraphError, net.mean = net.scale * 2.0, "parameter = y: the value" + remedy);
  CHECK_ERROR(GraphError, net.mean += net.scale, "parameter += y: the value" + remedy);
  CHECK(numbers(net["scale"]) == Numbers{3, 3});
  CHECK(numbers(net["mean"]) == Numbers{0, 0});
  CHECK(net.scale.array().version() == 0);
  // Frozen, it is like a buffer.
  net.scale.set_requires_grad(false);
  net.scale = v;
  CHECK(numbers(net["scale"]) == Numbers{1, 1});
}

TEST_CASE("parameter: a buffer's assignment writes through, while the pass is recorded") {
  struct Counting : nn::Model {
    nn::Parameter scale = parameter("scale", ones({2}));
    nn::Buffer mean = buffer("mean", zeros({2}));
    nn::Buffer count = buffer("count", zeros({}, int64));
    Tensor forward(const Tensor& x) override {
      const Tensor y = x * scale;
      count += 1;
      mean = 0.5 * mean + 0.5 * xg::mean(y.detach(), {.axis = 0});
      return y;
    }
  } net;
  net(full({3, 2}, 4));
  net(full({3, 2}, 4));
  CHECK(net["count"].item() == 2);
  CHECK(numbers(net["mean"]) == Numbers{3, 3});
  CHECK(numbers(net.buffers()[0].value) == Numbers{3, 3});
  CHECK(net["count"].dtype() == int64);
}

TEST_CASE("parameter: values that do not fit, and handles of no parameter") {
  Net net;
  const NoGrad values_only;
  CHECK_ERROR(ShapeError, net.scale = ones({3}),
              "x[...] = y: values of shape (3,) do not broadcast to the (2,) elements that are written");
  CHECK_ERROR(DTypeError, net.count = 0.5,
              "x[...] = y: int64 elements cannot hold float32 values: convert one of them with astype");
  CHECK_ERROR(ShapeError, net.scale += ones({3, 2}),
              "a += b: a has shape (2,), and the result (3, 2), which its elements cannot hold: write a = a + b");
  nn::Parameter none;
  CHECK_ERROR(ValueError, none = ones({2}), "parameter = y: the handle is of no parameter");
  CHECK_ERROR(ValueError, none += 1, "parameter += y: the handle is of no parameter");
  CHECK(numbers(net["scale"]) == Numbers{3, 3});
}

TEST_CASE("parameter: a layer that builds late declares in its first pass") {
  struct Late : nn::Layer {
    nn::Parameter w;
    Tensor forward(const Tensor& x) override {
      if (!w.defined()) w = parameter("w", full({x.shape().back()}, 2));
      return x * w;
    }
  } layer;
  CHECK(layer.parameters().empty());
  CHECK(numbers(layer(ones({2}))) == Numbers{2, 2});
  CHECK(layer["w"].array().shares_storage(layer.w.array()));
  CHECK(layer.w.requires_grad());
}

TEST_CASE("parameter: a module that takes another's place takes its handles") {
  Net net, other;
  {
    const NoGrad values_only;
    other.scale = 5;
  }
  const Array old = net.scale.array();
  net = std::move(other);
  CHECK(numbers(net.scale) == Numbers{5, 5});
  CHECK(net.scale.array().shares_storage(net["scale"].array()));
  CHECK(old.to_vector<double>() == Numbers{3, 3});
  CHECK_FALSE(other.scale.defined());
}

TEST_CASE("parameter: frozen in one place, frozen everywhere; fit leaves it alone") {
  struct Frozen : nn::Model {
    nn::Dense& layer = add(nn::Dense({.units = 2, .input_dim = 2, .kernel_regularizer = nn::l2(0.5)}));
    nn::Parameter offset = parameter("offset", ones({2}), nn::l2(0.5));
    Tensor forward(const Tensor& x) override { return layer(x) + offset; }
  } model;
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.1}),
                 .loss = [](const Tensor&, const Tensor& p) { return sum(p) * 0.0; }});
  const Tensor x = ones({1, 2});
  model.train_on_batch(x, x);
  // After the optimizer has been given it, too.
  Tensor handle = model["offset"];
  handle.set_requires_grad(false);
  CHECK_FALSE(model.offset.requires_grad());
  const Numbers before = numbers(model.offset), kernel = numbers(model.layer["kernel"]);
  const double penalty = model.penalty().item();
  const auto history = model.fit(x, x, {.verbose = 0});
  CHECK(numbers(model.offset) == before);
  CHECK(numbers(model.layer["kernel"]) != kernel);
  CHECK(std::abs(history["loss"][0] - penalty) < 1e-6);
  model.offset.set_requires_grad(true);
  model.fit(x, x, {.verbose = 0});
  CHECK(numbers(model.offset) != before);
}

TEST_CASE(
    "parameter: a step counts the penalty of every parameter once, whether it was frozen or thawed since the last") {
  struct Freezing : nn::Model {
    nn::Dense& other = add(nn::Dense({.units = 1, .input_dim = 1}));
    nn::Parameter w;
    explicit Freezing(const nn::Regularizer& regularizer) : w(parameter("w", ones({2}), regularizer)) {}
    Tensor forward(const Tensor& x) override { return x * w; }
  };
  for (const nn::Regularizer& regularizer : {nn::l2(0.5), nn::l1(0.5)}) {
    Freezing model(regularizer);
    nn::Dense& other = model.other;
    model.compile({.optimizer = nn::SGD({.learning_rate = 0.1}),
                   .loss = [&](const Tensor&, const Tensor& p) { return (sum(p) + sum(other["kernel"])) * 0.0; }});
    const Tensor x = ones({1, 2});
    for (const bool trained : {true, false, true, false}) {
      model.w.set_requires_grad(trained);
      const Numbers before = numbers(model.w);
      const double penalty = model.penalty().item();
      CHECK(std::abs(model.train_on_batch(x, x).loss - penalty) < 1e-6);
      CHECK((numbers(model.w) != before) == trained);
    }
  }
}
