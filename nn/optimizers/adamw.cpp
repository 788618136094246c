#include "nn/optimizers/adamw.hpp"

#include "lib/kernels/update.hpp"
#include "nn/check_number.hpp"
#include "nn/optimizers/adam_update.hpp"
#include "nn/optimizers/checks.hpp"

namespace xg::nn {

AdamW::AdamW(const AdamWOptions& options, std::source_location where)
    : Optimizer("AdamW", options.learning_rate, where, options.gradient_transforms), options_(options) {
  for (const double beta : {options.beta_1, options.beta_2}) check_share("AdamW: a beta", beta, where);
  check_epsilon("AdamW", options.epsilon, where);
  check_not_negative("AdamW: the weight decay", options.weight_decay, where);
}

AdamW::AdamW(ParameterList parameters, const AdamWOptions& options, std::source_location where)
    : AdamW(options, where) {
  attach(std::move(parameters), where);
}

Spec AdamW::spec() const {
  AdamWOptions now = options_;
  now.learning_rate = learning_rate();
  return {"adamw", arguments_of(now)};
}

std::vector<Array> AdamW::make_state(const Array& parameter) const { return adam_state(parameter, options_.amsgrad); }

void AdamW::update(Array& parameter, const Array& gradient, State& state) {
  const double rate = adam_rate(learning_rate(), options_.beta_1, options_.beta_2, state.steps);
  const double decay = learning_rate() * weight_decay(options_.weight_decay);
  adam_update(parameter, gradient, state.arrays, {rate, options_.beta_1, options_.beta_2, options_.epsilon, decay});
}

}  // namespace xg::nn
