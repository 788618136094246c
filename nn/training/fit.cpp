#include <algorithm>
#include <cmath>
#include <iostream>

#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/callbacks/progress_bar.hpp"
#include "nn/data/batches.hpp"
#include "nn/model.hpp"
#include "nn/pass.hpp"

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
  // The layers are built for the training samples.
  for (const auto& [x, y] : {std::pair(&split.x, &split.y), std::pair(&split.validation.x, &split.validation.y)}) {
    Figures scratch(setup_, std::source_location::current());
    measure_in(pass, rows_of(*x, 0, 1), rows_of(*y, 0, 1), 1, scratch, nullptr);
  }
  pass.commit();
}

TrainingRun Model::plan(const Split& split, const FitOptions& options) const {
  const auto& [x_val, y_val] = split.validation;
  const bool validates = is_given(x_val) || is_given(y_val);
  TrainingRun run{const_cast<Model&>(*this), options.epochs, count_of(split.x), validates ? count_of(x_val) : 0, {}};
  Figures scratch(setup_, std::source_location::current());
  if (split.y.size() > 1) measure(rows_of(split.x, 0, 1), rows_of(split.y, 0, 1), 1, scratch, nullptr);
  for (const auto& [name, value] : scratch.logs()) run.figures.push_back(name);
  if (split.y.size() == 1)
    for (std::size_t i = 0; i < setup_->metrics.size(); ++i) run.figures.push_back(setup_->metric_name(i));
  if (validates)
    for (std::size_t i = 0, count = run.figures.size(); i < count; ++i) run.figures.push_back("val_" + run.figures[i]);
  for (const std::string& name : step_figures()) run.figures.push_back(name);
  return run;
}

History Model::fit(const Tensors& x, const Tensors& y, const FitOptions& options, std::source_location where) {
  const std::shared_ptr<TrainingSetup> setting = setup("fit", where);
  if (setting->in_fit)
    throw ValueError("fit: the model is in fit() already: a callback may train it by train_on_batch()", where);
  check_samples("fit", x, y, options.batch_size, where);
  if (options.epochs < 1) throw ValueError(concat("fit: epochs must be at least 1, got ", options.epochs), where);
  const Split split = split_samples(x, y, options.validation_split, options.validation_data, where);
  const auto& [x_val, y_val] = split.validation;
  const bool validates = is_given(x_val) || is_given(y_val);
  if (validates) check_validation(split, options.batch_size, where);

  const auto history = std::make_shared<History>();
  const Callbacks callbacks = make_callbacks(options, history, where);
  const CallerScope scope(where);
  const WithGrad recording;
  const FitScope running(setting->in_fit);
  // What does not fit shows now instead of after an epoch.
  if (validates && !(same_samples(split.x, x_val) && same_samples(split.y, y_val))) rehearse(split);
  const auto tell = [&](auto&& hook) {
    const OwnLines own;
    std::for_each(callbacks.begin(), callbacks.end(), hook);
  };
  TrainingRun run = plan(split, options);

  tell([&](auto& callback) { callback->on_train_begin(run); });
  data::BatchesOf<Tensors> batches(split.x, split.y, {.size = options.batch_size, .shuffle = options.shuffle}, where);
  Watch watch;
  std::int64_t step = 0;
  for (int epoch = 0; epoch < options.epochs && !run.stop; ++epoch) {
    tell([&](auto& callback) { callback->on_epoch_begin(run, epoch); });
    Figures figures(setting, where);
    std::int64_t batch = 0, seen = 0;
    for (const auto [x_batch, y_batch] : batches) {
      tell([&](auto& callback) { callback->on_batch_begin(run, batch); });
      run_step(x_batch, y_batch, figures);
      watch.look(figures.logs(), *this, x_batch, ++step, epoch);
      seen += count_of(x_batch);
      tell([&](auto& callback) { callback->on_batch_end(run, batch, seen, figures.logs()); });
      ++batch;
    }
    Logs logs = figures.logs();
    if (validates) {
      Figures validation(setting, where);
      measure(x_val, y_val, options.batch_size, validation, nullptr);
      for (const auto& [name, value] : validation.logs()) logs.set("val_" + name, value);
    }
    tell([&](auto& callback) { callback->on_epoch_end(run, epoch, logs); });
  }
  tell([&](auto& callback) { callback->on_train_end(run); });
  return *history;
}

}  // namespace xg::nn
