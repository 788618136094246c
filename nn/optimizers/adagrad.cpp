#include "nn/optimizers/adagrad.hpp"

#include "lib/kernels/update.hpp"
#include "nn/check_number.hpp"
#include "nn/optimizers/checks.hpp"

namespace xg::nn {

Adagrad::Adagrad(const AdagradOptions& options, std::source_location where)
    : Optimizer("Adagrad", options.learning_rate, where, options.gradient_transforms), options_(options) {
  check_not_negative("Adagrad: the initial accumulator value", options.initial_accumulator_value, where);
  check_epsilon("Adagrad", options.epsilon, where);
  check_not_negative("Adagrad: the decay", options.decay, where);
}

Adagrad::Adagrad(ParameterList parameters, const AdagradOptions& options, std::source_location where)
    : Adagrad(options, where) {
  attach(std::move(parameters), where);
}

Spec Adagrad::spec() const {
  AdagradOptions now = options_;
  now.learning_rate = learning_rate();
  return {"adagrad", arguments_of(now)};
}

std::vector<Array> Adagrad::make_state(const Array& parameter) const {
  return {Array::full(parameter.shape(), options_.initial_accumulator_value, parameter.dtype())};
}

void Adagrad::update(Array& parameter, const Array& gradient, State& state) {
  kernels::adagrad(parameter, gradient, state.arrays[0], decayed_rate(options_.decay), options_.epsilon);
}

}  // namespace xg::nn
