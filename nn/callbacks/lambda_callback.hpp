#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "nn/callbacks/callback.hpp"

namespace xg::nn {

/// What LambdaCallback calls; those that are left out are not called.
struct LambdaCallbackOptions {
  std::function<void(TrainingRun& run, int epoch)> on_epoch_begin = {};                  ///< before an epoch
  std::function<void(TrainingRun& run, int epoch, const Logs& logs)> on_epoch_end = {};  ///< after an epoch
  std::function<void(TrainingRun& run, std::int64_t batch)> on_batch_begin = {};         ///< before a batch
  std::function<void(TrainingRun& run, std::int64_t batch, std::int64_t seen, const Logs& logs)> on_batch_end =
      {};                                                     ///< after a batch
  std::function<void(TrainingRun& run)> on_train_begin = {};  ///< before the first epoch
  std::function<void(TrainingRun& run)> on_train_end = {};    ///< after the last one
};

/// A callback of functions, one for each hook that is wanted:
/// ```cpp
/// nn::LambdaCallback({.on_train_end = [](nn::TrainingRun& run) { run.model.summary(); }})
/// ```
class XG_API LambdaCallback : public Callback {
 public:
  /// With these functions.
  explicit LambdaCallback(LambdaCallbackOptions functions) : functions_(std::move(functions)) {}

  void on_train_begin(TrainingRun& run) override { call(functions_.on_train_begin, run); }
  void on_train_end(TrainingRun& run) override { call(functions_.on_train_end, run); }
  void on_epoch_begin(TrainingRun& run, int epoch) override { call(functions_.on_epoch_begin, run, epoch); }
  void on_epoch_end(TrainingRun& run, int epoch, const Logs& logs) override {
    call(functions_.on_epoch_end, run, epoch, logs);
  }
  void on_batch_begin(TrainingRun& run, std::int64_t batch) override { call(functions_.on_batch_begin, run, batch); }
  void on_batch_end(TrainingRun& run, std::int64_t batch, std::int64_t seen, const Logs& logs) override {
    call(functions_.on_batch_end, run, batch, seen, logs);
  }

 private:
  template <class F, class... Parts>
  static void call(const F& function, Parts&... parts) {
    if (function) function(parts...);
  }

  LambdaCallbackOptions functions_;
};

}  // namespace xg::nn
