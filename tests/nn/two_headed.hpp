#pragma once

#include <string>
#include <utility>
#include <vector>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/optimizers/adam.hpp"
#include "tests/nn/models.hpp"

/// A model of two inputs and two outputs, and samples for it.

/// Rows of four numbers with ages 0, 1, ...; a digit of three, one-hot, and the parity of the age.
struct TwoHeadedData {
  xg::Tensor image, age, digit, parity;

  explicit TwoHeadedData(std::int64_t count, std::uint64_t seed = 1)
      : image(xg::Generator(seed).normal({count, 4})), age(column(count)), parity(parity_of(age)) {
    Numbers rows;
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t k = 0; k < 3; ++k) rows.push_back(i % 3 == k);
    digit = xg::Array::from(rows, {count, 3}).astype(xg::float32);
  }
  static xg::Tensor parity_of(const xg::Tensor& age) {
    Numbers rows;
    for (const double years : numbers(age)) rows.push_back(std::fmod(years, 2));
    return xg::Array::from(rows, age.shape()).astype(xg::float32);
  }
  xg::nn::Tensors x() const { return {{"image", image}, {"age", age}}; }
  xg::nn::Tensors y() const { return {{"digit", digit}, {"parity", parity}}; }
};

/// Digits from both inputs, parity from what the digits are made of.
struct TwoHeaded : xg::nn::Model {
  xg::nn::Dense& hidden;
  xg::nn::Dense& digit = add(xg::nn::Dense({.units = 3, .activation = "softmax"}), "digit");
  xg::nn::Dense& parity = add(xg::nn::Dense({.units = 1, .activation = "sigmoid"}), "parity");

  explicit TwoHeaded(const xg::nn::Regularizer& regularizer = {})
      : hidden(add(xg::nn::Dense({.units = 6, .activation = "tanh", .kernel_regularizer = regularizer}))) {
    build_for_data();
  }
  xg::nn::Tensors forward_many(const xg::nn::Tensors& x) override {
    const xg::Tensor h = hidden(xg::concatenate({x["image"], x["age"] * 0.1}, 1));
    return {{"digit", digit(h)}, {"parity", parity(h)}};
  }

 private:
  void build_for_data() {
    hidden.build_for({5});
    digit.build_for({6});
    parity.build_for({6});
  }
};

/// One that is compiled.
inline TwoHeaded two_headed(const std::vector<std::pair<std::string, double>>& loss_weights = {}) {
  xg::manual_seed(1);
  TwoHeaded net;
  net.compile({.optimizer = xg::nn::Adam({.learning_rate = 0.05}),
               .loss = {{"digit", "categorical_crossentropy"}, {"parity", "binary_crossentropy"}},
               .metrics = {{"digit", "accuracy"}, "mae"},
               .loss_weights = loss_weights});
  return net;
}
