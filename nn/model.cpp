#include "nn/model.hpp"

#include <algorithm>

#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "nn/check_number.hpp"
#include "nn/pass.hpp"

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

/// An error if an output has two losses or two weights, a weight is no number, or a metric has the loss's name.
void check_names(const CompileOptions& options, std::source_location where) {
  std::vector<std::string> seen;
  const auto check_new = [&](const char* what, const std::string& output) {
    if (std::find(seen.begin(), seen.end(), output) != seen.end())
      throw ValueError(concat("compile: two ", what, " for '", output, "'"), where);
    seen.push_back(output);
  };
  for (const std::string& output : options.loss.names()) check_new("losses", output);
  seen.clear();
  for (const auto& [output, weight] : options.loss_weights) {
    check_new("loss weights", output);
    check_finite(concat("compile: the loss weight of '", output, "'"), weight, where);
  }
  for (const auto* metrics : {&options.metrics, &options.weighted_metrics})
    for (const OutputMetric& metric : *metrics) {
      const std::string& name = metric.choice.name();
      if (name == "loss" || (options.show_penalty && (name == "data_loss" || name == "penalty")))
        throw ValueError(concat("compile: a metric cannot be named '", name, "'"), where);
    }
}

/// True if the optimizer changes parameters, but none of the model's, which are these, nor a part's of it.
bool is_of_another(Optimizer& optimizer, const Model& model, const ParameterList& parameters) {
  if (!optimizer.attached()) return false;
  const auto is_source = [&](const Module* module) { return module->anchor() == optimizer.source(); };
  const auto modules = model.modules();
  if (std::any_of(modules.begin(), modules.end(), is_source)) return false;
  const auto& list = optimizer.parameters();
  return std::none_of(parameters.begin(), parameters.end(),
                      [&](const NamedTensor& parameter) { return contains(list, parameter); });
}

}  // namespace

void Model::compile(CompileOptions options, std::source_location where) {
  check_here(where);
  if (setup_ && setup_->in_fit)
    throw ValueError("compile: the model is in fit(): neither a callback nor a step can compile it", where);
  const std::shared_ptr<Optimizer> optimizer = options.optimizer.another();
  if (!optimizer) throw ValueError("compile: no optimizer was given: set .optimizer, for example to \"sgd\"", where);
  if (!options.loss) throw ValueError("compile: no loss was given: set .loss, for example to \"mse\"", where);
  check_names(options, where);
  const ParameterList own = parameters();
  if (is_of_another(*optimizer, *this, own))
    throw ValueError("compile: the optimizer changes the parameters of another model: construct a new one", where);
  const std::size_t unweighted = options.metrics.size();
  for (OutputMetric& metric : options.weighted_metrics) options.metrics.push_back(std::move(metric));
  auto setup =
      std::make_shared<TrainingSetup>(TrainingSetup{optimizer, std::move(options.loss), std::move(options.metrics),
                                                    std::move(options.loss_weights), unweighted, options.show_penalty});
  if (!optimizer->attached()) optimizer->attach(own, where);
  setup_ = std::move(setup);
}

std::shared_ptr<TrainingSetup> Model::setup(const char* call, std::source_location where) const {
  check_here(where);
  if (!setup_)
    throw ValueError(concat(call, ": the model is not compiled: call compile({.optimizer = ..., .loss = ...}) first"),
                     where);
  return setup_;
}

Optimizer& Model::optimizer(std::source_location where) { return *setup("optimizer", where)->optimizer; }

double Model::fixed_penalty() const {
  Optimizer& optimizer = *setup_->optimizer;
  if (optimizer.source() == anchor()) return 0;
  const NoGrad values_only;
  double total = 0;
  for (const NamedTensor& parameter : parameters())
    if (parameter.regularizer && parameter.value.requires_grad() && !contains(optimizer.parameters(), parameter))
      total += parameter.regularizer(parameter.value).item();
  return total;
}

Tensor Model::compute_loss(const Tensors& y, const Tensors& prediction, Figures& figures,
                           std::source_location where) const {
  const std::shared_ptr<TrainingSetup> setting = setup("compute_loss", where);
  const CallerScope scope(where);
  const Outputs outputs = setting->outputs(y, prediction, figures.weights());
  Tensor loss;
  for (const Output& output : outputs) {
    const Tensor part = loss_of(output), weighted = output.weight == 1 ? part : part * output.weight;
    loss = loss.defined() ? loss + weighted : weighted;
    if (outputs.size() > 1) figures.add(output.prefix + "loss", part.item(), count_of(y));
  }
  if (figures.shows_penalty()) figures.note_data_loss(loss.item());
  if (const Pass* const pass = Pass::current())
    for (const Pass::Report& report : pass->reports())
      for (const Tensor& term : report.terms) loss = loss + term;
  figures.add_metrics(outputs);
  return loss;
}

void Model::train_step(const Tensors& x, const Tensors& y, Figures& figures) {
  const CallerScope scope(figures.where());
  const Tensor loss = compute_loss(y, (*this)(x), figures);
  // Losses and metrics are the user's, who may move the model.
  const std::shared_ptr<TrainingSetup> setting = setup("fit", std::source_location::current());
  if (setting->optimizer->parameters().empty())
    throw ValueError("fit: the model has no parameters to train", std::source_location::current());
  const double fixed = fixed_penalty(), value = loss.item();
  figures.add("loss", value + fixed + setting->optimizer->minimize(loss), count_of(x));
}

void Model::run_step(const WeightedBatch& batch, Figures& figures) {
  Pass pass(*this, Pass::Mode::training);
  figures.set_weights(batch.sample_weight);
  {
    const OwnLines own;  // it may be the user's
    train_step(batch.x, batch.y, figures);
  }
  figures.check_loss();
  pass.commit();
}

Score Model::train_on_batch(const Tensors& x, const Tensors& y, const BatchWeights& weights,
                            std::source_location where) {
  const std::shared_ptr<TrainingSetup> setting = setup("train_on_batch", where);
  Figures figures(setting, where);
  check_samples("train_on_batch", x, y, 1, where);
  const Tensors counts =
      weights_of("train_on_batch", y, weights.sample_weight, weights.class_weight, setting->losses, where);
  const CallerScope scope(where);
  const WithGrad recording;
  run_step({x, y, counts}, figures);
  figures.finish();
  return std::move(figures).score();
}

void Model::save_weights(const std::string& path, std::source_location where) const {
  nn::save_weights(*this, path, where);
}

LoadReport Model::load_weights(const std::string& path, const LoadOptions& options, std::source_location where) {
  return nn::load_weights(*this, path, options, where);
}

}  // namespace xg::nn
