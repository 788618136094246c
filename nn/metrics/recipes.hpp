#pragma once

#include <string>
#include <utility>

#include "autograd/grad_mode.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/metrics.hpp"

// How the metrics of the library are written down.

namespace xg::nn {

/// The same for all losses.
inline MetricMaker::Recipe fixed(Metric::Recipe recipe) {
  return [recipe = std::move(recipe)](const std::string&, std::int64_t) { return recipe; };
}

/// The mean of a figure of each sample, or of all if the function gives one number.
template <class F>
Metric::Recipe mean_of_values(F figure) {
  return {.sum =
              [=](const Tensor& y_true, const Tensor& y_pred) {
                const NoGrad values_only;
                return mean(figure(y_true, y_pred)).item() * static_cast<double>(y_pred.shape()[0]);
              },
          .values = figure};
}

}  // namespace xg::nn
