#include "nn/optimizers/lion.hpp"

#include "lib/kernels/update.hpp"
#include "nn/check_number.hpp"
#include "nn/optimizers/checks.hpp"

namespace xg::nn {

Lion::Lion(const LionOptions& options, std::source_location where)
    : Optimizer("Lion", options.learning_rate, where, options.gradient_transforms), options_(options) {
  for (const double beta : {options.beta_1, options.beta_2}) check_share("Lion: a beta", beta, where);
  check_not_negative("Lion: the weight decay", options.weight_decay, where);
}

Lion::Lion(ParameterList parameters, const LionOptions& options, std::source_location where) : Lion(options, where) {
  attach(std::move(parameters), where);
}

Spec Lion::spec() const {
  LionOptions now = options_;
  now.learning_rate = learning_rate();
  return {"lion", arguments_of(now)};
}

std::vector<Array> Lion::make_state(const Array& parameter) const {
  return {Array::zeros(parameter.shape(), parameter.dtype())};
}

void Lion::update(Array& parameter, const Array& gradient, State& state) {
  const double rate = learning_rate();
  kernels::lion(parameter, gradient, state.arrays[0],
                {rate, options_.beta_1, options_.beta_2, rate * weight_decay(options_.weight_decay)});
}

}  // namespace xg::nn
