#include "nn/callbacks/early_stopping.hpp"

#include <algorithm>
#include <typeinfo>
#include <utility>

#include "lib/error.hpp"
#include "nn/model.hpp"

namespace xg::nn {
namespace {

/// The parameters and buffers.
std::vector<Tensor> state_of(const Model& model) {
  std::vector<Tensor> tensors;
  for (const auto& list : {model.parameters(), model.buffers()})
    for (const auto& named : list) tensors.push_back(named.value);
  return tensors;
}

}  // namespace

EarlyStopping::EarlyStopping(const EarlyStoppingOptions& options, std::source_location where)
    : options_(options), where_(where), spec_{"early_stopping", arguments_of(options)} {
  if (options.patience < 0)
    throw ValueError(concat("EarlyStopping: patience must not be negative, got ", options.patience), where);
  if (options.mode == "auto")
    options_.mode = options.monitor.find("acc") != std::string::npos ? "max" : "min";
  else if (options.mode != "min" && options.mode != "max")
    throw ValueError(concat("EarlyStopping: unknown mode '", options.mode, "': known are auto, min, max"), where);
}

Spec EarlyStopping::spec() const {
  if (typeid(*this) != typeid(EarlyStopping)) return Callback::spec();
  return spec_;
}

void EarlyStopping::on_train_begin(TrainingRun& run) {
  std::string known;
  for (const auto& name : run.figures) known += (known.empty() ? "" : ", ") + name;
  if (std::find(run.figures.begin(), run.figures.end(), options_.monitor) == run.figures.end())
    throw ValueError(
        concat("EarlyStopping: the run has no figure '", options_.monitor, "' to monitor: known are ", known), where_);
  wait_ = 0;
  started_ = false;
  stopped_epoch_.reset();
  best_weights_.clear();
}

bool EarlyStopping::improved(double value) const {
  if (!started_) return true;
  return options_.mode == "max" ? value - options_.min_delta > best_ : value + options_.min_delta < best_;
}

void EarlyStopping::on_epoch_end(TrainingRun& run, int epoch, const Logs& logs) {
  const double value = logs[options_.monitor];
  if (improved(value)) {
    std::vector<Array> weights;
    if (options_.restore_best_weights)
      for (const Tensor& tensor : state_of(run.model)) weights.push_back(tensor.array().clone());
    best_weights_ = std::move(weights);
    started_ = true;
    best_ = value;
    wait_ = 0;
    return;
  }
  if (++wait_ < options_.patience) return;
  stopped_epoch_ = epoch;
  run.stop = true;
  if (!options_.restore_best_weights) return;
  auto tensors = state_of(run.model);
  for (std::size_t i = 0; i < tensors.size(); ++i) tensors[i].assign(best_weights_[i]);
}

}  // namespace xg::nn
