#include "nn/optimizers/adamax.hpp"

#include <cmath>

#include "lib/kernels/update.hpp"
#include "nn/check_number.hpp"
#include "nn/optimizers/checks.hpp"

namespace xg::nn {

Adamax::Adamax(const AdamaxOptions& options, std::source_location where)
    : Optimizer("Adamax", options.learning_rate, where, options.gradient_transforms), options_(options) {
  for (const double beta : {options.beta_1, options.beta_2}) check_share("Adamax: a beta", beta, where);
  check_epsilon("Adamax", options.epsilon, where);
  check_not_negative("Adamax: the decay", options.decay, where);
}

Adamax::Adamax(ParameterList parameters, const AdamaxOptions& options, std::source_location where)
    : Adamax(options, where) {
  attach(std::move(parameters), where);
}

Spec Adamax::spec() const {
  AdamaxOptions now = options_;
  now.learning_rate = learning_rate();
  return {"adamax", arguments_of(now)};
}

std::vector<Array> Adamax::make_state(const Array& parameter) const {
  return {Array::zeros(parameter.shape(), parameter.dtype()), Array::zeros(parameter.shape(), parameter.dtype())};
}

void Adamax::update(Array& parameter, const Array& gradient, State& state) {
  const auto t = static_cast<double>(state.steps + 1);
  const double rate = decayed_rate(options_.decay) / (1 - std::pow(options_.beta_1, t));
  kernels::adamax(parameter, gradient, state.arrays[0], state.arrays[1],
                  {rate, options_.beta_1, options_.beta_2, options_.epsilon});
}

}  // namespace xg::nn
