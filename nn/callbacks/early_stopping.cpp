#include "nn/callbacks/early_stopping.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lib/error.hpp"
#include "nn/figure_name.hpp"
#include "nn/model.hpp"

namespace xg::nn {

EarlyStopping::EarlyStopping(const EarlyStoppingOptions& options, std::source_location where)
    : options_(options), where_(where), spec_{"early_stopping", arguments_of(options)} {
  if (options.patience < 0)
    throw ValueError(concat("EarlyStopping: patience must not be negative, got ", options.patience), where);
  if (!(options.min_delta >= 0 && std::isfinite(options.min_delta)))
    throw ValueError(concat("EarlyStopping: min_delta must be a finite number of at least 0, got ", options.min_delta),
                     where);
  if (options.mode == "auto")
    options_.mode = options.monitor.find("acc") != std::string::npos ? "max" : "min";
  else if (options.mode != "min" && options.mode != "max")
    throw ValueError(concat("EarlyStopping: unknown mode '", options.mode, "': known are auto, min, max"), where);
}

Spec EarlyStopping::spec() const { return spec_; }

void EarlyStopping::on_train_begin(TrainingRun& run) {
  std::string known;
  for (const auto& name : run.figures) known += (known.empty() ? "" : ", ") + name;
  if (std::none_of(run.figures.begin(), run.figures.end(),
                   [&](const auto& name) { return same_figure(name, options_.monitor); }))
    throw ValueError(
        concat("EarlyStopping: the run has no figure '", options_.monitor, "' to monitor: known are ", known), where_);
  wait_ = 0;
  best_.reset();
  best_epoch_.reset();
  stopped_epoch_.reset();
  best_weights_.clear();
}

bool EarlyStopping::improved(double value) const {
  if (!best_) return !std::isnan(value);
  return options_.mode == "max" ? value - options_.min_delta > *best_ : value + options_.min_delta < *best_;
}

void EarlyStopping::on_epoch_end(TrainingRun& run, int epoch, const Logs& logs) {
  const double value = logs[options_.monitor];
  if (improved(value)) {
    std::vector<Weight> weights;
    if (options_.restore_best_weights)
      for (const auto& list : {run.model.parameters(), run.model.buffers()})
        for (const auto& named : list) weights.push_back({named.value.array(), named.value.array().clone()});
    best_weights_ = std::move(weights);
    best_ = value;
    best_epoch_ = epoch;
    wait_ = 0;
    return;
  }
  if (++wait_ < options_.patience) return;
  stopped_epoch_ = epoch;
  run.stop = true;
}

void EarlyStopping::on_train_end(TrainingRun&) {
  for (Weight& weight : best_weights_) weight.place.assign(weight.best);
  best_weights_.clear();
}

}  // namespace xg::nn
