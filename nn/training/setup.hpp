#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/tensors.hpp"
#include "nn/training/compile_options.hpp"

namespace xg::nn {

/// One output of a model, and what it is compared with.
struct Output {
  std::string name;           ///< empty if it is the only one and has none
  Tensor y;                   ///< what is wanted
  Tensor prediction;          ///< what the model gives
  const Loss* loss;           ///< what is made small
  double weight;              ///< how much that counts
  std::string prefix;         ///< of the names of its figures: "digit_"; empty if it is the only one
  Tensor sample_weight = {};  ///< what its samples count, (N) or (N, steps); undefined: all 1
  Tensor mask = {};           ///< boolean (N, steps): which steps count at all; undefined: all
};

/// All of a model.
using Outputs = std::vector<Output, pool::Allocator<Output>>;

/// What compile() was given, and what goes on.
struct TrainingSetup {
  std::shared_ptr<Optimizer> optimizer;                      ///< how parameters change
  Losses losses;                                             ///< what is made small
  std::vector<OutputMetric> metrics;                         ///< what is shown beside it
  std::vector<std::pair<std::string, double>> loss_weights;  ///< of outputs by name
  std::size_t unweighted = 0;                                ///< how many of the metrics take no weights: the first
  bool show_penalty = false;                                 ///< "data_loss" and "penalty" are figures
  bool in_fit = false;                                       ///< fit() is running

  /// The outputs with what belongs to each: by their names if both sides have them, else by their order. One tensor of
  /// weights is for all of them. What does not fit together is a ValueError.
  XG_API Outputs outputs(const Tensors& y, const Tensors& prediction, const Tensors& weights = {}) const;
  /// What a metric is shown by. The second one of a name gets a number, as in Keras 2: "mae", "mae_1".
  std::string metric_name(std::size_t index) const;
};

/// The loss of one output, without its weight: a scalar.
Tensor loss_of(const Output& output);

}  // namespace xg::nn
