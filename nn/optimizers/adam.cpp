#include "nn/optimizers/adam.hpp"

#include <cmath>
#include <limits>

#include "lib/kernels/update.hpp"
#include "nn/check_number.hpp"

namespace xg::nn {

Adam::Adam(const AdamOptions& options, std::source_location where)
    : Optimizer("Adam", options.learning_rate, where, options.gradient_transforms), options_(options) {
  for (const double beta : {options.beta_1, options.beta_2})
    if (!(beta >= 0 && beta < 1)) throw ValueError(concat("Adam: a beta must lie in [0, 1), got ", beta), where);
  if (!(options.epsilon > 0))
    throw ValueError(concat("Adam: epsilon must be greater than 0, got ", options.epsilon), where);
  check_finite("Adam: epsilon", options.epsilon, where);
  if (constexpr double least = std::numeric_limits<float>::min(); options.epsilon < least)
    throw ValueError(
        concat("Adam: epsilon must be at least ", least, ", as smaller ones vanish in float32, got ", options.epsilon),
        where);
}

Adam::Adam(ParameterList parameters, const AdamOptions& options, std::source_location where) : Adam(options, where) {
  attach(std::move(parameters), where);
}

Spec Adam::spec() const {
  AdamOptions now = options_;
  now.learning_rate = learning_rate();
  return {"adam", arguments_of(now)};
}

std::vector<Array> Adam::make_state(const Array& parameter) const {
  return {Array::zeros(parameter.shape(), parameter.dtype()), Array::zeros(parameter.shape(), parameter.dtype())};
}

void Adam::update(Array& parameter, const Array& gradient, State& state) {
  const auto t = static_cast<double>(state.steps + 1);
  const double rate =
      learning_rate() * std::sqrt(1 - std::pow(options_.beta_2, t)) / (1 - std::pow(options_.beta_1, t));
  kernels::adam(parameter, gradient, state.arrays[0], state.arrays[1],
                {rate, options_.beta_1, options_.beta_2, options_.epsilon});
}

}  // namespace xg::nn
