#include "nn/optimizers/adam.hpp"

#include "nn/check_number.hpp"
#include "nn/optimizers/adam_update.hpp"
#include "nn/optimizers/checks.hpp"

namespace xg::nn {

Adam::Adam(const AdamOptions& options, std::source_location where)
    : Optimizer("Adam", options.learning_rate, where, options.gradient_transforms), options_(options) {
  for (const double beta : {options.beta_1, options.beta_2}) check_share("Adam: a beta", beta, where);
  check_epsilon("Adam", options.epsilon, where);
  check_not_negative("Adam: the decay", options.decay, where);
}

Adam::Adam(ParameterList parameters, const AdamOptions& options, std::source_location where) : Adam(options, where) {
  attach(std::move(parameters), where);
}

Spec Adam::spec() const {
  AdamOptions now = options_;
  now.learning_rate = learning_rate();
  return {"adam", arguments_of(now)};
}

std::vector<Array> Adam::make_state(const Array& parameter) const { return adam_state(parameter, options_.amsgrad); }

void Adam::update(Array& parameter, const Array& gradient, State& state) {
  const double rate = adam_rate(decayed_rate(options_.decay), options_.beta_1, options_.beta_2, state.steps);
  adam_update(parameter, gradient, state.arrays, {rate, options_.beta_1, options_.beta_2, options_.epsilon});
}

}  // namespace xg::nn
