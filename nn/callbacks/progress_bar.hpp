#pragma once

#include <optional>

#include "nn/callbacks/progress_line.hpp"

namespace xg::nn {

/// Shows a run as Keras 2.2.4 does: verbose 1 a bar for each epoch, verbose 2 one line for each epoch.
class XG_API ProgressBar : public Callback {
 public:
  /// Verbosity 1: a bar; 2: a line an epoch; 0: nothing.
  explicit ProgressBar(int verbose = 1, Display display = {}) : verbose_(verbose), display_(display.resolved()) {}

  /// Prints the epoch's number.
  void on_epoch_begin(TrainingRun& run, int epoch) override;
  void on_batch_end(TrainingRun& run, std::int64_t batch, std::int64_t seen, const Logs& logs) override;
  /// Prints the epoch's figures.
  void on_epoch_end(TrainingRun& run, int epoch, const Logs& logs) override;
  /// Ends the line of an epoch that was broken off.
  void on_train_end(TrainingRun& run) override;

 private:
  int verbose_;
  Display display_;
  std::optional<ProgressLine> line_;
  std::int64_t done_ = 0;
};

}  // namespace xg::nn
