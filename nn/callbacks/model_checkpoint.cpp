#include "nn/callbacks/model_checkpoint.hpp"

#include <cstdio>
#include <iostream>

#include "nn/model.hpp"

namespace xg::nn {
namespace {

std::string five_decimals(double value) {
  char text[400];
  std::snprintf(text, sizeof text, "%0.5f", value);
  return text;
}

}  // namespace

ModelCheckpoint::ModelCheckpoint(const ModelCheckpointOptions& options, std::source_location where)
    : options_(options), monitor_("ModelCheckpoint", options.monitor, options.mode, 0, where) {}

Spec ModelCheckpoint::spec() const { return {"model_checkpoint", arguments_of(options_)}; }

void ModelCheckpoint::restore(std::source_location where) {
  if (!epoch_)
    throw ValueError("ModelCheckpoint: no weights were kept: there was no epoch, or none was the best", where);
  weights_.restore();
}

void ModelCheckpoint::on_train_begin(TrainingRun& run) {
  if (options_.save_best_only) monitor_.begin(run);
  epoch_.reset();
  weights_ = {};
}

void ModelCheckpoint::on_epoch_end(TrainingRun& run, int epoch, const Logs& logs) {
  const double before = monitor_.best_or_worst();
  const bool keeps = !options_.save_best_only || monitor_.improves(epoch, logs);
  if (options_.verbose > 0) {
    std::cout << '\n' << epoch_title(epoch);
    if (!options_.save_best_only)
      std::cout << "keeping the weights\n";
    else if (keeps)
      std::cout << monitor_.figure() << " improved from " << five_decimals(before) << " to "
                << five_decimals(*monitor_.best()) << ", keeping the weights\n";
    else
      std::cout << monitor_.figure() << " did not improve from " << five_decimals(before) << '\n';
  }
  if (!keeps) return;
  weights_ = KeptWeights(run.model);
  epoch_ = epoch;
}

}  // namespace xg::nn
