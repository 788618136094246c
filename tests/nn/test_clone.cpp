#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "nn/clone.hpp"
#include "nn/layers/activation.hpp"
#include "nn/layers/flatten.hpp"
#include "nn/optimizers/adam.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;
using nn::Dense;

namespace {

struct Net : nn::Model {
  Dense& hidden = add(Dense({.units = 3, .activation = "tanh"}));
  nn::Sequential& rest = add(nn::Sequential{nn::Dropout(0.25), Dense({.units = 2})});
  nn::Buffer count = buffer("count", zeros({1}));
  Tensor forward(const Tensor& x) override { return rest(hidden(x)) + count; }
};

const Tensor x = Generator(3).normal({5, 4});

}  // namespace

TEST_CASE("clone: the same values in elements of its own") {
  nn::Sequential model{nn::Flatten(), Dense({.units = 3, .kernel_regularizer = "l2"}), nn::Activation("tanh"),
                       nn::Dropout(0.5), Dense({.units = 2, .dtype = float32})};
  model(x);
  nn::Sequential copy = model.clone();
  CHECK(same_weights(weights(model), weights(copy)));
  CHECK(same_bits(model.predict(x).array(), copy.predict(x).array()));
  CHECK(model.penalty().item() == copy.penalty().item());
  CHECK(copy.children()[1].first == "dense_1");
  // Dropout goes on with the same numbers.
  CHECK(same_bits(model(x).array(), copy(x).array()));
  copy.compile({.optimizer = "adam", .loss = "mse"});
  copy.train_on_batch(x, ones({5, 2}));
  CHECK_FALSE(same_weights(weights(model), weights(copy)));
  CHECK_FALSE(model.compiled());
}

TEST_CASE("clone: of a struct of the user's, built or not") {
  Net net;
  const Net unbuilt = nn::clone(net);
  CHECK(unbuilt.parameters().empty());
  net(x);
  net.freeze("dense_1.*");
  net.eval();
  {
    const NoGrad values_only;
    net.count += 2.0;
  }
  Net copy = nn::clone(net);
  CHECK(same_weights(weights(net), weights(copy)));
  CHECK(copy.count.item() == 2);
  CHECK_FALSE(copy.mode());
  CHECK_FALSE(copy.hidden.mode());
  CHECK_FALSE(copy["dense_1.kernel"].requires_grad());
  CHECK(copy["sequential_1.dense_1.kernel"].requires_grad());
  CHECK(same_bits(net(x).array(), copy(x).array()));
  // Its members are those of the copy.
  const NoGrad values_only;
  copy.count += 1.0;
  CHECK(net.count.item() == 2);
  CHECK(numbers(copy(x))[0] == numbers(net(x) + 1.0)[0]);
}

TEST_CASE("clone: models in a vector, and assigned") {
  std::vector<nn::Sequential> models;
  nn::Sequential first = sign_network();
  for (int i = 0; i < 5; ++i) models.push_back(first.clone());
  const SignProblem problem(8);
  for (const auto& model : models) CHECK(same_bits(model.predict(problem.x).array(), first.predict(problem.x).array()));
  models[1] = sign_network();
  CHECK_FALSE(same_bits(models[1].predict(problem.x).array(), first.predict(problem.x).array()));
}

TEST_CASE("clone: what cannot be") {
  struct Wide : nn::Model {
    Dense& layer;
    explicit Wide(std::int64_t units) : layer(add(Dense({.units = units, .input_dim = 2}))) {}
    Tensor forward(const Tensor& input) override { return layer(input); }
  };
  nn::Sequential model;
  model.add(Wide(3));
  CHECK(message_of<ValueError>([&] { model.clone(); })
            .starts_with("clone: Model does not say how it is copied: override copy() by `return std::make_shared<Net>"
                         "(nn::clone(*this));`"));
  Wide other(4), mine(3);
  CHECK_ERROR(ShapeError, mine.assign_state(other), "assign_state: 'kernel' has shape (2, 3) here and (2, 4) there");
  Net net;
  CHECK_ERROR(ValueError, net.assign_state(mine),
              "assign_state: the modules differ: child 2 is 'sequential_1' here and 'none' there");
}

TEST_CASE("clone: parts keep their own class") {
  struct Tenfold : Dense {
    Tenfold() : Dense({.units = 2, .input_dim = 2, .kernel_initializer = "ones"}) {}
    Tensor forward(const Tensor& input) override { return Dense::forward(input) * 10.0; }
  };
  struct Residual : nn::Sequential {
    Residual() { add(Dense({.units = 2, .input_dim = 2})); }
    Tensor forward(const Tensor& input) override { return Sequential::forward(input) + input; }
  };
  struct Nameless : nn::Dropout {
    explicit Nameless(double rate) : Dropout(rate) {}
  };
  nn::Sequential model{Tenfold(), Residual()};
  const Tensor given = ones({1, 2});
  CHECK(same_bits(model.clone()(given).array(), model(given).array()));
  CHECK(same_bits(model.clone().clone()(given).array(), model(given).array()));
  model.add(Nameless(0.5));
  CHECK(message_of<ValueError>([&] { model.clone(); }).starts_with("clone: Dropout does not say how it is copied"));
}
