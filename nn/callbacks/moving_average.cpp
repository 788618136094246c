#include "nn/callbacks/moving_average.hpp"

#include <algorithm>
#include <utility>

#include "lib/kernels/copy.hpp"
#include "lib/kernels/update.hpp"
#include "nn/model.hpp"
#include "nn/optimizers/checks.hpp"

namespace xg::nn {

ExponentialMovingAverage::ExponentialMovingAverage(const MovingAverageOptions& options, std::source_location where)
    : options_(options) {
  check_share("ExponentialMovingAverage: the momentum", options.momentum, where);
}

ExponentialMovingAverage::ExponentialMovingAverage(const ExponentialMovingAverage& other)
    : Callback(other), options_(other.options_), means_(other.means_) {
  for (Mean& mean : means_) mean.mean = mean.mean.clone();
}

ExponentialMovingAverage& ExponentialMovingAverage::operator=(const ExponentialMovingAverage& other) {
  ExponentialMovingAverage copy(other);
  options_ = copy.options_;
  means_ = std::move(copy.means_);
  return *this;
}

Spec ExponentialMovingAverage::spec() const {
  MovingAverageOptions options = options_;
  return {"exponential_moving_average", arguments_of(options)};
}

/// That of the parameter; null if it has none. It is looked for at the likely place first.
const Array* ExponentialMovingAverage::mean_of(const Tensor& parameter, std::size_t likely) const {
  const auto is_it = [&](const Mean& mean) { return mean.parameter.node() == parameter.node(); };
  if (likely < means_.size() && is_it(means_[likely])) return &means_[likely].mean;
  const auto found = std::find_if(means_.begin(), means_.end(), is_it);
  return found == means_.end() ? nullptr : &found->mean;
}

/// Parameters that have no mean yet get one.
void ExponentialMovingAverage::begin(const Module& module) {
  std::size_t place = 0;
  for (const auto& parameter : module.parameters())
    if (!mean_of(parameter.value, place++)) means_.push_back({parameter.value, parameter.value.array().clone()});
}

void ExponentialMovingAverage::update(const Module& module) {
  begin(module);
  std::size_t place = 0;
  for (const auto& parameter : module.parameters()) {
    Array mean = *mean_of(parameter.value, place++);
    kernels::blend(mean, parameter.value.array().contiguous(), 1 - options_.momentum);
  }
}

void ExponentialMovingAverage::swap(Module& module) {
  std::vector<Array> before;
  for (const auto& parameter : module.parameters()) before.push_back(parameter.value.array().clone());
  apply(module);
  std::size_t place = 0;
  for (const auto& parameter : module.parameters()) {
    const std::size_t here = place++;
    if (const Array* const mean = mean_of(parameter.value, here)) {
      Array kept = *mean;
      kernels::copy(before[here], kept);
    }
  }
}

void ExponentialMovingAverage::apply(Module& module) const {
  std::size_t place = 0;
  for (const auto& parameter : module.parameters())
    if (const Array* const mean = mean_of(parameter.value, place++)) {
      Array elements = parameter.value.array();
      kernels::copy(*mean, elements);
      elements.bump_version();
    }
}

void ExponentialMovingAverage::on_train_begin(TrainingRun& run) { begin(run.model); }

void ExponentialMovingAverage::on_batch_end(TrainingRun& run, std::int64_t, std::int64_t, const Logs&) {
  update(run.model);
}

void ExponentialMovingAverage::on_train_end(TrainingRun& run) {
  if (options_.overwrite) apply(run.model);
}

}  // namespace xg::nn
