#include "nn/training/learning_rate_finder.hpp"

#include <algorithm>
#include <cmath>
#include "autograd/grad_mode.hpp"

#include "nn/callbacks/kept_weights.hpp"
#include "nn/pass.hpp"
#include "nn/training/walks.hpp"

namespace xg::nn {
namespace {

void check_options(const LearningRateFinderOptions& options, std::source_location where) {
  const auto& [low, high, steps, batch_size, smoothing, divergence] = options;
  if (!(low > 0 && high > low && std::isfinite(high)))
    throw ValueError(concat("find_learning_rate: rates must rise from above 0, got ", low, " as the least and ", high,
                            " as the largest"),
                     where);
  if (steps < 3) throw ValueError(concat("find_learning_rate: at least 3 steps are needed, got ", steps), where);
  if (!(smoothing >= 0 && smoothing < 1))
    throw ValueError(concat("find_learning_rate: smoothing must lie in [0, 1), got ", smoothing), where);
  if (!(divergence > 1))
    throw ValueError(concat("find_learning_rate: divergence must be greater than 1, got ", divergence), where);
}

/// The rate at which the smoothed loss falls most steeply on its way to its least value.
std::optional<double> steepest(const LearningRateCurve& curve) {
  const auto least = std::min_element(curve.smoothed.begin(), curve.smoothed.end()) - curve.smoothed.begin();
  std::optional<double> rate;
  double steepest_fall = 1e-9 * std::abs(curve.smoothed.front());  // less is rounding
  for (std::size_t i = 1; static_cast<std::ptrdiff_t>(i) < least; ++i) {
    // Rates are equally far from each other on a logarithmic scale.
    const double fall = curve.smoothed[i - 1] - curve.smoothed[i + 1];
    if (fall <= steepest_fall) continue;
    steepest_fall = fall;
    rate = curve.rates[i];
  }
  return rate;
}

LearningRateCurve sweep(Model& model, const BatchSource::Next& next, WeightedBatch batch,
                        const LearningRateFinderOptions& options, std::source_location where) {
  LearningRateCurve curve;
  const double factor = std::log(options.max_learning_rate / options.min_learning_rate);
  double running = 0, least = HUGE_VAL;
  for (std::int64_t step = 0; step < options.steps; ++step) {
    const double part = static_cast<double>(step) / static_cast<double>(options.steps - 1);
    const double rate = options.min_learning_rate * std::exp(factor * part);
    model.optimizer(where).set_learning_rate(rate, where);
    const double loss = model.train_on_batch(batch.x, batch.y, {.sample_weight = batch.sample_weight}, where).loss;
    running = options.smoothing * running + (1 - options.smoothing) * loss;
    const double smoothed = running / (1 - std::pow(options.smoothing, static_cast<double>(step + 1)));
    if (!std::isfinite(smoothed)) break;
    curve.rates.push_back(rate);
    curve.losses.push_back(loss);
    curve.smoothed.push_back(smoothed);
    least = std::min(least, smoothed);
    if (smoothed > options.divergence * least) break;
    if (step + 1 < options.steps) batch = *next();
  }
  if (!curve.rates.empty()) curve.suggestion = steepest(curve);
  return curve;
}

}  // namespace

namespace {

/// Layers that are not built yet, are then; states stay what they are.
void build(const Model& model, const Tensors& sample, std::source_location where) {
  const NoGrad values_only;
  Pass pass(model, Pass::Mode::evaluation);
  pass.rehearse();
  model(sample, where);
  pass.commit();
}

}  // namespace

LearningRateCurve find_learning_rate(Model& model, const BatchSource& batches, const LearningRateFinderOptions& options,
                                     std::source_location where) {
  check_options(options, where);
  check_source("find_learning_rate", batches, where);
  Optimizer& optimizer = model.optimizer(where);
  const BatchSource::Next next = walk_of("find_learning_rate", batches, options.steps, where);
  WeightedBatch first = *next();
  build(model, rows_of(first.x, 0, 1), where);
  KeptWeights weights(model);
  std::vector<std::pair<Tensor, Tensor>> gradients;
  for (const auto& named : optimizer.parameters())
    if (Tensor gradient = named.value.grad(); gradient.defined()) gradients.emplace_back(named.value, gradient);
  const auto before = optimizer.snapshot();
  const Pass trial(model, Pass::Mode::trial);
  const auto go_back = [&] {
    weights.restore();
    optimizer.restore(*before, where);
    for (auto& [parameter, gradient] : gradients) parameter.set_grad(gradient);
  };
  try {
    LearningRateCurve curve = sweep(model, next, std::move(first), options, where);
    go_back();
    return curve;
  } catch (...) {
    go_back();
    throw;
  }
}

LearningRateCurve find_learning_rate(Model& model, const Tensors& x, const Tensors& y,
                                     const LearningRateFinderOptions& options, std::source_location where) {
  check_samples("find_learning_rate", x, y, options.batch_size, where);
  WeightedBatches batches(x, y, {}, {.size = options.batch_size, .shuffle = true}, where);
  return find_learning_rate(model, BatchSource(batches), options, where);
}

}  // namespace xg::nn
