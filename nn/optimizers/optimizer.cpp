#include "nn/optimizers/optimizer.hpp"

#include <functional>

#include "nn/lookup.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"

namespace xg::nn {

Optimizer::Optimizer(const char* name, double learning_rate, std::source_location where) : name_(name), learning_rate_(0) {
  set_learning_rate(learning_rate, where);
}

void Optimizer::attach(std::vector<NamedTensor> parameters) {
  parameters_ = std::move(parameters);
  states_.assign(parameters_.size(), {});
}

void Optimizer::step(std::source_location where) {
  if (parameters_.empty())
    throw ValueError(concat(name_, ": no parameters to change: construct it with net.parameters(), after the first pass "
                            "if layers learn their input size from it"),
                     where);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor gradient = parameters_[i].value.grad();
    if (!gradient.defined()) continue;
    Array parameter = parameters_[i].value.array();
    if (states_[i].empty()) states_[i] = make_state(parameter);
    update(parameter, gradient.array().contiguous(), states_[i]);
  }
  ++iterations_;
}

void Optimizer::step_and_zero_grad(std::source_location where) {
  step(where);
  for (auto& [name, value] : parameters_) value.clear_grad();
}

void Optimizer::zero_grad() {
  for (auto& [name, value] : parameters_) value.zero_grad();
}

void Optimizer::set_learning_rate(double learning_rate, std::source_location where) {
  if (!(learning_rate >= 0))
    throw ValueError(concat(name_, ": the learning rate must not be negative, got ", learning_rate), where);
  learning_rate_ = learning_rate;
}

OptimizerChoice::OptimizerChoice(const char* name, std::source_location where) {
  using Make = std::function<std::shared_ptr<Optimizer>()>;
  static const std::vector<std::pair<std::string_view, Make>> known{
      {"sgd", [] { return std::make_shared<SGD>(SGDOptions{}); }},
      {"adam", [] { return std::make_shared<Adam>(AdamOptions{}); }},
  };
  optimizer_ = find_by_name("optimizer", name, known, where)();
}

}  // namespace xg::nn
