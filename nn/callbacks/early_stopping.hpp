#pragma once

#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "lib/array.hpp"
#include "nn/callbacks/callback.hpp"

namespace xg::nn {

/// When to stop.
struct EarlyStoppingOptions {
  std::string monitor = "val_loss";   ///< the figure that is watched
  double min_delta = 0;               ///< what counts as an improvement
  int patience = 0;                   ///< epochs without one before the run ends
  std::string mode = "auto";          ///< "min", "max", or "auto": max for accuracies, else min
  bool restore_best_weights = false;  ///< whether the parameters of the best epoch come back at the end

  /// Names them all.
  void visit(Arguments& arguments) {
    arguments("monitor", monitor)("min_delta", min_delta)("patience", patience)("mode", mode);
    arguments("restore_best_weights", restore_best_weights);
  }
};

/// Ends a run when a figure no longer improves.
class XG_API EarlyStopping : public Callback {
 public:
  /// A negative patience or an unknown mode is a ValueError; so is, when training begins, a figure that the run will
  /// not have.
  explicit EarlyStopping(const EarlyStoppingOptions& options = {},
                         std::source_location where = std::source_location::current());

  /// The epoch (from 0) after which the run was ended; nothing if it was not.
  std::optional<int> stopped_epoch() const { return stopped_epoch_; }

  Spec spec() const override;
  /// Forgets an earlier run.
  void on_train_begin(TrainingRun& run) override;
  /// Looks whether the figure has become better.
  void on_epoch_end(TrainingRun& run, int epoch, const Logs& logs) override;

 private:
  bool improved(double value) const;

  EarlyStoppingOptions options_;
  std::source_location where_;
  Spec spec_;
  double best_ = 0;
  int wait_ = 0;
  bool started_ = false;
  std::optional<int> stopped_epoch_;
  std::vector<Array> best_weights_;
};

}  // namespace xg::nn
