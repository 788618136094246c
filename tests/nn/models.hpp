#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "autograd/creation.hpp"
#include "lib/random.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/dropout.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"

/// Models, data and a callback on which the trainer is tested.

inline std::vector<xg::Array> weights(const xg::nn::Module& module) {
  std::vector<xg::Array> values;
  for (const auto& parameter : module.parameters()) values.push_back(parameter.value.array().clone());
  return values;
}

inline bool same_weights(const std::vector<xg::Array>& a, const std::vector<xg::Array>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same_bits);
}

/// Two numbers a sample, and their class: 1 where they have the same sign. No line separates the classes.
struct SignProblem {
  xg::Tensor x, labels;
  explicit SignProblem(std::int64_t count, std::uint64_t seed = 1) : x(xg::Generator(seed).uniform({count, 2}, -1, 1)) {
    const Numbers values = numbers(x);
    std::vector<std::int64_t> classes;
    for (std::size_t i = 0; i < values.size(); i += 2) classes.push_back(values[i] * values[i + 1] > 0);
    labels = xg::Array::from(classes, {count});
  }
};

inline xg::nn::Sequential sign_network(double dropout = 0) {
  return {xg::nn::Dense({.units = 32, .input_dim = 2, .activation = "tanh"}), xg::nn::Dropout(dropout),
          xg::nn::Dense({.units = 2, .activation = "softmax"})};
}

/// A linear model that writes down the samples it sees.
struct Recorder : xg::nn::Model {
  xg::nn::Dense& layer = add(xg::nn::Dense({.units = 1, .input_dim = 1, .kernel_initializer = "ones"}));
  Numbers trained, evaluated;

  xg::Tensor forward(const xg::Tensor& x) override {
    auto& seen = training() ? trained : evaluated;
    for (const double value : numbers(x)) seen.push_back(value);
    return layer(x);
  }
};

/// 0, 1, ..., count - 1 as one column.
inline xg::Tensor column(std::int64_t count) { return xg::Tensor(xg::arange(count).array().astype(xg::float32).reshape({count, 1})); }

/// Writes down what it is told.
struct Log : xg::nn::Callback {
  std::vector<std::string>& lines;
  std::string name;
  explicit Log(std::vector<std::string>& target, std::string title = "") : lines(target), name(std::move(title)) {}

  static std::string text(const xg::nn::Logs& logs) {
    std::string result;
    for (const auto& [figure, value] : logs) result += xg::concat(' ', figure, '=', value);
    return result;
  }
  void on_train_begin(xg::nn::TrainingRun& run) override {
    lines.push_back(xg::concat(name, "begin ", run.epochs, ' ', run.samples, ' ', run.validation_samples));
  }
  void on_train_end(xg::nn::TrainingRun&) override { lines.push_back(name + "end"); }
  void on_epoch_begin(xg::nn::TrainingRun&, int epoch) override { lines.push_back(xg::concat(name, "epoch ", epoch)); }
  void on_epoch_end(xg::nn::TrainingRun&, int epoch, const xg::nn::Logs& logs) override {
    lines.push_back(xg::concat(name, "epoch ", epoch, " done", text(logs)));
  }
  void on_batch_begin(xg::nn::TrainingRun&, std::int64_t batch) override { lines.push_back(xg::concat(name, "batch ", batch)); }
  void on_batch_end(xg::nn::TrainingRun&, std::int64_t batch, std::int64_t seen, const xg::nn::Logs& logs) override {
    lines.push_back(xg::concat(name, "batch ", batch, " done ", seen, text(logs)));
  }
};
