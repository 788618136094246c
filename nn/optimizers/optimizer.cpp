#include "nn/optimizers/optimizer.hpp"

#include <functional>
#include <utility>

#include "lib/kernels/arithmetic.hpp"
#include "lib/kernels/reduce.hpp"
#include "nn/lookup.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"

namespace xg::nn {

Optimizer::Optimizer(const char* name, double learning_rate, std::source_location where)
    : name_(name), learning_rate_(0) {
  set_learning_rate(learning_rate, where);
}

void Optimizer::attach(std::vector<NamedTensor> parameters) {
  parameters_ = std::move(parameters);
  std::erase_if(parameters_, [](const NamedTensor& parameter) { return !parameter.value.requires_grad(); });
  states_.assign(parameters_.size(), {});
}

void Optimizer::check_attached(std::source_location where) const {
  if (parameters_.empty())
    throw ValueError(concat(name_,
                            ": no parameters to change: construct it with net.parameters(), after the first pass "
                            "if layers learn their input size from it"),
                     where);
}

std::vector<Array>& Optimizer::state_of(std::size_t index) {
  if (states_[index].empty()) states_[index] = make_state(parameters_[index].value.array());
  return states_[index];
}

void Optimizer::step(std::source_location where) {
  check_attached(where);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor gradient = parameters_[i].value.grad();
    if (gradient.defined()) update(parameters_[i].value.array(), gradient.array().contiguous(), state_of(i));
  }
  ++iterations_;
}

double Optimizer::step_with_penalties(std::source_location where) {
  check_attached(where);
  double penalty = 0;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Array& parameter = parameters_[i].value.array();
    const double factor = parameters_[i].regularizer.l2_factor();
    const Tensor stored = parameters_[i].value.grad();
    if (!stored.defined() && factor == 0) continue;
    const Array gradient =
        stored.defined() ? stored.array().contiguous() : Array::zeros(parameter.shape(), parameter.dtype());
    if (factor == 0)
      update(parameter, gradient, state_of(i));
    else
      penalty += factor * update_decayed(parameter, gradient, state_of(i), 2 * factor);
  }
  ++iterations_;
  zero_grad();
  return penalty;
}

double Optimizer::update_decayed(Array& parameter, const Array& gradient, std::vector<Array>& state, double decay) {
  const double squares = kernels::sum_squares(parameter).item<double>();
  const Array decayed = kernels::multiply(parameter, Array::full({}, decay, parameter.dtype()));
  update(parameter, kernels::add(gradient, decayed), state);
  return squares;
}

void Optimizer::zero_grad() {
  for (auto& parameter : parameters_) parameter.value.zero_grad();
}

void Optimizer::set_learning_rate(double learning_rate, std::source_location where) {
  if (!(learning_rate >= 0))
    throw ValueError(concat(name_, ": the learning rate must be at least 0, got ", learning_rate), where);
  learning_rate_ = learning_rate;
}

OptimizerChoice::OptimizerChoice(const char* name, std::source_location where) {
  using Make = std::function<std::shared_ptr<Optimizer>()>;
  static const std::vector<std::pair<std::string_view, Make>> known{
      {"sgd", [] { return std::make_shared<SGD>(SGDOptions{}); }},
      {"adam", [] { return std::make_shared<Adam>(AdamOptions{}); }},
  };
  optimizer_ = find_by_name("optimizer", given_name("optimizer", name, where), known, where)();
}

}  // namespace xg::nn
