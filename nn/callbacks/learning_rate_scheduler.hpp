#pragma once

#include <functional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "nn/callbacks/callback.hpp"

namespace xg::nn {

class Optimizer;

/// Sets the optimizer's learning rate before each epoch, by a function of the epoch, counted from 0, and of the rate
/// there was, or of the epoch alone:
/// ```cpp
/// nn::LearningRateScheduler([](int epoch, double rate) { return epoch < 10 ? rate : rate * 0.9; })
/// ```
/// For a rate that changes with every step give the optimizer a schedule (nn/schedules.hpp) instead.
class XG_API LearningRateScheduler : public Callback {
 public:
  /// The rate of an epoch.
  using Function = std::function<double(int epoch, double rate)>;

  /// A function of the epoch and the rate. Null is a ValueError. When training begins, a learning rate of the optimizer
  /// that is a function of the step is one; so is later a rate that is negative or not finite. With verbose 1 it says
  /// what it does.
  template <class F>
  requires std::is_invocable_r_v<double, F&, int, double> LearningRateScheduler(
      F function, int verbose = 0, std::source_location where = std::source_location::current())
      : function_(given_function("learning rate scheduler", Function(std::move(function)), where)),
        verbose_(verbose),
        where_(where) {}
  /// A function of the epoch alone.
  template <class F>
  requires(std::is_invocable_r_v<double, F&, int> && !std::is_invocable_r_v<double, F&, int, double>)
      LearningRateScheduler(F function, int verbose = 0, std::source_location where = std::source_location::current())
      : LearningRateScheduler([function = std::move(function)](int epoch, double) mutable { return function(epoch); },
                              verbose, where) {}

  /// Looks whether the rate is a number.
  void on_train_begin(TrainingRun& run) override;
  /// Sets it.
  void on_epoch_begin(TrainingRun& run, int epoch) override;

 private:
  Function function_;
  int verbose_;
  std::source_location where_;
};

/// A ValueError unless the learning rate is a number, which a callback can change.
void check_constant_rate(const char* callback, const Optimizer& optimizer, std::source_location where);

}  // namespace xg::nn
