#pragma once

#include <cstdint>
#include <source_location>
#include <vector>

#include "nn/optimizers/learning_rate.hpp"

namespace xg::nn {

// Learning rates that change with the step, counted from 0. Numbers that make no sense are a ValueError.

/// The options of step_decay().
struct StepDecayOptions {
  double learning_rate = 0.01;   ///< the first one
  std::int64_t decay_steps = 0;  ///< how many steps have the same rate
  double decay_rate = 0.1;       ///< what it is then multiplied by
};
/// learning_rate * decay_rate^floor(step / decay_steps): PyTorch's StepLR.
XG_API LearningRate step_decay(const StepDecayOptions& options,
                               std::source_location where = std::source_location::current());

/// The options of piecewise_constant().
struct PiecewiseConstantOptions {
  std::vector<std::int64_t> boundaries = {};  ///< the last step of each value but the last, rising
  std::vector<double> values = {};            ///< one more than boundaries
};
/// The first value up to and with the step that the first boundary names, and so on; the last one behind all of them:
/// Keras's PiecewiseConstantDecay.
XG_API LearningRate piecewise_constant(const PiecewiseConstantOptions& options,
                                       std::source_location where = std::source_location::current());

/// The options of exponential_decay() and inverse_time_decay().
struct DecayOptions {
  double learning_rate = 0.01;   ///< the first one
  std::int64_t decay_steps = 0;  ///< in how many steps one decay is made
  double decay_rate = 0;         ///< the strength of a decay
  bool staircase = false;        ///< whether step / decay_steps is rounded down
};
/// learning_rate * decay_rate^(step / decay_steps): Keras's ExponentialDecay.
XG_API LearningRate exponential_decay(const DecayOptions& options,
                                      std::source_location where = std::source_location::current());
/// learning_rate / (1 + decay_rate * step / decay_steps): Keras's InverseTimeDecay.
XG_API LearningRate inverse_time_decay(const DecayOptions& options,
                                       std::source_location where = std::source_location::current());

/// The options of polynomial_decay().
struct PolynomialDecayOptions {
  double learning_rate = 0.01;        ///< the first one
  std::int64_t decay_steps = 0;       ///< how many steps it takes to the last one
  double end_learning_rate = 0.0001;  ///< the last one
  double power = 1;                   ///< 1 for a straight line
  bool cycle = false;                 ///< whether it rises again when the end is reached, and takes longer then
};
/// (learning_rate - end_learning_rate) (1 - step / decay_steps)^power + end_learning_rate, and end_learning_rate from
/// decay_steps on; with cycle, decay_steps is multiplied by the least number that keeps the step within it: Keras's
/// PolynomialDecay.
XG_API LearningRate polynomial_decay(const PolynomialDecayOptions& options,
                                     std::source_location where = std::source_location::current());

/// The options of cosine_decay().
struct CosineDecayOptions {
  double learning_rate = 0.01;      ///< the largest one
  std::int64_t decay_steps = 0;     ///< how many steps it takes from there to the last one
  double alpha = 0;                 ///< the last one is alpha * learning_rate
  std::int64_t warmup_steps = 0;    ///< how many steps it rises before, in a straight line
  double warmup_learning_rate = 0;  ///< where it rises from
};
/// With t = step - warmup_steps, learning_rate ((1 - alpha) (1 + cos(pi t / decay_steps)) / 2 + alpha), and the last
/// one behind decay_steps; for the warmup_steps before, a straight line: Keras 3's CosineDecay, whose `warmup_target`
/// is learning_rate here (Loshchilov and Hutter 2017).
XG_API LearningRate cosine_decay(const CosineDecayOptions& options,
                                 std::source_location where = std::source_location::current());

/// The options of cosine_decay_restarts().
struct CosineDecayRestartsOptions {
  double learning_rate = 0.01;         ///< the first one
  std::int64_t first_decay_steps = 0;  ///< the length of the first period
  double t_mul = 2;                    ///< what the length of a period is multiplied by in the next one
  double m_mul = 1;                    ///< what its largest rate is multiplied by in the next one
  double alpha = 0;                    ///< the least rate is alpha * learning_rate
};
/// In period i, in which t of its n steps were made, learning_rate ((1 - alpha) m_mul^i (1 + cos(pi t / n)) / 2 +
/// alpha): Keras's CosineDecayRestarts (Loshchilov and Hutter 2017).
XG_API LearningRate cosine_decay_restarts(const CosineDecayRestartsOptions& options,
                                          std::source_location where = std::source_location::current());

/// The options of one_cycle().
struct OneCycleOptions {
  double max_learning_rate = 0.1;  ///< the largest one
  std::int64_t total_steps = 0;    ///< of the whole cycle
  double share_rising = 0.3;       ///< the share of them in which it rises
  double div_factor = 25;          ///< the first one is max_learning_rate / div_factor
  double final_div_factor = 1e4;   ///< the last one is the first one / final_div_factor
  bool linear = false;             ///< whether it goes in straight lines, not half waves of a cosine
};
/// From a small rate to the largest at step share_rising * total_steps - 1, and down to the least at total_steps - 1,
/// which stays: PyTorch's OneCycleLR (Smith and Topin 2018).
XG_API LearningRate one_cycle(const OneCycleOptions& options,
                              std::source_location where = std::source_location::current());

/// The options of warmup().
struct WarmupOptions {
  std::int64_t steps = 0;    ///< how many steps the rate rises
  double start_factor = 0;   ///< what share of the first rate of `then` it rises from
  LearningRate then = 0.01;  ///< a number or a schedule, whose step 0 is the first one behind
};
/// A straight line from start_factor * then(0) to then(0), and then(step - steps): PyTorch's LinearLR before another
/// one in a SequentialLR.
XG_API LearningRate warmup(const WarmupOptions& options, std::source_location where = std::source_location::current());

}  // namespace xg::nn
