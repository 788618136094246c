#pragma once

#include <optional>
#include <source_location>
#include <string>

#include "nn/callbacks/kept_weights.hpp"
#include "nn/callbacks/monitor.hpp"

namespace xg::nn {

/// What ModelCheckpoint keeps, and when.
struct ModelCheckpointOptions {
  std::string monitor = "val_loss";  ///< the figure that is watched, if only the best is kept
  int verbose = 0;                   ///< 1: says what it does
  bool save_best_only = false;       ///< the weights of the best epoch; else of the last one
  std::string mode = "auto";         ///< "min", "max", or "auto": max for accuracies and the like, else min

  /// Names them all.
  void visit(Arguments& arguments) {
    arguments("monitor", monitor)("verbose", verbose)("save_best_only", save_best_only)("mode", mode);
  }
};

/// Keeps the parameters and buffers of the best epoch, or of the last one, in memory. It is given by std::ref:
/// ```cpp
/// nn::ModelCheckpoint best({.save_best_only = true});
/// model.fit(x, y, {.epochs = 20, .callbacks = {std::ref(best)}, .validation_split = 0.1});
/// best.restore();
/// ```
class XG_API ModelCheckpoint : public Callback {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = ModelCheckpoint;

  /// An unknown mode is a ValueError; so is, when training begins, a figure that the run will not have.
  explicit ModelCheckpoint(const ModelCheckpointOptions& options = {},
                           std::source_location where = std::source_location::current());

  /// Puts the kept weights back into the model they are of. There being none is a ValueError.
  void restore(std::source_location where = std::source_location::current());
  /// The epoch (from 0) whose weights are kept; nothing as long as there are none.
  std::optional<int> epoch() const { return epoch_; }
  /// The best value of the figure; nothing as long as there is none.
  std::optional<double> best() const { return monitor_.best(); }

  Spec spec() const override;
  /// Forgets an earlier run.
  void on_train_begin(TrainingRun& run) override;
  /// Keeps the weights, if they are the best or all are wanted.
  void on_epoch_end(TrainingRun& run, int epoch, const Logs& logs) override;

 private:
  ModelCheckpointOptions options_;
  Monitor monitor_;
  std::optional<int> epoch_;
  KeptWeights weights_;
};

}  // namespace xg::nn
