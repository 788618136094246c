#include "nn/optimizers/lamb.hpp"

#include <cmath>

#include "lib/kernels/update.hpp"
#include "nn/check_number.hpp"
#include "nn/optimizers/checks.hpp"

namespace xg::nn {

LAMB::LAMB(const LAMBOptions& options, std::source_location where)
    : Optimizer("LAMB", options.learning_rate, where, options.gradient_transforms), options_(options) {
  for (const double beta : {options.beta_1, options.beta_2}) check_share("LAMB: a beta", beta, where);
  check_epsilon("LAMB", options.epsilon, where);
  check_not_negative("LAMB: the weight decay", options.weight_decay, where);
}

LAMB::LAMB(ParameterList parameters, const LAMBOptions& options, std::source_location where) : LAMB(options, where) {
  attach(std::move(parameters), where);
}

Spec LAMB::spec() const {
  LAMBOptions now = options_;
  now.learning_rate = learning_rate();
  return {"lamb", arguments_of(now)};
}

std::vector<Array> LAMB::make_state(const Array& parameter) const {
  const auto room = static_cast<std::int64_t>(2 * kernels::decay_room(parameter.size()));
  return {Array::zeros(parameter.shape(), parameter.dtype()), Array::zeros(parameter.shape(), parameter.dtype()),
          Array::zeros({room}, float64)};
}

void LAMB::update(Array& parameter, const Array& gradient, State& state) {
  const auto t = static_cast<double>(state.steps + 1);
  const double first = 1 / (1 - std::pow(options_.beta_1, t)), second = 1 / (1 - std::pow(options_.beta_2, t));
  kernels::lamb(
      parameter, gradient, state.arrays[0], state.arrays[1],
      {{learning_rate(), options_.beta_1, options_.beta_2, options_.epsilon, weight_decay(options_.weight_decay)},
       first,
       second},
      state.arrays[2].data<double>());
}

}  // namespace xg::nn
