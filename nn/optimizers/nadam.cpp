#include "nn/optimizers/nadam.hpp"

#include <cmath>

#include "lib/kernels/update.hpp"
#include "nn/check_number.hpp"
#include "nn/optimizers/checks.hpp"

namespace xg::nn {

Nadam::Nadam(const NadamOptions& options, std::source_location where)
    : Optimizer("Nadam", options.learning_rate, where, options.gradient_transforms), options_(options) {
  for (const double beta : {options.beta_1, options.beta_2}) check_share("Nadam: a beta", beta, where);
  check_epsilon("Nadam", options.epsilon, where);
  check_not_negative("Nadam: the schedule decay", options.schedule_decay, where);
}

Nadam::Nadam(ParameterList parameters, const NadamOptions& options, std::source_location where)
    : Nadam(options, where) {
  attach(std::move(parameters), where);
}

Spec Nadam::spec() const {
  NadamOptions now = options_;
  now.learning_rate = learning_rate();
  return {"nadam", arguments_of(now)};
}

std::vector<Array> Nadam::make_state(const Array& parameter) const {
  return {Array::zeros(parameter.shape(), parameter.dtype()), Array::zeros(parameter.shape(), parameter.dtype()),
          Array::full({1}, 1, float64)};
}

void Nadam::update(Array& parameter, const Array& gradient, State& state) {
  const auto t = static_cast<double>(state.steps + 1);
  const auto momentum_at = [&](double step) {
    return options_.beta_1 * (1 - 0.5 * std::pow(0.96, step * options_.schedule_decay));
  };
  const double now = momentum_at(t), next = momentum_at(t + 1);
  double& product = *state.arrays[2].data<double>();
  product *= now;
  const double rate = learning_rate() * next / (1 - product * next);
  const double gradient_rate = learning_rate() * (1 - now) / (1 - product);
  kernels::nadam(parameter, gradient, state.arrays[0], state.arrays[1],
                 {rate, options_.beta_1, options_.beta_2, options_.epsilon}, gradient_rate,
                 1 / (1 - std::pow(options_.beta_2, t)));
}

}  // namespace xg::nn
