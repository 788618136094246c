#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/layers/dense.hpp"
#include "nn/optimizers/adamw.hpp"
#include "nn/optimizers/lamb.hpp"
#include "nn/optimizers/lion.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

/// Three numbers, each of which has the gradient 1.
struct Three {
  Tensor a = start(), b = start(), c = start();
  nn::ParameterList list{{"body.kernel", a}, {"body.bias", b}, {"head.kernel", c}};

  static Tensor start() { return Tensor(Array::full({1}, 4, float64)).set_requires_grad(); }
  void backward() const { sum(a + b + c).backward(); }
  Numbers values() const { return {a.item(), b.item(), c.item()}; }
};

}  // namespace

TEST_CASE("groups: factors of the learning rate; of several patterns that fit the last one counts") {
  Three three;
  nn::SGD sgd(three.list, {.learning_rate = 0.5});
  sgd.add_group("body.*", {.learning_rate_factor = 0.5});
  sgd.add_group("*.bias", {.learning_rate_factor = 0});
  three.backward();
  sgd.step();
  CHECK(three.values() == Numbers{3.75, 4, 3.5});
  CHECK(sgd.learning_rate() == 0.5);
}

TEST_CASE("groups: factors of the weight decay, in all optimizers that have one") {
  // The gradient's part is the same for all three: what differs is the decay.
  const auto decayed = [](auto optimizer, Three& three) {
    optimizer.attach(three.list);
    optimizer.add_group("body.bias", {.weight_decay_factor = 0});
    optimizer.add_group("head.*", {.weight_decay_factor = 2});
    three.backward();
    optimizer.step();
    const Numbers w = three.values();
    return Numbers{w[1] - w[0], w[1] - w[2]};
  };
  Three first, second, third;
  const double rate = 0.125;
  const Numbers adamw = decayed(nn::AdamW({.learning_rate = rate, .weight_decay = 0.25}), first);
  CHECK(largest_difference(adamw, {4 * rate * 0.25, 4 * rate * 0.5}) < 1e-12);
  const Numbers lion = decayed(nn::Lion({.learning_rate = rate, .weight_decay = 0.25}), second);
  CHECK(largest_difference(lion, {4 * rate * 0.25, 4 * rate * 0.5}) < 1e-12);
  // LAMB scales the sum of both to the size of the parameter: the bias alone shows no decay in its direction, of
  // size 1.
  nn::LAMB lamb(third.list, {.learning_rate = rate, .weight_decay = 0.25});
  lamb.add_group("*", {.weight_decay_factor = 0});
  third.backward();
  lamb.step();
  CHECK(third.a.item() == doctest::Approx(4 - rate * 4));
}

TEST_CASE("groups: a copy has them, and a model that is compiled with it") {
  nn::AdamW adamw({.learning_rate = 0.1});
  adamw.add_group("*.bias", {.learning_rate_factor = 0});
  nn::Sequential model{nn::Dense({.units = 2, .input_dim = 3})};
  model.compile({.optimizer = adamw, .loss = "mse"});
  const Numbers kernel = numbers(model["dense_1.kernel"]);
  model.train_on_batch(ones({4, 3}), ones({4, 2}));
  CHECK(numbers(model["dense_1.bias"]) == Numbers{0, 0});
  CHECK(numbers(model["dense_1.kernel"]) != kernel);
  nn::AdamW other;
  other = adamw;
  nn::AdamW moved = std::move(other);
  Three three;
  moved.attach(three.list);
  three.backward();
  moved.step();
  CHECK(three.b.item() == 4);
}

TEST_CASE("groups: what makes no sense changes nothing") {
  Three three;
  nn::SGD sgd(three.list, {.learning_rate = 1e20});
  CHECK_ERROR(ValueError, sgd.add_group("*", {.learning_rate_factor = -1}),
              "SGD: the learning rate factor of '*' must be at least 0, got -1");
  CHECK_ERROR(ValueError, sgd.add_group("*", {.weight_decay_factor = -1}),
              "SGD: the weight decay factor of '*' must be at least 0, got -1");
  CHECK_ERROR(ValueError, sgd.add_group("*.bias", {.weight_decay_factor = 0}),
              "SGD: add_group: a weight decay factor of 0 for '*.bias', and no weight decay: adamw, lamb and lion have "
              "one");
  three.backward();
  sgd.add_group("head.*", {.learning_rate_factor = 1e30});
  CHECK_ERROR(ValueError, sgd.step(),
              "SGD: the learning rate of step 0 for 'head.kernel' must be finite in float32, got 1e+50");
  CHECK(three.values() == Numbers{4, 4, 4});

  nn::SGD other(three.list);
  other.add_group("tail.*", {});
  const int line = __LINE__ - 1;
  CHECK(message_of<ValueError>([&] { other.step(); }) ==
        at_line("SGD: add_group: no parameter fits 'tail.*': known are body.kernel, body.bias, head.kernel", __FILE__,
                line));
  CHECK(three.values() == Numbers{4, 4, 4});
}
