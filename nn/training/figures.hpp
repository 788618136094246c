#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "nn/callbacks/callback.hpp"
#include "nn/training/setup.hpp"

namespace xg::nn {

/// What evaluate() and train_on_batch() found: the loss, penalties included, and the metrics by name.
struct XG_API Score {
  double loss = 0;    ///< the mean over all samples
  Logs metrics = {};  ///< by their names

  /// "loss" or a metric's name. An unknown one is a ValueError that lists the known ones.
  double operator[](const Name& name) const;
};

/// The running means of the figures over the samples of an epoch, in the order in which they were first added.
class XG_API Figures {
 public:
  /// For a model that is trained as `setup` says, by a call in that line.
  Figures(std::shared_ptr<const TrainingSetup> setup, std::source_location where);

  /// The weights of the samples of the batch that comes: compute_loss() and the metrics take them.
  void set_weights(Tensors weights) { weights_ = std::move(weights); }
  /// Those; empty if all samples count 1.
  const Tensors& weights() const { return weights_; }
  /// Notes what the batch's "loss", which is added next, is without any penalty: if compile() was told to show that,
  /// the figures "data_loss" and "penalty" follow from it.
  void note_data_loss(double mean) { data_loss_ = mean; }

  /// Adds the mean of a figure over so many samples. Fewer than one is a ValueError.
  void add(const std::string& name, double mean, std::int64_t samples,
           std::source_location where = std::source_location::current());
  /// Adds a batch to the metrics that compile() was given.
  void add_metrics(const Outputs& outputs);

  /// A ValueError if no "loss" was added.
  void check_loss() const;
  /// The line of fit(), evaluate() or train_on_batch().
  std::source_location where() const { return where_; }
  /// True if "data_loss" and "penalty" are shown.
  bool shows_penalty() const { return setup_->show_penalty; }
  /// The means so far. Metrics that take a while are behind by at most a quarter of the samples.
  const Logs& logs() const { return logs_; }
  /// No batch follows: brings all metrics up to date, and gives what they collected to users who keep it.
  const Logs& finish();
  /// The means as a Score, after finish(). Takes no memory: a step that was made cannot fail any more.
  Score score() &&;

 private:
  struct Mean {
    std::string name;
    double sum = 0, samples = 0;
  };
  struct Measured {
    std::size_t output;
    std::string name;
    bool weighted;
    Metric metric;
    double samples = 0, shown_at = 0;
  };
  void show(Measured& measured, bool last);

  std::shared_ptr<const TrainingSetup> setup_;
  std::source_location where_;
  std::vector<Mean> means_;
  std::vector<Measured> metrics_;
  Logs logs_;
  Tensors weights_;
  std::optional<double> data_loss_;
};

}  // namespace xg::nn
