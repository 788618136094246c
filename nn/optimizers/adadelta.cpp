#include "nn/optimizers/adadelta.hpp"

#include "lib/kernels/update.hpp"
#include "nn/check_number.hpp"
#include "nn/optimizers/checks.hpp"

namespace xg::nn {

Adadelta::Adadelta(const AdadeltaOptions& options, std::source_location where)
    : Optimizer("Adadelta", options.learning_rate, where, options.gradient_transforms), options_(options) {
  check_share("Adadelta: rho", options.rho, where);
  check_epsilon("Adadelta", options.epsilon, where);
  check_not_negative("Adadelta: the decay", options.decay, where);
}

Adadelta::Adadelta(ParameterList parameters, const AdadeltaOptions& options, std::source_location where)
    : Adadelta(options, where) {
  attach(std::move(parameters), where);
}

Spec Adadelta::spec() const {
  AdadeltaOptions now = options_;
  now.learning_rate = learning_rate();
  return {"adadelta", arguments_of(now)};
}

std::vector<Array> Adadelta::make_state(const Array& parameter) const {
  return {Array::zeros(parameter.shape(), parameter.dtype()), Array::zeros(parameter.shape(), parameter.dtype())};
}

void Adadelta::update(Array& parameter, const Array& gradient, State& state) {
  kernels::adadelta(parameter, gradient, state.arrays[0], state.arrays[1], decayed_rate(options_.decay), options_.rho,
                    options_.epsilon);
}

}  // namespace xg::nn
