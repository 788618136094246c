#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/layers/activation.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"

// What functions of the user's may not give, where a tensor or values are wanted.

using namespace xg;
using nn::Dense;

namespace {

const Tensor x = ones({4, 3}), y = ones({4, 2});

Tensor nothing(const Tensor&) { return {}; }

}  // namespace

TEST_CASE("user functions: an activation that gives nothing") {
  nn::Activation layer(nothing);
  CHECK_ERROR(ValueError, layer(x), "activation 'custom': the function gave an undefined result");
  const nn::ActivationFunction by_hand = nothing;
  CHECK_ERROR(ValueError, by_hand(x), "activation 'custom': the function gave an undefined result");
}

TEST_CASE("user functions: a regularizer that gives nothing, or several numbers") {
  const nn::Regularizer empty = nothing, several = [](const Tensor&w) { return w * w; };
  CHECK_ERROR(ValueError, empty(x), "regularizer 'custom': the function gave an undefined result");
  const std::string text =
      "regularizer 'custom': one number was expected, it gave a tensor of shape (3, 2): take its sum() or mean()";
  nn::Sequential model{Dense({.units = 2, .input_dim = 3, .kernel_regularizer = several})};
  model.compile({.optimizer = "sgd", .loss = "mse"});
  CHECK_ERROR(ShapeError, model.fit(x, y, {.verbose = 0}), text);
  CHECK_ERROR(ShapeError, model.evaluate(x, y, {.verbose = 0}), text);
  Dense layer({.units = 2, .input_dim = 3, .activity_regularizer = several});
  CHECK_ERROR(ShapeError, layer(x),
              "regularizer 'custom': one number was expected, it gave a tensor of shape (4, 2): take its sum() or "
              "mean()");
}

TEST_CASE("user functions: a loss or a metric that gives nothing") {
  nn::Sequential model{Dense({.units = 2, .input_dim = 3})};
  const auto two = [](const Tensor&, const Tensor&) { return Tensor(); };
  model.compile({.optimizer = "sgd", .loss = two});
  CHECK_ERROR(ValueError, model.fit(x, y, {.verbose = 0}), "loss 'custom': the function gave an undefined result");
  model.compile({.optimizer = "sgd", .loss = "mse", .metrics = {two}});
  CHECK_ERROR(ValueError, model.fit(x, y, {.verbose = 0}), "metric 'custom': the function gave an undefined result");
}

TEST_CASE("user functions: a loss called by hand names the line of the call, and none is told") {
  const nn::Loss loss = "mse", none;
  CHECK_ERROR(ShapeError, loss(x, y), "mean_squared_error: y_true has shape (4, 3), y_pred (4, 2)");
  CHECK_ERROR(ValueError, none(x, y), "loss: none was chosen");
}

TEST_CASE("user functions: an initializer that gives values of another shape or dtype") {
  const auto fixed = [](const Array& values) { return [=](const Shape&, DType, Generator&) { return values; }; };
  CHECK_ERROR(ShapeError,
              Dense({.units = 2, .input_dim = 3, .kernel_initializer = fixed(Array::zeros({2, 3}, float32))}),
              "initializer 'custom': values of shape (3, 2) were asked for, it gave (2, 3)");
  CHECK_ERROR(DTypeError, Dense({.units = 2, .input_dim = 3, .bias_initializer = fixed(Array::zeros({2}, float64))}),
              "initializer 'custom': float32 values were asked for, it gave float64");
  CHECK_ERROR(ValueError, Dense({.units = 2, .input_dim = 3, .kernel_initializer = fixed(Array())}),
              "initializer 'custom': the function gave an undefined result");
}

TEST_CASE("user functions: values that an initializer keeps, or gives as a view, are copied") {
  const Array kept = Array::full({2, 3}, 1, float32).transposed();
  const auto give = [=](const Shape&, DType, Generator&) { return kept; };
  Dense first({.units = 2, .input_dim = 3, .kernel_initializer = give});
  CHECK_FALSE(first["kernel"].array().shares_storage(kept));
  CHECK(first["kernel"].array().is_contiguous());
  const auto view = [](const Shape&, DType dtype, Generator&) { return Array::full({2, 3}, 1, dtype).transposed(); };
  Dense second({.units = 2, .input_dim = 3, .kernel_initializer = view});
  CHECK(second["kernel"].array().is_contiguous());
  CHECK(numbers(second["kernel"]) == Numbers(6, 1.0));
}

TEST_CASE("user functions: a penalty in forward() that is no number") {
  struct Net : nn::Module {
    Tensor term;
    explicit Net(Tensor given) : term(std::move(given)) {}
    Tensor forward(const Tensor& input) override {
      add_penalty(term);
      return input;
    }
    std::string type() const override { return "Net"; }
  };
  Net vector(ones({3})), none{Tensor()};
  const auto text_of = [](auto call) { return message_of<Error>(call).substr(0, 70); };
  CHECK(text_of([&] { vector(x); }).starts_with("Net: a penalty is one number, got a tensor of shape (3,): take its "));
  CHECK(text_of([&] { none(x); }).starts_with("Net: a penalty is one number, got an undefined tensor\n"));
}

TEST_CASE("user functions: an undefined input") {
  nn::Sequential model{Dense({.units = 2})};
  CHECK_ERROR(ValueError, model(Tensor()), "Sequential: the input is an undefined tensor");
  CHECK_ERROR(ValueError, model(nn::Tensors({x, Tensor()})), "Sequential: the input is an undefined tensor");
  CHECK_FALSE(model.children()[0].second->built());
}
