#include "nn/callbacks/early_stopping.hpp"

#include <iostream>

#include "nn/model.hpp"

namespace xg::nn {

EarlyStopping::EarlyStopping(const EarlyStoppingOptions& options, std::source_location where)
    : options_(options), monitor_("EarlyStopping", options.monitor, options.mode, options.min_delta, where) {
  check_epochs("EarlyStopping", "patience", options.patience, where);
}

Spec EarlyStopping::spec() const { return {"early_stopping", arguments_of(options_)}; }

void EarlyStopping::on_train_begin(TrainingRun& run) {
  monitor_.begin(run);
  wait_ = 0;
  stopped_epoch_.reset();
  best_weights_ = {};
}

void EarlyStopping::on_epoch_end(TrainingRun& run, int epoch, const Logs& logs) {
  if (monitor_.improves(epoch, logs)) {
    if (options_.restore_best_weights) best_weights_ = KeptWeights(run.model);
    wait_ = 0;
    return;
  }
  if (++wait_ < options_.patience) return;
  stopped_epoch_ = epoch;
  run.stop = true;
}

void EarlyStopping::on_train_end(TrainingRun&) {
  best_weights_.restore();
  best_weights_ = {};
  if (options_.verbose > 0 && stopped_epoch_) std::cout << epoch_title(*stopped_epoch_) << "early stopping\n";
}

}  // namespace xg::nn
