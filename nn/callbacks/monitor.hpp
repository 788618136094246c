#pragma once

#include <cmath>
#include <optional>
#include <source_location>
#include <string>

#include "nn/callbacks/callback.hpp"

namespace xg::nn {

/// Watches whether a figure becomes better: what EarlyStopping, ModelCheckpoint and ReduceLROnPlateau share. NaN is
/// never better.
class XG_API Monitor {
 public:
  /// For a callback of that name. An unknown mode, or a min_delta that is negative or not finite, is a ValueError.
  /// "auto" is "max" for names with acc, auc, precision, recall, f1, r2_score or iou in them, else "min".
  Monitor(std::string callback, std::string figure, const std::string& mode, double min_delta,
          std::source_location where);

  /// Forgets an earlier run. If this one has no such figure, it is a ValueError.
  void begin(const TrainingRun& run);
  /// Takes the figure of an epoch; true if it is better than the best by more than min_delta.
  bool improves(int epoch, const Logs& logs);

  /// The name of the figure.
  const std::string& figure() const { return figure_; }
  /// The best value; nothing as long as there is none.
  std::optional<double> best() const { return best_; }
  /// Its epoch, counted from 0.
  std::optional<int> best_epoch() const { return best_epoch_; }
  /// The best value as a number: the worst there is as long as there is none.
  double best_or_worst() const { return best_.value_or(maximize_ ? -HUGE_VAL : HUGE_VAL); }

 private:
  std::string callback_, figure_;
  bool maximize_;
  double min_delta_;
  std::source_location where_;
  std::optional<double> best_;
  std::optional<int> best_epoch_;
};

/// "Epoch 00003: ": how callbacks begin what they say.
XG_API std::string epoch_title(int epoch);

/// A ValueError for a number of epochs that is negative.
void check_epochs(const char* callback, const char* what, int epochs, std::source_location where);

}  // namespace xg::nn
