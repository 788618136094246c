#pragma once

#include <optional>
#include <source_location>
#include <string>

#include "nn/callbacks/kept_weights.hpp"
#include "nn/callbacks/monitor.hpp"

namespace xg::nn {

/// When to stop.
struct EarlyStoppingOptions {
  std::string monitor = "val_loss";   ///< the figure that is watched; "val_acc" is "val_accuracy"
  double min_delta = 0;               ///< what counts as an improvement
  int patience = 0;                   ///< epochs without one before the run ends
  int verbose = 0;                    ///< 1: says when the run was ended
  std::string mode = "auto";          ///< "min", "max", or "auto": max for accuracies and the like, else min
  bool restore_best_weights = false;  ///< whether the best epoch's parameters and buffers come back at the run's end

  /// Names them all.
  void visit(Arguments& arguments) {
    arguments("monitor", monitor)("min_delta", min_delta)("patience", patience)("verbose", verbose);
    arguments("mode", mode)("restore_best_weights", restore_best_weights);
  }
};

/// Ends a run when a figure no longer improves. NaN is no improvement, and never the best. With restore_best_weights,
/// the parameters and buffers are those of the best epoch after the run, whether it was ended early or not; those that
/// the model did not have then stay as they are, as do all if no epoch was the best.
class XG_API EarlyStopping : public Callback {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = EarlyStopping;

  /// A negative patience, a min_delta that is negative, infinite or NaN, or an unknown mode is a ValueError; so is,
  /// when training begins, a figure that the run will not have.
  explicit EarlyStopping(const EarlyStoppingOptions& options = {},
                         std::source_location where = std::source_location::current());

  /// The epoch (from 0) after which the run was ended; nothing if it was not.
  std::optional<int> stopped_epoch() const { return stopped_epoch_; }
  /// The epoch (from 0) of the best value; nothing as long as there is none.
  std::optional<int> best_epoch() const { return monitor_.best_epoch(); }
  /// The best value of the figure; nothing as long as there is none.
  std::optional<double> best() const { return monitor_.best(); }

  Spec spec() const override;
  /// Forgets an earlier run.
  void on_train_begin(TrainingRun& run) override;
  /// Looks whether the figure has become better.
  void on_epoch_end(TrainingRun& run, int epoch, const Logs& logs) override;
  /// Puts the best weights back.
  void on_train_end(TrainingRun& run) override;

 private:
  EarlyStoppingOptions options_;
  Monitor monitor_;
  int wait_ = 0;
  std::optional<int> stopped_epoch_;
  KeptWeights best_weights_;
};

}  // namespace xg::nn
