#pragma once

#include <cstdint>
#include <optional>
#include <source_location>
#include <vector>

#include "nn/model.hpp"

namespace xg::nn {

/// The options of find_learning_rate().
struct LearningRateFinderOptions {
  double min_learning_rate = 1e-7;  ///< of the first step
  double max_learning_rate = 10;    ///< of the last one
  std::int64_t steps = 100;         ///< how many there are at most
  std::int64_t batch_size = 32;     ///< of tensors
  double smoothing = 0.9;           ///< the share of the past in the running mean of the losses
  double divergence = 4;            ///< ends when that is so many times its least value
};

/// What find_learning_rate() found: one number for each step that was made.
struct LearningRateCurve {
  std::vector<double> rates = {};         ///< the learning rates
  std::vector<double> losses = {};        ///< the loss of each batch, before its step
  std::vector<double> smoothed = {};      ///< their running mean, corrected for its beginning at 0
  std::optional<double> suggestion = {};  ///< a rate to train with; nothing if the loss never fell
};

/// Trains with a learning rate that rises by the same factor in every step, batch by batch, until the loss is NaN or
/// too large (Smith, Cyclical learning rates for training neural networks, 2017). The suggestion is the rate at which
/// the smoothed loss falls most steeply over ln(rate), up to where it is least: the rule that fastai calls "steep".
/// Afterwards parameters, their gradients, buffers, the optimizer with its learning rate and what it and its gradient
/// transforms keep, and the generators of the layers are as they were. Batches are shuffled, and begin anew as often
/// as it takes. The model must be compiled. Options that make no sense are a ValueError.
XG_API LearningRateCurve find_learning_rate(Model& model, const Tensors& x, const Tensors& y,
                                            const LearningRateFinderOptions& options = {},
                                            std::source_location where = std::source_location::current());
/// The same with a data set.
XG_API LearningRateCurve find_learning_rate(Model& model, const BatchSource& batches,
                                            const LearningRateFinderOptions& options = {},
                                            std::source_location where = std::source_location::current());

}  // namespace xg::nn
