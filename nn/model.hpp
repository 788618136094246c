#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "nn/callbacks/callback.hpp"
#include "nn/callbacks/history.hpp"
#include "nn/callbacks/progress_line.hpp"
#include "nn/losses.hpp"
#include "nn/metrics.hpp"
#include "nn/module.hpp"
#include "nn/optimizers/optimizer.hpp"

namespace xg::nn {

/// What compile() wants to know.
struct CompileOptions {
  OptimizerChoice optimizer = {};          ///< how parameters change
  Loss loss = {};                          ///< what is made small
  std::vector<MetricChoice> metrics = {};  ///< what is shown beside it
};

/// Samples and targets; none if undefined.
struct ValidationData {
  Tensor x = {};  ///< samples
  Tensor y = {};  ///< what belongs to them
};

/// The options of fit().
struct FitOptions {
  std::int64_t batch_size = 32;                ///< of every batch but the last
  int epochs = 1;                              ///< how often all samples are seen
  int verbose = 1;                             ///< 0: silent, 1: a progress bar, 2: a line for each epoch
  std::vector<CallbackChoice> callbacks = {};  ///< called on the way
  double validation_split = 0;                 ///< this share of the samples, from the end, is kept for validation
  ValidationData validation_data = {};         ///< evaluated after every epoch
  bool shuffle = true;                         ///< a new order for each epoch
  Display display = {};                        ///< where the progress is shown
};

/// The options of evaluate().
struct EvaluateOptions {
  std::int64_t batch_size = 32;  ///< of every batch but the last
  int verbose = 1;               ///< 0: silent, 1: a progress bar
  Display display = {};          ///< where the bar is drawn
};

/// The options of predict().
struct PredictOptions {
  std::int64_t batch_size = 32;  ///< of every batch but the last
};

/// What evaluate() and train_on_batch() found: the loss, penalties included, and the metrics by name.
struct XG_API Score {
  double loss = 0;    ///< the mean over all samples
  Logs metrics = {};  ///< by their names

  /// "loss" or a metric's name. An unknown one is a ValueError that lists the known ones.
  double operator[](const Name& name) const;
};

/// A module with Keras's trainer. Derive from it and write forward(), or use Sequential.
class XG_API Model : public Module {
 public:
  std::string type() const override { return "Model"; }

  /// Says how to train: must come before fit, evaluate and train_on_batch. A missing optimizer or loss is a ValueError,
  /// as is an optimizer that changes another model's parameters, and a call by a callback of fit().
  void compile(CompileOptions options, std::source_location where = std::source_location::current());
  /// True once compile() was called.
  bool compiled() const { return training_setup_ != nullptr; }

  /// Trains for some epochs. x and y are cut along their first axes; the loss of a batch is computed before its update.
  /// The figures of an epoch are the means over its samples. Bad arguments are errors before anything changes; a step
  /// that fails later on, changes nothing, and the model stays as the steps before it left it. A callback may call
  /// everything but fit() and compile().
  History fit(const Tensor& x, const Tensor& y, const FitOptions& options = {},
              std::source_location where = std::source_location::current());
  /// Loss and metrics over all samples, in evaluation mode.
  Score evaluate(const Tensor& x, const Tensor& y, const EvaluateOptions& options = {},
                 std::source_location where = std::source_location::current());
  /// The outputs for all samples, in evaluation mode, without a graph.
  Tensor predict(const Tensor& x, const PredictOptions& options = {},
                 std::source_location where = std::source_location::current());
  /// One update with all of x and y as one batch; the figures from before it.
  Score train_on_batch(const Tensor& x, const Tensor& y, std::source_location where = std::source_location::current());

  /// The table of layers, output shapes and parameter counts, as Keras 2.2.4 prints it.
  void summary() const;
  /// Prints what summary() returns.
  void summary(std::ostream& out) const;

  /// The optimizer given to compile.
  Optimizer& optimizer(std::source_location where = std::source_location::current());

 private:
  struct TrainingSetup;
  class Figures;
  class StepAttempt;

  std::shared_ptr<TrainingSetup> setup(const char* call, std::source_location where) const;
  void check_samples(const char* call, const Tensor& x, const Tensor& y, std::int64_t batch_size,
                     std::source_location where) const;
  Tensor data_loss(const Tensor& y, const Tensor& prediction) const;
  /// An error if the model has grown since the trainer gave its parameters to the optimizer.
  void check_no_newcomers() const;
  /// Evaluates one sample.
  void rehearse(const Tensor& x, const Tensor& y);
  void train_step(const Tensor& x, const Tensor& y, Figures& figures);
  void measure(const Tensor& x, const Tensor& y, std::int64_t batch_size, Figures& figures, ProgressLine* line);
  std::vector<std::shared_ptr<Callback>> make_callbacks(const FitOptions& options,
                                                        const std::shared_ptr<History>& history,
                                                        std::source_location where) const;

  std::shared_ptr<TrainingSetup> training_setup_;
};

}  // namespace xg::nn
