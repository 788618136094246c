#include "autograd/grad_mode.hpp"
#include "lib/kernels/copy.hpp"
#include "nn/model.hpp"
#include "nn/pass.hpp"

namespace xg::nn {
namespace {

/// Batches of samples in their order.
template <class F>
void each_batch(std::int64_t samples, std::int64_t size, F f) {
  for (std::int64_t start = 0; start < samples; start += size) f(start, std::min(size, samples - start));
}

double penalty_of(const std::vector<NamedTensor>& parameters) {
  double total = 0;
  for (const auto& [name, value, regularizer, constraint] : parameters)
    if (regularizer && value.requires_grad()) total += regularizer(value).item();
  return total;
}

/// Puts rows into their place among all, which is made for the first of them.
void put(Tensors& all, const Tensors& rows, std::int64_t start, std::int64_t count, std::int64_t samples,
         std::source_location where) {
  Tensors places;
  for (const auto& [name, value] : rows) {
    if (value.rank() == 0 || value.shape()[0] != count)
      throw ShapeError(concat("predict: the output for ", count, " samples has shape ", value.shape(),
                              ": its first axis must be the samples"),
                       where);
    if (start > 0) continue;
    Shape shape = value.shape();
    shape[0] = samples;
    places.push_back({name, Array::empty(shape, value.dtype())});
  }
  if (start == 0) all = places;
  if (rows.size() != all.size())
    throw ValueError(
        concat("predict: the model gave ", all.size(), " outputs for a batch, and ", rows.size(), " for another"),
        where);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Array place = all[i].array().slice(0, start, count, 1);
    kernels::copy(rows[i].array(), place);
  }
}

}  // namespace

void Model::measure(const Tensors& x, const Tensors& y, std::int64_t batch_size, Figures& figures,
                    ProgressLine* line) const {
  Pass pass(*this, Pass::Mode::evaluation);
  measure_in(pass, x, y, batch_size, figures, line);
  pass.commit();
}

void Model::measure_in(Pass& pass, const Tensors& x, const Tensors& y, std::int64_t batch_size, Figures& figures,
                       ProgressLine* line) const {
  const std::shared_ptr<TrainingSetup> setting = setup_;
  const NoGrad values_only;
  std::optional<double> parameter_penalty;
  each_batch(count_of(x), batch_size, [&](std::int64_t start, std::int64_t count) {
    pass.forget_reports();
    const auto outputs = setting->outputs(rows_of(y, start, count), (*this)(rows_of(x, start, count)));
    double loss = 0;
    for (const Output& output : outputs) {
      const double part = loss_of(output).item();
      loss += part * output.weight;
      if (outputs.size() > 1) figures.add(output.prefix + "loss", part, count);
    }
    for (const Pass::Report& report : pass.reports())
      for (const Tensor& term : report.terms) loss += term.item();
    if (!parameter_penalty) parameter_penalty = penalty_of(parameters());
    figures.add("loss", loss + *parameter_penalty, count);
    figures.add_metrics(outputs);
    if (line) line->update(start + count, {});
  });
}

Score Model::evaluate(const Tensors& x, const Tensors& y, const EvaluateOptions& options,
                      std::source_location where) const {
  Figures figures(setup("evaluate", where), where);
  check_samples("evaluate", x, y, options.batch_size, where);
  const CallerScope scope(where);
  std::optional<ProgressLine> line;
  if (options.verbose > 0) line.emplace(count_of(x), options.display);
  measure(x, y, options.batch_size, figures, line ? &*line : nullptr);
  return std::move(figures).score();
}

Tensors Model::predict(const Tensors& x, const PredictOptions& options, std::source_location where) const {
  check_here(where);
  check_samples("predict", x, x, options.batch_size, where);
  const CallerScope scope(where);
  Pass pass(*this, Pass::Mode::evaluation);
  const NoGrad values_only;
  Tensors all;
  each_batch(count_of(x), options.batch_size, [&](std::int64_t start, std::int64_t count) {
    pass.forget_reports();
    put(all, (*this)(rows_of(x, start, count)), start, count, count_of(x), where);
  });
  pass.commit();
  return all;
}

Tensor Model::predict(const Tensor& x, const PredictOptions& options, std::source_location where) const {
  return without_mask(predict(Tensors(x), options, where)).only(where);
}

}  // namespace xg::nn
