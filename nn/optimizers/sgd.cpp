#include "nn/optimizers/sgd.hpp"

#include "lib/kernels/update.hpp"
#include "nn/check_number.hpp"
#include "nn/optimizers/checks.hpp"

namespace xg::nn {

SGD::SGD(const SGDOptions& options, std::source_location where)
    : Optimizer("SGD", options.learning_rate, where, options.gradient_transforms), options_(options) {
  check_share("SGD: the momentum", options.momentum, where);
  check_not_negative("SGD: the decay", options.decay, where);
}

SGD::SGD(ParameterList parameters, const SGDOptions& options, std::source_location where) : SGD(options, where) {
  attach(std::move(parameters), where);
}

Spec SGD::spec() const {
  SGDOptions now = options_;
  now.learning_rate = learning_rate();
  return {"sgd", arguments_of(now)};
}

std::vector<Array> SGD::make_state(const Array& parameter) const {
  if (options_.momentum == 0) return {};
  return {Array::zeros(parameter.shape(), parameter.dtype())};
}

void SGD::update(Array& parameter, const Array& gradient, State& state) {
  const double rate = decayed_rate(options_.decay);
  if (options_.momentum == 0)
    kernels::sgd(parameter, gradient, rate);
  else
    kernels::sgd_momentum(parameter, gradient, state.arrays[0], rate, options_.momentum, options_.nesterov);
}

double SGD::update_decayed(Array& parameter, const Array& gradient, double decay, double* room) {
  return kernels::sgd_decayed(parameter, gradient, decayed_rate(options_.decay), decay, room);
}

}  // namespace xg::nn
