#include "nn/callbacks/learning_rate_scheduler.hpp"

#include <iostream>

#include "nn/callbacks/monitor.hpp"
#include "nn/model.hpp"

namespace xg::nn {

void check_constant_rate(const char* callback, const Optimizer& optimizer, std::source_location where) {
  if (!optimizer.has_constant_rate())
    throw ValueError(concat(callback,
                            ": the optimizer's learning rate is a schedule, which sets it in every step: give the "
                            "optimizer a number"),
                     where);
}

void LearningRateScheduler::on_train_begin(TrainingRun& run) {
  check_constant_rate("LearningRateScheduler", run.model.optimizer(), where_);
}

void LearningRateScheduler::on_epoch_begin(TrainingRun& run, int epoch) {
  Optimizer& optimizer = run.model.optimizer();
  const double rate = function_(epoch, optimizer.learning_rate());
  optimizer.set_learning_rate(rate, where_);
  if (verbose_ > 0)
    std::cout << '\n'
              << epoch_title(epoch) << concat("LearningRateScheduler setting learning rate to ", rate, ".") << '\n';
}

}  // namespace xg::nn
