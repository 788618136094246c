#include "nn/optimizers/rmsprop.hpp"

#include "lib/kernels/update.hpp"
#include "nn/check_number.hpp"
#include "nn/optimizers/checks.hpp"

namespace xg::nn {

RMSprop::RMSprop(const RMSpropOptions& options, std::source_location where)
    : Optimizer("RMSprop", options.learning_rate, where, options.gradient_transforms), options_(options) {
  check_share("RMSprop: rho", options.rho, where);
  check_share("RMSprop: the momentum", options.momentum, where);
  check_epsilon("RMSprop", options.epsilon, where);
  check_not_negative("RMSprop: the decay", options.decay, where);
}

RMSprop::RMSprop(ParameterList parameters, const RMSpropOptions& options, std::source_location where)
    : RMSprop(options, where) {
  attach(std::move(parameters), where);
}

Spec RMSprop::spec() const {
  RMSpropOptions now = options_;
  now.learning_rate = learning_rate();
  return {"rmsprop", arguments_of(now)};
}

std::vector<Array> RMSprop::make_state(const Array& parameter) const {
  std::vector<Array> state(std::size_t{1} + options_.centered + (options_.momentum != 0));
  for (Array& array : state) array = Array::zeros(parameter.shape(), parameter.dtype());
  return state;
}

void RMSprop::update(Array& parameter, const Array& gradient, State& state) {
  Array* const mean = options_.centered ? &state.arrays[1] : nullptr;
  Array* const velocity = options_.momentum != 0 ? &state.arrays.back() : nullptr;
  kernels::rmsprop(parameter, gradient, state.arrays[0], mean, velocity,
                   {decayed_rate(options_.decay), options_.rho, options_.epsilon, options_.momentum});
}

}  // namespace xg::nn
