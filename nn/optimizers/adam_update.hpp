#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "lib/array.hpp"
#include "lib/kernels/update.hpp"

namespace xg::nn {

// What Adam and AdamW have in common.

/// The two running means, and with amsgrad the largest of the second.
inline std::vector<Array> adam_state(const Array& parameter, bool amsgrad) {
  std::vector<Array> state(amsgrad ? 3 : 2);
  for (Array& array : state) array = Array::zeros(parameter.shape(), parameter.dtype());
  return state;
}

/// The rate with the corrections of both means, after so many steps.
inline double adam_rate(double learning_rate, double beta_1, double beta_2, std::int64_t steps) {
  const auto t = static_cast<double>(steps + 1);
  return learning_rate * std::sqrt(1 - std::pow(beta_2, t)) / (1 - std::pow(beta_1, t));
}

/// One step by what adam_state() gave.
inline void adam_update(Array& parameter, const Array& gradient, std::vector<Array>& state,
                        const kernels::AdamStep& step) {
  if (state.size() == 3)
    kernels::amsgrad(parameter, gradient, state[0], state[1], state[2], step);
  else
    kernels::adam(parameter, gradient, state[0], state[1], step);
}

}  // namespace xg::nn
