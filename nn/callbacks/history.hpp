#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "nn/callbacks/callback.hpp"

namespace xg::nn {

/// Collects the figures of every epoch; fit() returns one.
class XG_API History : public Callback {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = History;

  /// One value for each epoch, of "loss", "accuracy" (or "acc"), "val_loss", ... An unknown name is a ValueError.
  const std::vector<double>& operator[](const Name& name) const;
  /// True if there are values of that name.
  bool contains(const std::string& name) const;
  /// How long each epoch took.
  const std::vector<double>& seconds() const { return seconds_; }
  /// The epochs they are from, counted from 0.
  std::size_t epochs() const { return seconds_.size(); }
  /// All values by their names.
  const std::vector<std::pair<std::string, std::vector<double>>>& all() const { return values_; }

  Spec spec() const override;
  /// Starts the clock.
  void on_epoch_begin(TrainingRun& run, int epoch) override;
  /// Adds the figures.
  void on_epoch_end(TrainingRun& run, int epoch, const Logs& logs) override;

 private:
  std::vector<std::pair<std::string, std::vector<double>>> values_;
  std::vector<double> seconds_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace xg::nn
