#pragma once

#include <source_location>
#include <string>

#include "nn/callbacks/monitor.hpp"

namespace xg::nn {

/// When ReduceLROnPlateau reduces the learning rate, and how much.
struct ReduceLROnPlateauOptions {
  std::string monitor = "val_loss";  ///< the figure that is watched
  double factor = 0.1;               ///< what the rate is multiplied by
  int patience = 10;                 ///< epochs without an improvement before that
  int verbose = 0;                   ///< 1: says what it does
  std::string mode = "auto";         ///< "min", "max", or "auto": max for accuracies and the like, else min
  double min_delta = 1e-4;           ///< what counts as an improvement
  int cooldown = 0;                  ///< epochs after a reduction that do not count
  double min_lr = 0;                 ///< the least rate

  /// Names them all.
  void visit(Arguments& arguments) {
    arguments("monitor", monitor)("factor", factor)("patience", patience)("verbose", verbose)("mode", mode);
    arguments("min_delta", min_delta)("cooldown", cooldown)("min_lr", min_lr);
  }
};

/// Reduces the optimizer's learning rate when a figure no longer improves.
class XG_API ReduceLROnPlateau : public Callback {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = ReduceLROnPlateau;

  /// A factor outside of [0, 1), a negative patience, cooldown, min_delta or min_lr, or an unknown mode is a
  /// ValueError; so is, when training begins, a figure that the run will not have, and a learning rate that is a
  /// function of the step.
  explicit ReduceLROnPlateau(const ReduceLROnPlateauOptions& options = {},
                             std::source_location where = std::source_location::current());

  Spec spec() const override;
  /// Forgets an earlier run.
  void on_train_begin(TrainingRun& run) override;
  /// Looks whether the figure has become better.
  void on_epoch_end(TrainingRun& run, int epoch, const Logs& logs) override;

 private:
  void reduce(Model& model, int epoch);

  ReduceLROnPlateauOptions options_;
  std::source_location where_;
  Monitor monitor_;
  int wait_ = 0, cooldown_ = 0;
};

}  // namespace xg::nn
