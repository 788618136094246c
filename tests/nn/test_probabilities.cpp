#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/graph.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/origin.hpp"
#include "lib/memory_pool.hpp"
#include "nn/layers/activation.hpp"
#include "nn/losses.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/close.hpp"

// What a crossentropy makes of probabilities: exact behind a layer, and true for all who watch them.

using namespace xg;
using nn::binary_crossentropy;
using nn::categorical_crossentropy;

namespace {

/// Two logits that are `gap` apart; labels say that the lower one is right.
constexpr double gap = 200;
const Tensor wrong_class{{0.0, 1.0}};
const Tensor one = Tensor{{1.0}};

/// A Dense that makes the logits (gap, 0), or (gap) alone, of the input 1, without bias.
nn::DenseOptions logits(std::int64_t units) {
  return {.units = units,
          .input_dim = 1,
          .use_bias = false,
          .kernel_initializer = nn::Initializer([](const Shape& shape, DType dtype, Generator&) {
            Array values = Array::zeros(shape, dtype);
            values.data<float>()[0] = gap;
            return values;
          })};
}

nn::Sequential dense(const char* activation, std::int64_t units) {
  nn::DenseOptions options = logits(units);
  options.activation = activation;
  return {nn::Dense(options)};
}

nn::Sequential separate(const char* activation, std::int64_t units) {
  return {nn::Dense(logits(units)), nn::Activation(activation)};
}

Tensor kernel(const nn::Module& net) { return net.parameters().front().value; }

struct Case {
  const char* activation;
  const char* loss;
  Tensor labels;
  Numbers gradient;  ///< p - y
};

std::vector<Case> cases() {
  return {{"softmax", "categorical_crossentropy", wrong_class, {1, -1}},
          {"softmax", "sparse_categorical_crossentropy", Tensor{1}, {1, -1}},
          {"sigmoid", "binary_crossentropy", Tensor{{0.0}}, {1}}};
}

}  // namespace

TEST_CASE("probabilities: behind a layer, a sure and wrong prediction costs its logit gap, by hand") {
  for (const Case& each : cases())
    for (const auto& build : {dense, separate}) {
      CAPTURE(each.loss);
      const auto units = static_cast<std::int64_t>(each.gradient.size());
      nn::Sequential net = build(each.activation, units);
      const nn::Loss loss(each.loss);
      {
        const NoGrad values_only;
        const Tensor value = loss(each.labels, net(one));
        CHECK(value.item() == gap);
        CHECK_FALSE(value.requires_grad());
      }
      const Tensor value = loss(each.labels, net(one));
      CHECK(value.item() == gap);
      value.backward();
      CHECK(largest_difference(numbers(kernel(net).grad()), each.gradient) < 1e-6);
    }
}

TEST_CASE("probabilities: the same in fit and evaluate") {
  for (const Case& each : cases())
    for (const auto& build : {dense, separate}) {
      CAPTURE(each.loss);
      const auto units = static_cast<std::int64_t>(each.gradient.size());
      nn::Sequential net = build(each.activation, units);
      net.compile({.optimizer = nn::SGD({.learning_rate = 1}), .loss = each.loss});
      CHECK(net.evaluate(one, each.labels, {.verbose = 0}).loss == gap);
      const Numbers before = numbers(kernel(net));
      CHECK(net.fit(one, each.labels, {.verbose = 0})["loss"].front() == gap);
      CHECK(largest_difference(numbers(Tensor(before.front()) - kernel(net)[{0, 0}]), {each.gradient.front()}) < 1e-6);
    }
}

TEST_CASE("probabilities: from a softmax operation, as long as they can be represented") {
  const Tensor y = wrong_class;
  const auto check = [&](const Tensor& labels, auto&& path) {
    Tensor z = Tensor{{80.0, 0.0}}.set_requires_grad();
    const Tensor loss = categorical_crossentropy(labels, path(z));
    CHECK(loss.item() == Close(80, 1e-6));
    loss.backward();
    CHECK(largest_difference(numbers(z.grad()), {1, -1}) < 1e-6);
  };
  check(y, [](const Tensor& z) { return softmax(z); });
  check(reshape(y, {1, 1, 2}), [](const Tensor& z) { return reshape(softmax(z), {1, 1, 2}); });
  check(y, [](const Tensor& z) { return transpose(softmax(transpose(z), 0)); });
  check(y, [](const Tensor& z) { return reshape(nn::Activation("softmax")(z), {1, 2}); });

  Tensor z = Tensor{{-80.0}}.set_requires_grad();
  const Tensor loss = binary_crossentropy(one, sigmoid(z));
  CHECK(loss.item() == Close(80, 1e-6));
  loss.backward();
  CHECK(numbers(z.grad()).front() == Close(-1, 1e-6));
}

TEST_CASE("probabilities: a hook on them sees -y / p and may change it") {
  nn::Activation layer("softmax");
  Tensor z = Tensor{{1.0, 0.0}}.set_requires_grad();
  const Tensor p = layer(z), loss = categorical_crossentropy(wrong_class, p);
  Numbers seen;
  double factor = 1;
  const auto hook = [&](const Tensor& gradient) {
    seen = numbers(gradient);
    return gradient * factor;
  };
  Tensor watched = p;
  auto handle = watched.register_hook(hook);
  const Numbers expected = numbers(-wrong_class / p.detach()), difference = numbers(p.detach() - wrong_class);
  loss.backward({.retain_graph = true});
  CHECK(largest_difference(seen, expected) < 1e-6);
  CHECK(largest_difference(numbers(z.grad()), difference) < 1e-6);
  z.zero_grad();
  factor = 3;
  loss.backward({.retain_graph = true});
  CHECK(largest_difference(numbers(z.grad()), numbers(Tensor(3.0) * (p.detach() - wrong_class))) < 1e-6);
  z.zero_grad();
  handle.remove();
  loss.backward();
  CHECK(largest_difference(numbers(z.grad()), difference) < 1e-6);
}

TEST_CASE("probabilities: retain_grad, grad and hooks of modules see -y / p too") {
  nn::Activation layer("sigmoid");
  Tensor z = Tensor{{1.0, -2.0}}.set_requires_grad();
  const Tensor y{{0.0, 1.0}};
  Numbers seen;
  const auto handle = layer.register_backward_hook([&](nn::Module&, const Tensor& gradient) {
    seen = numbers(gradient);
    return Tensor();
  });
  Tensor p = layer(z);
  p.retain_grad();
  const Numbers expected = numbers((p.detach() - y) / (p.detach() * (1.0 - p.detach())) * 0.5);
  const Tensor loss = binary_crossentropy(y, p);
  CHECK(largest_difference(numbers(grad(loss, p, {.retain_graph = true})), expected) < 1e-6);
  loss.backward();
  CHECK(largest_difference(numbers(p.grad()), expected) < 1e-6);
  CHECK(largest_difference(seen, expected) < 1e-6);
  CHECK(largest_difference(numbers(z.grad()), numbers((p.detach() - y) * 0.5)) < 1e-6);
}

TEST_CASE("probabilities: other terms of the loss may use them") {
  nn::Activation layer("softmax");
  const Tensor start({{1.0, 0.0, -2.0}}, float64), y({{0.0, 0.75, 0.25}}, float64);
  const auto total = [&](const Tensor& p) { return categorical_crossentropy(y, p) + sum(p * p); };
  Tensor z = start.array().clone();
  z.set_requires_grad();
  const Tensor p = layer(z);
  CHECK(largest_difference(numbers(grad(total(p), p)), numbers(-y / p.detach() + 2.0 * p.detach())) < 1e-12);
  total(layer(z)).backward();
  Tensor by_operation = start.array().clone();
  by_operation.set_requires_grad();
  total(softmax(by_operation)).backward();
  CHECK(largest_difference(numbers(z.grad()), numbers(by_operation.grad())) < 1e-12);
}

TEST_CASE("probabilities: labels with a gradient get it, whether the probabilities are watched or not") {
  for (const auto& [activation, loss] :
       {std::pair("softmax", &categorical_crossentropy), std::pair("sigmoid", &binary_crossentropy)})
    for (const bool watched : {false, true}) {
      CAPTURE(activation);
      nn::Activation layer(activation);
      Tensor z = Tensor({{0.5, -1.0}}, float64).set_requires_grad(),
             y = Tensor({{0.25, 0.75}}, float64).set_requires_grad();
      Tensor p = layer(z);
      if (watched) p.retain_grad();
      (*loss)(y, p, {}, std::source_location::current()).backward();
      const Tensor q = p.detach();
      const Tensor expected = activation == std::string("softmax") ? -log(q) : (log(1.0 - q) - log(q)) * 0.5;
      CHECK(largest_difference(numbers(y.grad()), numbers(expected)) < 1e-12);
    }
}

TEST_CASE("probabilities: second derivatives agree with those of the logits") {
  const Tensor y({{0.0, 1.0, 0.0}}, float64);
  for (const bool watched : {false, true}) {
    Tensor z = Tensor({{1.0, 0.5, -0.5}}, float64).set_requires_grad();
    Tensor p = nn::Activation("softmax")(z);
    if (watched) p.retain_grad();
    const Tensor first = grad(categorical_crossentropy(y, p), z, {.create_graph = true});
    const Tensor second = grad(sum(first * first), z);
    const Tensor expected_first =
        grad(categorical_crossentropy(y, z, {.from_logits = true}), z, {.create_graph = true});
    CHECK(largest_difference(numbers(first), numbers(expected_first)) < 1e-12);
    CHECK(largest_difference(numbers(second), numbers(grad(sum(expected_first * expected_first), z))) < 1e-12);
  }
}

TEST_CASE("probabilities: a constant gets no gradient through what it was made of") {
  Tensor z = Tensor{{gap, 0.0}}.set_requires_grad();
  Tensor p;
  {
    const NoGrad values_only;
    p = nn::Activation("softmax")(z);
  }
  const Tensor loss = categorical_crossentropy(wrong_class, p);
  CHECK(loss.item() == gap);
  CHECK_FALSE(loss.requires_grad());
}

TEST_CASE("probabilities: those that were changed are no longer the layer's") {
  nn::Activation layer("softmax");
  const Tensor z{{gap, 0.0}};
  Tensor p = layer(z);
  CHECK(input_of(p, "softmax").defined());
  CHECK_FALSE(input_of(p, "sigmoid").defined());
  p.assign(Tensor{{0.5, 0.5}});
  CHECK_FALSE(input_of(p, "softmax").defined());
  CHECK(categorical_crossentropy(wrong_class, p).item() == Close(std::log(2.0), 1e-6));
  Tensor other = layer(z);
  other.array() = Tensor{{0.25, 0.75}}.array();
  CHECK_FALSE(input_of(other, "softmax").defined());
  CHECK(categorical_crossentropy(wrong_class, other).item() == Close(std::log(4.0 / 3), 1e-6));
}

TEST_CASE("probabilities: a softmax that feeds no loss keeps no logits") {
  constexpr std::int64_t elements = 1 << 18;
  const auto used = [] { return pool::statistics().used_bytes; };
  nn::Activation layer("softmax");
  Tensor w = ones({1, elements}).set_requires_grad();
  const auto before = used();
  Tensor y;
  {
    const Tensor p = layer(w * 2.0);
    y = p * 3.0;
  }
  // What the softmax needs for its gradient, and the product.
  CHECK(used() - before < 3 * elements * 4);
}

TEST_CASE("probabilities: evaluate records no graph") {
  nn::Sequential net = dense("softmax", 2);
  bool records = false;
  const nn::Metric watch("watch", [&](const Tensor&, const Tensor& p) {
    records = records || p.requires_grad();
    return 0.0;
  });
  net.compile({.optimizer = "sgd", .loss = "categorical_crossentropy", .metrics = {watch}});
  net.evaluate(one, wrong_class, {.verbose = 0});
  CHECK_FALSE(records);
}
