#include "nn/optimizers/sgd.hpp"

#include "lib/kernels/update.hpp"
#include "nn/check_number.hpp"

namespace xg::nn {

SGD::SGD(const SGDOptions& options, std::source_location where)
    : Optimizer("SGD", options.learning_rate, where, options.gradient_transforms), options_(options) {
  if (!(options.momentum >= 0 && options.momentum < 1))
    throw ValueError(concat("SGD: the momentum must lie in [0, 1), got ", options.momentum), where);
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

double SGD::rate() const { return learning_rate() / (1 + options_.decay * static_cast<double>(iterations())); }

void SGD::update(Array& parameter, const Array& gradient, State& state) {
  if (options_.momentum == 0)
    kernels::sgd(parameter, gradient, rate());
  else
    kernels::sgd_momentum(parameter, gradient, state.arrays[0], rate(), options_.momentum, options_.nesterov);
}

double SGD::update_decayed(Array& parameter, const Array& gradient, double decay, double* room) {
  return kernels::sgd_decayed(parameter, gradient, rate(), decay, room);
}

}  // namespace xg::nn
