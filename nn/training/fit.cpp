#include <algorithm>
#include <cmath>
#include <iostream>

#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/callbacks/progress_bar.hpp"
#include "nn/model.hpp"
#include "nn/pass.hpp"
#include "nn/training/walks.hpp"

namespace xg::nn {
namespace {

/// Tells that fit() is running.
class FitScope {
 public:
  explicit FitScope(bool& in_fit) : in_fit_(in_fit) { in_fit_ = true; }
  ~FitScope() { in_fit_ = false; }
  FitScope(const FitScope&) = delete;
  FitScope& operator=(const FitScope&) = delete;

 private:
  bool& in_fit_;
};

using Callbacks = std::vector<std::shared_ptr<Callback>>;

Callbacks make_callbacks(const FitOptions& options, const std::shared_ptr<History>& history,
                         std::source_location where) {
  Callbacks callbacks;
  if (options.verbose > 0) callbacks.push_back(std::make_shared<ProgressBar>(options.verbose, options.display));
  for (const auto& choice : options.callbacks) {
    if (!choice.get()) throw ValueError("fit: a callback is a null pointer", where);
    callbacks.push_back(choice.get());
  }
  callbacks.push_back(history);
  return callbacks;
}

bool all_finite(const Tensor& x) {
  const NoGrad values_only;
  return !is_floating(x.dtype()) || std::isfinite((sum(x) * 0.0).item());
}

/// Says once that a training has gone astray, and where that shows first.
class Watch {
 public:
  void look(const Logs& logs, const Model& model, const Tensors& x, std::int64_t step, int epoch) {
    if (told_) return;
    for (const auto& [figure, value] : logs) {
      if (std::isfinite(value)) continue;
      told_ = true;
      std::cerr << "warning: fit: " << figure << " is " << value << " after step " << step << " (epoch " << epoch + 1
                << "): " << cause(model, x) << std::endl;
      return;
    }
  }

 private:
  static std::string cause(const Model& model, const Tensors& x) {
    for (const auto& [name, value] : x)
      if (!all_finite(value)) return "the samples hold NaN or infinite numbers";
    for (const auto& [name, value, regularizer, constraint] : model.parameters())
      if (!all_finite(value))
        return "'" + name +
               "' is the first parameter with such numbers; a smaller learning rate "
               "or clip_by_global_norm() may help, and xg::DetectAnomaly names the operation";
    return "all parameters are finite; xg::DetectAnomaly names the operation";
  }

  bool told_ = false;
};

}  // namespace

void Model::rehearse(const Split& split) const {
  Pass pass(*this, Pass::Mode::evaluation);
  pass.rehearse();
  const NoGrad values_only;
  const auto look = [&](const Tensors& x, const Tensors& y, const Tensors& weights) {
    Figures scratch(setup_, std::source_location::current());
    std::optional<double> penalty;
    pass.forget_reports();
    measure_batch({rows_of(x, 0, 1), rows_of(y, 0, 1), rows_of(weights, 0, 1)}, scratch, penalty);
  };
  // The layers are built for the training samples.
  look(split.x, split.y, split.sample_weight);
  look(split.validation.x, split.validation.y, split.validation.sample_weight);
  pass.commit();
}

TrainingRun Model::plan(const Course& course, const FitOptions& options) const {
  const std::int64_t steps = options.steps_per_epoch;
  TrainingRun run{const_cast<Model&>(*this),
                  options.epochs,
                  steps > 0 ? -1 : course.batches.samples(),
                  course.validation_samples,
                  {}};
  run.steps = steps > 0 ? steps : course.batches.batches();
  Figures scratch(setup_, std::source_location::current());
  const Tensors& y = course.sample.y;
  if (y.size() > 1) {
    Pass pass(*this, Pass::Mode::evaluation);
    pass.rehearse();
    const NoGrad values_only;
    std::optional<double> penalty;
    measure_batch(course.sample, scratch, penalty);
    pass.commit();
  }
  for (const auto& [name, value] : scratch.logs()) run.figures.push_back(name);
  if (y.size() == 1)
    for (std::size_t i = 0; i < setup_->metrics.size(); ++i) run.figures.push_back(setup_->metric_name(i));
  if (course.validation)
    for (std::size_t i = 0, count = run.figures.size(); i < count; ++i) run.figures.push_back("val_" + run.figures[i]);
  for (const std::string& name : step_figures()) run.figures.push_back(name);
  return run;
}

namespace {

void check_options(const FitOptions& options, const TrainingSetup& setting, std::source_location where) {
  if (setting.in_fit)
    throw ValueError("fit: the model is in fit() already: a callback may train it by train_on_batch()", where);
  if (options.epochs < 1) throw ValueError(concat("fit: epochs must be at least 1, got ", options.epochs), where);
  check_class_weights("fit", options.class_weight, where);
  if (options.steps_per_epoch < 0)
    throw ValueError(concat("fit: steps_per_epoch must not be negative, got ", options.steps_per_epoch), where);
  const ValidationData& validation = options.validation_data;
  if (validation.batches && (is_given(validation.x) || is_given(validation.y)))
    throw ValueError("fit: validation_data has tensors and batches: give one of the two", where);
}

/// The first sample of a batch.
WeightedBatch first_of(const Tensors& x, const Tensors& y, const Tensors& weights) {
  return {rows_of(x, 0, 1), rows_of(y, 0, 1), rows_of(weights, 0, 1)};
}

}  // namespace

History Model::fit(const Tensors& x, const Tensors& y, const FitOptions& options, std::source_location where) {
  const std::shared_ptr<TrainingSetup> setting = setup("fit", where);
  check_samples("fit", x, y, options.batch_size, where);
  check_options(options, *setting, where);
  const Tensors weights = weights_of("fit", y, options.sample_weight, options.class_weight, setting->losses, where);
  const Split split = split_samples(x, y, weights, options.validation_split, options.validation_data, where);
  const ValidationData& validation = split.validation;
  const bool by_tensors = is_given(validation.x) || is_given(validation.y);
  if (by_tensors) check_validation(split, options.batch_size, where);
  WeightedBatches batches(split.x, split.y, split.sample_weight,
                          {.size = options.batch_size, .shuffle = options.shuffle}, where);
  const BatchSource source(batches);
  const std::int64_t validated = by_tensors ? count_of(validation.x) : validation.batches.samples();
  const CallerScope scope(where);
  const WithGrad recording;
  // What does not fit shows now instead of after an epoch.
  if (by_tensors && !(same_samples(split.x, validation.x) && same_samples(split.y, validation.y))) rehearse(split);
  EpochWalk walk(source, options.steps_per_epoch, where);
  return run({source, validation, validation ? validated : 0, first_of(split.x, split.y, split.sample_weight)}, walk,
             options, where);
}

History Model::fit(const BatchSource& batches, const FitOptions& options, std::source_location where) {
  const std::shared_ptr<TrainingSetup> setting = setup("fit", where);
  check_source("fit", batches, where);
  check_options(options, *setting, where);
  check_no_weights("fit", options.sample_weight, where);
  const ValidationData& validation = options.validation_data;
  if (options.validation_split != 0)
    throw ValueError("fit: validation_split is for tensors: give validation_data beside a data set", where);
  const bool by_tensors = is_given(validation.x) || is_given(validation.y);
  if (by_tensors) {
    check_samples("fit: validation_data", validation.x, validation.y, options.batch_size, where);
    if (is_given(validation.sample_weight))
      check_weights("fit: validation_data", validation.sample_weight, validation.y, where);
  }
  const std::int64_t validated = by_tensors ? count_of(validation.x) : validation.batches.samples();
  const CallerScope scope(where);
  const WithGrad recording;
  EpochWalk walk(batches, options.steps_per_epoch, where);
  walk.check(options.class_weight, setting->losses);
  const auto& [x, y, weights] = walk.first();
  return run({batches, validation, validation ? validated : 0, first_of(x, y, weights)}, walk, options, where);
}

History Model::run(const Course& course, EpochWalk& walk, const FitOptions& options, std::source_location where) {
  const std::shared_ptr<TrainingSetup> setting = setup_;
  const auto history = std::make_shared<History>();
  const Callbacks callbacks = make_callbacks(options, history, where);
  const FitScope running(setting->in_fit);
  const auto tell = [&](auto&& hook) {
    const OwnLines own;
    std::for_each(callbacks.begin(), callbacks.end(), hook);
  };
  TrainingRun run = plan(course, options);

  tell([&](auto& callback) { callback->on_train_begin(run); });
  Watch watch;
  std::int64_t step = 0;
  for (int epoch = 0; epoch < options.epochs && !run.stop && !run.stop_now; ++epoch) {
    tell([&](auto& callback) { callback->on_epoch_begin(run, epoch); });
    Figures figures(setting, where);
    std::int64_t batch = 0, seen = 0;
    for (walk.begin(); const auto samples = walk.next(); ++batch) {
      tell([&](auto& callback) { callback->on_batch_begin(run, batch); });
      run_step(*samples, figures);
      watch.look(figures.logs(), *this, samples->x, ++step, epoch);
      seen += count_of(samples->x);
      tell([&](auto& callback) { callback->on_batch_end(run, batch, seen, figures.logs()); });
      if (run.stop_now) break;
    }
    if (run.stop_now) break;
    Logs logs = figures.finish();
    if (course.validation)
      for (const auto& [name, value] : validate(course.validation, options.batch_size, where))
        logs.set("val_" + name, value);
    tell([&](auto& callback) { callback->on_epoch_end(run, epoch, logs); });
  }
  tell([&](auto& callback) { callback->on_train_end(run); });
  return *history;
}

Logs Model::validate(const ValidationData& data, std::int64_t batch_size, std::source_location where) const {
  Figures figures(setup_, where);
  if (data.batches)
    measure(walk_of("fit: validation_data", data.batches, 0, where), figures, nullptr);
  else
    measure(walk_of(data.x, data.y, data.sample_weight, batch_size), figures, nullptr);
  return figures.finish();
}

}  // namespace xg::nn
