#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "nn/callbacks/callback.hpp"
#include "nn/callbacks/history.hpp"
#include "nn/callbacks/progress_line.hpp"
#include "nn/module.hpp"
#include "nn/saving/weights.hpp"
#include "nn/training/compile_options.hpp"
#include "nn/training/figures.hpp"
#include "nn/training/samples.hpp"
#include "nn/training/weights.hpp"

namespace xg::nn {

class Pass;
class EpochWalk;

/// The options of fit().
struct FitOptions {
  std::int64_t batch_size = 32;                ///< of every batch but the last
  int epochs = 1;                              ///< how often all samples are seen
  int verbose = 1;                             ///< 0: silent, 1: a progress bar, 2: a line for each epoch
  std::vector<CallbackChoice> callbacks = {};  ///< called on the way
  double validation_split = 0;                 ///< this share of the samples, from the end, is kept for validation
  ValidationData validation_data = {};         ///< evaluated after every epoch
  bool shuffle = true;                         ///< a new order for each epoch
  Tensors sample_weight = {};                  ///< what each sample (N), or each of its steps (N, steps), counts
  ClassWeights class_weight = {};              ///< what the samples of a class count, `{{0, 1.0}, {1, 5.0}}`
  std::int64_t steps_per_epoch = 0;            ///< batches of an epoch, walking on in the next; 0: one walk is an epoch
  Display display = {};                        ///< where the progress is shown
};

/// The options of evaluate().
struct EvaluateOptions {
  std::int64_t batch_size = 32;  ///< of every batch but the last
  int verbose = 1;               ///< 0: silent, 1: a progress bar
  Tensors sample_weight = {};    ///< what each sample (N), or each of its steps (N, steps), counts
  std::int64_t steps = 0;        ///< how many batches of a data set; 0: all
  Display display = {};          ///< where the bar is drawn
};

/// The options of predict().
struct PredictOptions {
  std::int64_t batch_size = 32;  ///< of every batch but the last
  std::int64_t steps = 0;        ///< how many batches of a data set; 0: all
};

/// What the samples of a batch count, for train_on_batch().
struct BatchWeights {
  Tensors sample_weight = {};      ///< each sample (N), or each of its steps (N, steps)
  ClassWeights class_weight = {};  ///< the samples of a class, `{{0, 1.0}, {1, 5.0}}`
};

/// What summary() prints.
struct SummaryTable {
  std::size_t width;                                        ///< of a line
  std::vector<std::size_t> column_ends;                     ///< where the columns end
  std::vector<std::string> titles;                          ///< of the columns
  std::vector<std::vector<std::vector<std::string>>> rows;  ///< of each layer its lines
};

/// A module with Keras's trainer. Derive from it and write forward(), or use Sequential.
class XG_API Model : public Module {
 public:
  std::string type() const override { return "Model"; }

  /// Says how to train: must come before fit, evaluate and train_on_batch. A missing optimizer or loss is a ValueError,
  /// as is an optimizer that changes another model's parameters, and a call by a callback of fit(). An optimizer
  /// without parameters of its own follows the model: layers that are added later are trained too.
  void compile(CompileOptions options, std::source_location where = std::source_location::current());
  /// True once compile() was called.
  bool compiled() const { return setup_ != nullptr; }

  /// Trains for some epochs. x and y are cut along their first axes; the loss of a batch is computed before its update.
  /// The figures of an epoch are the means over its samples. Bad arguments are errors before anything changes; a step
  /// that fails later on, changes nothing, and the model stays as the steps before it left it. A callback may call
  /// everything but fit() and compile(). The first loss that is no number is told on std::cerr.
  ///
  /// With weights, a batch's loss is the mean over all of its numbers of w times the loss, as in Keras 3; Keras 2.2.4
  /// divides by the number of weights that are not 0 instead. A model that gives a mask beside its predictions, boolean
  /// (N, steps) by the name "mask", has the mean over the steps that are seen, and metrics see only those. A weight of
  /// class and one of the sample are multiplied. Weights that are negative or not finite, or not as many as there are
  /// samples or steps, are an error.
  History fit(const Tensor& x, const Tensor& y, const FitOptions& options = {},
              std::source_location where = std::source_location::current()) {
    return fit(Tensors(x), Tensors(y), options, where);
  }
  /// The same with several inputs or outputs: those of the same name belong together, or those at the same place.
  History fit(const Tensors& x, const Tensors& y, const FitOptions& options = {},
              std::source_location where = std::source_location::current());
  /// The same with a data set, whose batches are taken as they come: batch_size is that of tensors to validate with,
  /// shuffle does nothing, and a validation_split or sample_weight is an error. Its samples are seen when they come:
  /// what does not fit is an error then.
  History fit(const BatchSource& batches, const FitOptions& options = {},
              std::source_location where = std::source_location::current());
  /// Loss and metrics over all samples, in evaluation mode. It changes nothing and may run in several threads.
  Score evaluate(const Tensor& x, const Tensor& y, const EvaluateOptions& options = {},
                 std::source_location where = std::source_location::current()) const {
    return evaluate(Tensors(x), Tensors(y), options, where);
  }
  /// The same with several inputs or outputs.
  Score evaluate(const Tensors& x, const Tensors& y, const EvaluateOptions& options = {},
                 std::source_location where = std::source_location::current()) const;
  /// The same with a data set.
  Score evaluate(const BatchSource& batches, const EvaluateOptions& options = {},
                 std::source_location where = std::source_location::current()) const;
  /// The outputs for all samples, in evaluation mode, without a graph. It changes nothing and may run in several
  /// threads.
  Tensor predict(const Tensor& x, const PredictOptions& options = {},
                 std::source_location where = std::source_location::current()) const;
  /// The same with several inputs or outputs.
  Tensors predict(const Tensors& x, const PredictOptions& options = {},
                  std::source_location where = std::source_location::current()) const;
  /// The same with a data set, of which only the samples count.
  Tensors predict(const BatchSource& batches, const PredictOptions& options = {},
                  std::source_location where = std::source_location::current()) const;
  /// One update with all of x and y as one batch; the figures from before it.
  Score train_on_batch(const Tensor& x, const Tensor& y, const BatchWeights& weights = {},
                       std::source_location where = std::source_location::current()) {
    return train_on_batch(Tensors(x), Tensors(y), weights, where);
  }
  /// The same with several inputs or outputs.
  Score train_on_batch(const Tensors& x, const Tensors& y, const BatchWeights& weights = {},
                       std::source_location where = std::source_location::current());

  /// One step of fit() on one batch, in a pass that trains: the place to train in another way. `figures` gets what is
  /// to be shown, "loss" among it. If it throws, what the pass built and drew is taken back. Errors in
  /// one of the user's name the line in it. As it is:
  /// `figures.add("loss", loss + minimize(loss))` for `loss = compute_loss(y, (*this)(x), figures)`.
  virtual void train_step(const Tensors& x, const Tensors& y, Figures& figures);
  /// The names of the figures that a train_step() of one's own adds beside "loss" and the metrics, for callbacks that
  /// watch one of them.
  virtual std::vector<std::string> step_figures() const { return {}; }

  /// The table of layers, output shapes and parameter counts, as Keras 2.2.4 prints it.
  void summary() const;
  /// Prints what summary() returns.
  void summary(std::ostream& out) const;

  /// Writes the parameters and buffers into a safetensors file: nn::save_weights().
  void save_weights(const std::string& path, std::source_location where = std::source_location::current()) const;
  /// Loads them from one: nn::load_weights().
  LoadReport load_weights(const std::string& path, const LoadOptions& options = {},
                          std::source_location where = std::source_location::current());

  /// The optimizer given to compile.
  Optimizer& optimizer(std::source_location where = std::source_location::current());

 protected:
  /// What compile() was given, for a train_step() of one's own: the sum of the losses and of the penalties on outputs
  /// in this pass, without those of parameters, which Optimizer::minimize() adds. `figures` gets the metrics, and has
  /// the weights of the samples.
  Tensor compute_loss(const Tensors& y, const Tensors& prediction, Figures& figures,
                      std::source_location where = std::source_location::current()) const;
  /// The rows of summary().
  virtual SummaryTable table() const;

 private:
  std::shared_ptr<TrainingSetup> setup(const char* call, std::source_location where) const;
  /// What regularizers add for parameters that the optimizer was not given.
  double fixed_penalty() const;
  void run_step(const WeightedBatch& batch, Figures& figures);
  void measure(const BatchSource::Next& next, Figures& figures,
               const std::function<void(std::int64_t seen, std::int64_t batches)>& seen) const;
  void measure_batch(const WeightedBatch& batch, Figures& figures, std::optional<double>& penalty) const;
  Tensors predict_walk(const BatchSource::Next& next, std::int64_t samples, std::source_location where) const;
  void rehearse(const Split& split) const;
  /// What a run walks through.
  struct Course {
    const BatchSource& batches;
    const ValidationData& validation;
    std::int64_t validation_samples;  ///< -1 if that is not known, 0 for none
    WeightedBatch sample;             ///< of those to train on
  };
  TrainingRun plan(const Course& course, const FitOptions& options) const;
  History run(const Course& course, EpochWalk& walk, const FitOptions& options, std::source_location where);
  Logs validate(const ValidationData& data, std::int64_t batch_size, std::source_location where) const;

  std::shared_ptr<TrainingSetup> setup_;
};

}  // namespace xg::nn
