#include "nn/callbacks/reduce_lr_on_plateau.hpp"

#include <algorithm>
#include <iostream>

#include "nn/callbacks/learning_rate_scheduler.hpp"
#include "nn/check_number.hpp"
#include "nn/model.hpp"

namespace xg::nn {

ReduceLROnPlateau::ReduceLROnPlateau(const ReduceLROnPlateauOptions& options, std::source_location where)
    : options_(options),
      where_(where),
      monitor_("ReduceLROnPlateau", options.monitor, options.mode, options.min_delta, where) {
  if (!(options.factor >= 0 && options.factor < 1))
    throw ValueError(concat("ReduceLROnPlateau: factor must lie in [0, 1), got ", options.factor), where);
  check_epochs("ReduceLROnPlateau", "patience", options.patience, where);
  check_epochs("ReduceLROnPlateau", "cooldown", options.cooldown, where);
  check_not_negative("ReduceLROnPlateau: min_lr", options.min_lr, where);
}

Spec ReduceLROnPlateau::spec() const { return {"reduce_lr_on_plateau", arguments_of(options_)}; }

void ReduceLROnPlateau::on_train_begin(TrainingRun& run) {
  monitor_.begin(run);
  check_constant_rate("ReduceLROnPlateau", run.model.optimizer(), where_);
  wait_ = 0;
  cooldown_ = 0;
}

void ReduceLROnPlateau::on_epoch_end(TrainingRun& run, int epoch, const Logs& logs) {
  if (cooldown_ > 0) {
    --cooldown_;
    wait_ = 0;
  }
  if (monitor_.improves(epoch, logs))
    wait_ = 0;
  else if (cooldown_ == 0 && ++wait_ >= options_.patience)
    reduce(run.model, epoch);
}

void ReduceLROnPlateau::reduce(Model& model, int epoch) {
  Optimizer& optimizer = model.optimizer();
  const double rate = optimizer.learning_rate();
  if (!(rate > options_.min_lr)) return;
  const double less = std::max(rate * options_.factor, options_.min_lr);
  optimizer.set_learning_rate(less, where_);
  cooldown_ = options_.cooldown;
  wait_ = 0;
  if (options_.verbose > 0)
    std::cout << '\n'
              << epoch_title(epoch) << concat("ReduceLROnPlateau reducing learning rate to ", less, ".") << '\n';
}

}  // namespace xg::nn
