#include "nn/model.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/kernels/copy.hpp"
#include "nn/callbacks/progress_bar.hpp"
#include "nn/data/batches.hpp"
#include "nn/optimizers/step.hpp"
#include "nn/scopes.hpp"

namespace xg::nn {
namespace {

/// True if both are the same leaf, or the same elements of a constant.
bool same_parameter(const Tensor& a, const Tensor& b) {
  if (a.node() || b.node()) return a.node() == b.node();
  return a.shape() == b.shape() && a.array().shares_storage(b.array()) && a.array().raw() == b.array().raw();
}

bool contains(const std::vector<NamedTensor>& list, const NamedTensor& wanted) {
  return std::any_of(list.begin(), list.end(),
                     [&](const NamedTensor& parameter) { return same_parameter(parameter.value, wanted.value); });
}

bool share_any(const std::vector<NamedTensor>& some, const std::vector<NamedTensor>& others) {
  return std::any_of(some.begin(), some.end(),
                     [&](const NamedTensor& parameter) { return contains(others, parameter); });
}

/// The parameters with a regularizer that are not in `list`.
std::vector<NamedTensor> regularized_outside(const std::vector<NamedTensor>& list,
                                             const std::vector<NamedTensor>& parameters) {
  std::vector<NamedTensor> outside;
  for (const auto& parameter : parameters)
    if (parameter.regularizer && !contains(list, parameter)) outside.push_back(parameter);
  return outside;
}

double penalty_of(const std::vector<NamedTensor>& parameters) {
  double total = 0;
  for (const auto& [name, value, regularizer] : parameters)
    if (regularizer) total += regularizer(value).item();
  return total;
}

}  // namespace

double Score::operator[](const Name& name) const {
  Logs all;
  all.set("loss", loss);
  for (const auto& [metric, value] : metrics) all.set(metric, value);
  return all[name];
}

struct Model::TrainingSetup {
  std::shared_ptr<Optimizer> optimizer;
  Loss loss;
  std::vector<MetricChoice> metrics;
  /// Parameters with a regularizer that the optimizer was not given; known after the first pass.
  std::optional<std::vector<NamedTensor>> fixed = {};
  bool attached_here = false;  ///< the trainer gave the optimizer all parameters there were
  bool in_fit = false;         ///< fit() is running
};

/// The running means of the loss and the metrics over the samples of an epoch.
class Model::Figures {
 public:
  explicit Figures(std::shared_ptr<const TrainingSetup> setup) : setup_(std::move(setup)) { logs_.set("loss", 0); }

  void add_loss(double loss, const Tensor& x) {
    const auto count = static_cast<double>(x.shape()[0]);
    loss_sum_ += loss * count;
    samples_ += count;
    logs_.set("loss", loss_sum_ / samples_);
  }
  void add_metrics(const Tensor& y, const Tensor& prediction) {
    if (metrics_.empty())
      for (const auto& choice : setup_->metrics)
        metrics_.push_back(choice.make(setup_->loss.name(), prediction.rank() > 1 ? prediction.shape().back() : 1));
    for (auto& metric : metrics_) {
      metric.update(y, prediction);
      logs_.set(metric.name(), metric.result());
    }
  }

  const Logs& logs() const { return logs_; }
  /// The figures as a Score. Takes no memory: a step that was made cannot fail any more.
  Score score() && {
    Score score{.loss = logs_["loss"], .metrics = std::move(logs_)};
    score.metrics.remove("loss");
    return score;
  }

 private:
  std::shared_ptr<const TrainingSetup> setup_;
  std::vector<Metric> metrics_;
  double loss_sum_ = 0, samples_ = 0;
  Logs logs_;
};

/// An attempt at a training step: unless it succeeds, its end leaves the model, the gradients and the optimizer as they
/// were.
class Model::StepAttempt {
 public:
  StepAttempt(Model& model, TrainingSetup& setup)
      : passes_(model, Attempt::At::pass), model_(model), setup_(setup), knew_fixed_(setup.fixed.has_value()) {}
  ~StepAttempt() {
    if (succeeded_) return;
    auto& parameters = setup_.optimizer->parameters_;
    for (std::size_t i = 0; i < gradients_.size(); ++i) put_back(parameters[i].value, gradients_[i]);
    if (!knew_fixed_) setup_.fixed.reset();
    if (attached_) setup_.attached_here = false;
    if (attached_) setup_.optimizer->detach();
  }
  StepAttempt(const StepAttempt&) = delete;
  StepAttempt& operator=(const StepAttempt&) = delete;

  /// Gives an optimizer without parameters those of the model.
  void attach() {
    if (setup_.optimizer->attached()) return;
    setup_.optimizer->attach(model_.parameters());
    if (!setup_.optimizer->attached())
      throw ValueError("fit: the model has no parameters to train", std::source_location::current());
    attached_ = setup_.attached_here = true;
  }
  /// Makes room for the gradients of this step.
  void set_gradients_aside() {
    auto& parameters = setup_.optimizer->parameters_;
    gradients_.reserve(parameters.size());
    for (auto& parameter : parameters) {
      gradients_.push_back(parameter.value.grad());
      parameter.value.zero_grad();
    }
  }
  void succeed() {
    succeeded_ = true;
    passes_.succeed();
  }

 private:
  static void put_back(Tensor& parameter, const Tensor& gradient) {
    parameter.zero_grad();
    if (gradient.defined()) parameter.set_grad(gradient);
  }

  Attempt passes_;
  Model& model_;
  TrainingSetup& setup_;
  bool knew_fixed_;
  bool attached_ = false;
  bool succeeded_ = false;
  std::vector<Tensor, pool::Allocator<Tensor>> gradients_;
};

void Model::compile(CompileOptions options, std::source_location where) {
  check_here(where);
  if (training_setup_ && training_setup_->in_fit)
    throw ValueError("compile: the model is in fit(): a callback cannot compile it", where);
  if (!options.optimizer.get())
    throw ValueError("compile: no optimizer was given: set .optimizer, for example to \"sgd\"", where);
  if (!options.loss) throw ValueError("compile: no loss was given: set .loss, for example to \"mse\"", where);
  if (options.optimizer.get()->attached() && !share_any(options.optimizer.get()->parameters(), parameters()))
    throw ValueError("compile: the optimizer changes the parameters of another model: construct a new one", where);
  training_setup_ = std::make_shared<TrainingSetup>(
      TrainingSetup{options.optimizer.get(), std::move(options.loss), std::move(options.metrics)});
}

std::shared_ptr<Model::TrainingSetup> Model::setup(const char* call, std::source_location where) const {
  check_here(where);
  if (!training_setup_)
    throw ValueError(concat(call, ": the model is not compiled: call compile({.optimizer = ..., .loss = ...}) first"),
                     where);
  return training_setup_;
}

Optimizer& Model::optimizer(std::source_location where) { return *setup("optimizer", where)->optimizer; }

void Model::check_samples(const char* call, const Tensor& x, const Tensor& y, std::int64_t batch_size,
                          std::source_location where) const {
  for (const auto& [name, samples] : {std::pair("x", &x), std::pair("y", &y)}) {
    if (!samples->defined()) throw ValueError(concat(call, ": ", name, " is an undefined tensor"), where);
    if (samples->rank() == 0)
      throw ShapeError(concat(call, ": ", name, " is a single number: its first axis must be the samples"), where);
  }
  if (x.shape()[0] != y.shape()[0])
    throw ShapeError(
        concat(call, ": x has shape ", x.shape(), ", y ", y.shape(), ": their first axes, the samples, must agree"),
        where);
  if (x.shape()[0] == 0) throw ShapeError(concat(call, ": x has shape ", x.shape(), ": no samples"), where);
  if (batch_size < 1) throw ValueError(concat(call, ": batch_size must be at least 1, got ", batch_size), where);
}

Tensor Model::data_loss(const Tensor& y, const Tensor& prediction) const {
  Tensor loss = training_setup_->loss(y, prediction);
  return loss.size() == 1 ? loss : mean(loss);
}

void Model::check_no_newcomers() const {
  if (!training_setup_->attached_here) return;
  for (const auto& parameter : parameters())
    if (parameter.value.requires_grad() && !contains(training_setup_->optimizer->parameters(), parameter))
      throw ValueError(concat("fit: the parameter '", parameter.name,
                              "' was added after training had begun: call compile again with a new optimizer"));
}

void Model::rehearse(const Tensor& x, const Tensor& y) {
  Figures scratch(training_setup_);
  measure(x.array().slice(0, 0, 1, 1), y.array().slice(0, 0, 1, 1), 1, scratch, nullptr);
}

void Model::train_step(const Tensor& x, const Tensor& y, Figures& figures) {
  TrainingSetup& setup = *training_setup_;
  Optimizer& optimizer = *setup.optimizer;
  StepAttempt attempt(*this, setup);
  const Tensor prediction = (*this)(x);
  attempt.attach();
  Tensor loss = data_loss(y, prediction);
  for (const Tensor& term : pass_penalties()) loss = loss + term;
  double fixed_penalty = 0;
  for (const auto& [name, value, regularizer] : optimizer.parameters()) {
    if (!regularizer) continue;
    if (!value.requires_grad())
      fixed_penalty += regularizer(value).item();
    else if (regularizer.l2_factor() == 0)  // the optimizer adds the others in its own pass
      loss = loss + regularizer(value);
  }
  if (!setup.fixed) {
    check_no_newcomers();
    setup.fixed = regularized_outside(optimizer.parameters(), parameters());
  }
  fixed_penalty += penalty_of(*setup.fixed);
  // Before anything changes: a metric may not fit, and there may be no memory.
  figures.add_metrics(y, prediction);
  Optimizer::Step step(optimizer, true, std::source_location::current());
  attempt.set_gradients_aside();
  loss.backward();
  const double l2_penalty = step.make();
  attempt.succeed();
  figures.add_loss(loss.item() + l2_penalty + fixed_penalty, x);
}

Score Model::train_on_batch(const Tensor& x, const Tensor& y, std::source_location where) {
  Figures figures(setup("train_on_batch", where));
  check_samples("train_on_batch", x, y, 1, where);
  const CallerScope scope(where);
  const ModeScope mode(*this, true);
  const WithGrad recording;
  train_step(x, y, figures);
  return std::move(figures).score();
}

void Model::measure(const Tensor& x, const Tensor& y, std::int64_t batch_size, Figures& figures, ProgressLine* line) {
  Attempt attempt(*this, Attempt::At::pass);
  const ModeScope mode(*this, false);
  const NoGrad values_only;
  std::optional<double> parameter_penalty;
  std::int64_t seen = 0;
  for (const auto [x_batch, y_batch] : data::batches(x, y, {.size = batch_size})) {
    const Tensor prediction = (*this)(x_batch);
    double loss = data_loss(y_batch, prediction).item();
    for (const Tensor& term : pass_penalties()) loss += term.item();
    if (!parameter_penalty) parameter_penalty = penalty_of(parameters());
    figures.add_loss(loss + *parameter_penalty, x_batch);
    figures.add_metrics(y_batch, prediction);
    seen += x_batch.shape()[0];
    if (line) line->update(seen, {});
  }
  attempt.succeed();
}

Score Model::evaluate(const Tensor& x, const Tensor& y, const EvaluateOptions& options, std::source_location where) {
  Figures figures(setup("evaluate", where));
  check_samples("evaluate", x, y, options.batch_size, where);
  const CallerScope scope(where);
  std::optional<ProgressLine> line;
  if (options.verbose > 0) line.emplace(x.shape()[0], options.display);
  measure(x, y, options.batch_size, figures, line ? &*line : nullptr);
  return std::move(figures).score();
}

Tensor Model::predict(const Tensor& x, const PredictOptions& options, std::source_location where) {
  check_here(where);
  check_samples("predict", x, x, options.batch_size, where);
  const CallerScope scope(where);
  Attempt attempt(*this, Attempt::At::pass);
  const ModeScope mode(*this, false);
  const NoGrad values_only;
  Array all;
  std::int64_t start = 0;
  for (const auto [batch, same] : data::batches(x, x, {.size = options.batch_size})) {
    const Array part = (*this)(batch).array();
    if (part.rank() == 0 || part.shape()[0] != batch.shape()[0])
      throw ShapeError(concat("predict: the output for ", batch.shape()[0], " samples has shape ", part.shape(),
                              ": its first axis must be the samples"),
                       where);
    if (!all.defined()) {
      Shape shape = part.shape();
      shape[0] = x.shape()[0];
      all = Array::empty(shape, part.dtype());
    }
    Array place = all.slice(0, start, part.shape()[0], 1);
    kernels::copy(part, place);
    start += part.shape()[0];
  }
  attempt.succeed();
  return all;
}

namespace {

/// True if the samples of both have the same shape.
bool same_samples(const Tensor& a, const Tensor& b) {
  return std::equal(a.shape().begin() + 1, a.shape().end(), b.shape().begin() + 1, b.shape().end());
}

/// The samples to train on and those to validate with.
struct Split {
  Tensor x, y;
  ValidationData validation;
};

Split split_samples(const Tensor& x, const Tensor& y, const FitOptions& options, std::source_location where) {
  if (!(options.validation_split >= 0 && options.validation_split < 1))
    throw ValueError(concat("fit: validation_split must lie in [0, 1), got ", options.validation_split), where);
  if (options.validation_data.x.defined() || options.validation_split == 0) return {x, y, options.validation_data};
  const std::int64_t samples = x.shape()[0];
  const auto kept = static_cast<std::int64_t>(static_cast<double>(samples) * (1 - options.validation_split));
  if (kept == 0)
    throw ValueError(concat("fit: validation_split leaves none of ", samples, " samples to train on"), where);
  const auto part = [](const Tensor& all, std::int64_t start, std::int64_t stop) {
    return Tensor(all.array().slice(0, start, stop - start, 1));
  };
  return {part(x, 0, kept), part(y, 0, kept), {part(x, kept, samples), part(y, kept, samples)}};
}

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

}  // namespace

std::vector<std::shared_ptr<Callback>> Model::make_callbacks(const FitOptions& options,
                                                             const std::shared_ptr<History>& history,
                                                             std::source_location where) const {
  std::vector<std::shared_ptr<Callback>> callbacks;
  if (options.verbose > 0) callbacks.push_back(std::make_shared<ProgressBar>(options.verbose, options.display));
  for (const auto& choice : options.callbacks) {
    if (!choice.get()) throw ValueError("fit: a callback is a null pointer", where);
    callbacks.push_back(choice.get());
  }
  callbacks.push_back(history);
  return callbacks;
}

History Model::fit(const Tensor& x, const Tensor& y, const FitOptions& options, std::source_location where) {
  const std::shared_ptr<TrainingSetup> setting = setup("fit", where);
  if (setting->in_fit)
    throw ValueError("fit: the model is in fit() already: a callback may train it by train_on_batch()", where);
  check_samples("fit", x, y, options.batch_size, where);
  if (options.epochs < 1) throw ValueError(concat("fit: epochs must be at least 1, got ", options.epochs), where);
  const Split split = split_samples(x, y, options, where);
  const auto& [x_val, y_val] = split.validation;
  const bool validates = x_val.defined() || y_val.defined();
  if (validates) check_samples("fit: validation_data", x_val, y_val, options.batch_size, where);

  const auto history = std::make_shared<History>();
  const auto callbacks = make_callbacks(options, history, where);
  const CallerScope scope(where);
  const ModeScope mode(*this, true);
  const WithGrad recording;
  const FitScope running(setting->in_fit);
  setting->fixed.reset();
  if (validates && !(same_samples(split.x, x_val) && same_samples(split.y, y_val))) {
    // What does not fit shows now instead of after an epoch. The layers are built for the training samples.
    rehearse(split.x, split.y);
    rehearse(x_val, y_val);
  }
  const auto tell = [&](auto&& hook) {
    const OwnLines own;
    std::for_each(callbacks.begin(), callbacks.end(), hook);
  };
  TrainingRun run{*this, options.epochs, split.x.shape()[0], validates ? x_val.shape()[0] : 0, {"loss"}};
  for (const auto& metric : setting->metrics) run.figures.push_back(metric.name());
  if (validates)
    for (std::size_t i = 0, count = run.figures.size(); i < count; ++i) run.figures.push_back("val_" + run.figures[i]);

  tell([&](auto& callback) { callback->on_train_begin(run); });
  data::Batches batches(split.x, split.y, {.size = options.batch_size, .shuffle = options.shuffle}, where);
  for (int epoch = 0; epoch < options.epochs && !run.stop; ++epoch) {
    tell([&](auto& callback) { callback->on_epoch_begin(run, epoch); });
    Figures figures(setting);
    std::int64_t batch = 0, seen = 0;
    for (const auto [x_batch, y_batch] : batches) {
      tell([&](auto& callback) { callback->on_batch_begin(run, batch); });
      train_step(x_batch, y_batch, figures);
      seen += x_batch.shape()[0];
      tell([&](auto& callback) { callback->on_batch_end(run, batch, seen, figures.logs()); });
      ++batch;
    }
    Logs logs = figures.logs();
    if (validates) {
      Figures validation(setting);
      measure(x_val, y_val, options.batch_size, validation, nullptr);
      for (const auto& [name, value] : validation.logs()) logs.set("val_" + name, value);
    }
    tell([&](auto& callback) { callback->on_epoch_end(run, epoch, logs); });
  }
  tell([&](auto& callback) { callback->on_train_end(run); });
  return *history;
}

}  // namespace xg::nn
