#include <algorithm>

#include "autograd/grad_mode.hpp"
#include "lib/kernels/copy.hpp"
#include "nn/mask.hpp"
#include "nn/model.hpp"
#include "nn/pass.hpp"
#include "nn/training/walks.hpp"

namespace xg::nn {
namespace {

double penalty_of(const std::vector<NamedTensor>& parameters) {
  double total = 0;
  for (const auto& [name, value, regularizer, constraint] : parameters)
    if (regularizer && value.requires_grad()) total += regularizer(value).item();
  return total;
}

/// The predictions of all batches, in their order.
class Collected {
 public:
  /// Of so many samples; -1 if that is not known before the end.
  Collected(std::int64_t samples, std::source_location where) : samples_(samples), where_(where) {}

  /// Takes those of a batch of so many samples.
  void add(Tensors rows, std::int64_t count) {
    for (const auto& [name, value] : rows)
      if (value.rank() == 0 || value.shape()[0] != count)
        throw ShapeError(concat("predict: the output for ", count, " samples has shape ", value.shape(),
                                ": its first axis must be the samples"),
                         where_);
    seen_ += count;
    if (samples_ >= 0)
      put(rows, count);
    else
      waiting_.emplace_back(std::move(rows), count);
  }
  /// All of them.
  Tensors all() && {
    if (seen_ == 0) throw ValueError("predict: the data set gave no batch", where_);
    samples_ = seen_;
    for (const auto& [rows, count] : waiting_) put(rows, count);
    return std::move(all_);
  }

 private:
  /// Puts rows into their place among all, which is made for the first of them.
  void put(const Tensors& rows, std::int64_t count) {
    if (start_ == 0)
      for (const auto& [name, value] : rows) {
        Shape shape = value.shape();
        shape[0] = samples_;
        all_.push_back({name, Array::empty(shape, value.dtype())});
      }
    if (rows.size() != all_.size())
      throw ValueError(
          concat("predict: the model gave ", all_.size(), " outputs for a batch, and ", rows.size(), " for another"),
          where_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Array place = all_[i].array().slice(0, start_, count, 1);
      if (rows[i].shape() != place.shape())
        throw ShapeError(concat("predict: the output of a batch has shape ", rows[i].shape(), ", where ", place.shape(),
                                " is expected after the first"),
                         where_);
      kernels::copy(rows[i].array(), place);
    }
    start_ += count;
  }

  std::int64_t samples_, seen_ = 0, start_ = 0;
  std::source_location where_;
  std::vector<std::pair<Tensors, std::int64_t>> waiting_;
  Tensors all_;
};

}  // namespace

void Model::measure(const BatchSource::Next& next, Figures& figures,
                    const std::function<void(std::int64_t seen, std::int64_t batches)>& seen) const {
  Pass pass(*this, Pass::Mode::evaluation);
  const NoGrad values_only;
  std::optional<double> penalty;
  std::int64_t samples = 0, batches = 0;
  while (const auto batch = next()) {
    pass.forget_reports();
    measure_batch(*batch, figures, penalty);
    samples += count_of(batch->x);
    if (seen) seen(samples, ++batches);
  }
  pass.commit();
}

void Model::measure_batch(const WeightedBatch& batch, Figures& figures, std::optional<double>& penalty) const {
  const std::shared_ptr<TrainingSetup> setting = setup_;
  const auto outputs = setting->outputs(batch.y, (*this)(batch.x), batch.sample_weight);
  const std::int64_t count = count_of(batch.x);
  double loss = 0;
  for (const Output& output : outputs) {
    const double part = loss_of(output).item();
    loss += part * output.weight;
    if (outputs.size() > 1) figures.add(output.prefix + "loss", part, count);
  }
  figures.note_data_loss(loss);
  for (const Pass::Report& report : Pass::current()->reports())
    for (const Tensor& term : report.terms) loss += term.item();
  if (!penalty) penalty = penalty_of(parameters());
  figures.add("loss", loss + *penalty, count);
  figures.add_metrics(outputs);
}

Score Model::evaluate(const Tensors& x, const Tensors& y, const EvaluateOptions& options,
                      std::source_location where) const {
  const std::shared_ptr<TrainingSetup> setting = setup("evaluate", where);
  Figures figures(setting, where);
  check_samples("evaluate", x, y, options.batch_size, where);
  const Tensors weights = weights_of("evaluate", y, options.sample_weight, {}, setting->losses, where);
  const CallerScope scope(where);
  std::optional<ProgressLine> line;
  if (options.verbose > 0) line.emplace(count_of(x), options.display);
  measure(walk_of(x, y, weights, options.batch_size), figures, [&](std::int64_t seen, std::int64_t) {
    if (line) line->update(seen, {});
  });
  figures.finish();
  return std::move(figures).score();
}

Score Model::evaluate(const BatchSource& batches, const EvaluateOptions& options, std::source_location where) const {
  Figures figures(setup("evaluate", where), where);
  check_source("evaluate", batches, where);
  check_no_weights("evaluate", options.sample_weight, where);
  const CallerScope scope(where);
  const std::int64_t steps = walked_steps("evaluate", batches, options.steps, where);
  std::optional<ProgressLine> line;
  if (options.verbose > 0) line.emplace(steps, options.display);
  std::int64_t done = 0;
  measure(walk_of("evaluate", batches, options.steps, where), figures, [&](std::int64_t, std::int64_t count) {
    done = count;
    if (line) line->update(count, {});
  });
  if (done == 0) throw ValueError("evaluate: the data set gave no batch", where);
  if (line && steps < 0) line->finish(done, {});
  figures.finish();
  return std::move(figures).score();
}

Tensors Model::predict(const Tensors& x, const PredictOptions& options, std::source_location where) const {
  check_here(where);
  check_samples("predict", x, x, options.batch_size, where);
  return predict_walk(walk_of(x, {}, {}, options.batch_size), count_of(x), where);
}

Tensors Model::predict(const BatchSource& batches, const PredictOptions& options, std::source_location where) const {
  check_here(where);
  check_source("predict", batches, where);
  return predict_walk(walk_of("predict", batches, options.steps, where), -1, where);
}

Tensors Model::predict_walk(const BatchSource::Next& next, std::int64_t samples, std::source_location where) const {
  const CallerScope scope(where);
  Pass pass(*this, Pass::Mode::evaluation);
  const NoGrad values_only;
  Collected all(samples, where);
  while (const auto batch = next()) {
    pass.forget_reports();
    all.add(without_mask((*this)(batch->x)), count_of(batch->x));
  }
  pass.commit();
  return std::move(all).all();
}

Tensor Model::predict(const Tensor& x, const PredictOptions& options, std::source_location where) const {
  return without_mask(predict(Tensors(x), options, where)).only(where);
}

}  // namespace xg::nn
