#pragma once

#include <algorithm>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"

/// A model of one weight whose losses are given, epoch by epoch, while the weight grows by the learning rate.
struct Scripted : xg::nn::Sequential {
  explicit Scripted(Numbers losses, xg::nn::LearningRate rate = 1) {
    add(xg::nn::Dense({.units = 1, .input_dim = 1, .use_bias = false, .kernel_initializer = "zeros"}));
    compile({.optimizer = xg::nn::SGD({.learning_rate = std::move(rate)}),
             .loss = [losses, epoch = std::size_t{0}](const xg::Tensor&, const xg::Tensor& p) mutable {
               return xg::sum(p.detach()) - xg::sum(p) + losses.at(epoch++);
             }});
  }
  xg::nn::History run(std::vector<xg::nn::CallbackChoice> callbacks, int epochs) {
    return fit(xg::ones({1, 1}), xg::ones({1, 1}), {.epochs = epochs, .verbose = 0, .callbacks = std::move(callbacks)});
  }
  double weight() const { return (*this)["dense_1.kernel"].item(); }
};

/// What is written to std::cout until it is asked for.
class Caught {
 public:
  Caught() : before_(std::cout.rdbuf(text_.rdbuf())) {}
  ~Caught() { std::cout.rdbuf(before_); }
  Caught(const Caught&) = delete;
  Caught& operator=(const Caught&) = delete;
  std::string text() const {
    std::cout.rdbuf(before_);  // doctest writes there, too
    return text_.str();
  }

 private:
  std::ostringstream text_;
  std::streambuf* before_;
};
