#include "nn/training/figures.hpp"

#include <algorithm>
#include <utility>

#include "nn/training/weights.hpp"

namespace xg::nn {

double Score::operator[](const Name& name) const {
  Logs all;
  all.set("loss", loss);
  for (const auto& [metric, value] : metrics) all.set(metric, value);
  return all[name];
}

Figures::Figures(std::shared_ptr<const TrainingSetup> setup, std::source_location where)
    : setup_(std::move(setup)), where_(where) {
  means_.push_back({"loss"});
  logs_.set("loss", 0);
  if (!setup_->show_penalty) return;
  logs_.set("data_loss", 0);
  logs_.set("penalty", 0);
}

void Figures::add(const std::string& name, double mean, std::int64_t samples, std::source_location where) {
  if (samples < 1) throw ValueError(concat("figures: '", name, "' is the mean over ", samples, " samples"), where);
  auto found = std::find_if(means_.begin(), means_.end(), [&](const Mean& known) { return known.name == name; });
  if (found == means_.end()) found = means_.insert(means_.end(), {name});
  const auto count = static_cast<double>(samples);
  found->sum += mean * count;
  found->samples += count;
  logs_.set(name, found->sum / found->samples);
  if (name != "loss" || !setup_->show_penalty || !data_loss_) return;
  const double data = *std::exchange(data_loss_, std::nullopt);
  add("data_loss", data, samples, where);
  add("penalty", mean - data, samples, where);
}

void Figures::check_loss() const {
  if (means_.front().samples == 0)
    throw ValueError("train_step: no \"loss\" was added to the figures: figures.add(\"loss\", value, samples)", where_);
}

void Figures::add_metrics(const Outputs& outputs) {
  if (metrics_.empty())
    for (std::size_t i = 0; i < outputs.size(); ++i)
      for (std::size_t k = 0; k < setup_->metrics.size(); ++k) {
        const auto& [output, choice] = setup_->metrics[k];
        if (!output.empty() && output != outputs[i].name) continue;
        const Tensor& prediction = outputs[i].prediction;
        Metric metric = choice.make(outputs[i].loss->name(), prediction.rank() > 1 ? prediction.shape().back() : 1);
        metrics_.push_back({i, outputs[i].prefix + setup_->metric_name(k), k >= setup_->unweighted, std::move(metric)});
      }
  for (Measured& measured : metrics_) {
    const Output& output = outputs[measured.output];
    if (output.mask.defined()) {
      const auto [y, prediction, weights] = seen_rows(output);
      measured.metric.update(y, prediction, measured.weighted ? weights : Tensor());
    } else {
      measured.metric.update(output.y, output.prediction, measured.weighted ? output.sample_weight : Tensor());
    }
    measured.samples += static_cast<double>(output.prediction.shape()[0]);
    show(measured, false);
  }
}

void Figures::show(Measured& measured, bool last) {
  if (measured.metric.is_costly() && !last && measured.samples < 1.25 * measured.shown_at) return;
  logs_.set(measured.name, measured.metric.result());
  measured.shown_at = measured.samples;
}

const Logs& Figures::finish() {
  for (Measured& measured : metrics_) {
    if (measured.metric.is_costly()) show(measured, true);
    measured.metric.publish();
  }
  return logs_;
}

Score Figures::score() && {
  Score score{.loss = logs_["loss"], .metrics = std::move(logs_)};
  score.metrics.remove("loss");
  return score;
}

}  // namespace xg::nn
