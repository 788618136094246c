#include "nn/training/setup.hpp"

#include <algorithm>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"

namespace xg::nn {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

double weight_of(const std::vector<std::pair<std::string, double>>& weights, const std::string& output) {
  for (const auto& [name, weight] : weights)
    if (name == output) return weight;
  return 1;
}

/// An error unless there is an output of that name.
void check_output(const char* what, const std::string& name, const Outputs& outputs) {
  if (std::any_of(outputs.begin(), outputs.end(), [&](const Output& output) { return output.name == name; })) return;
  std::vector<std::string> known;
  for (const Output& output : outputs) known.push_back(output.name.empty() ? "one without a name" : output.name);
  throw ValueError(concat("compile: there is a ", what, " for '", name, "', but no such output: there ",
                          known.size() == 1 ? "is " : "are ", joined(known)),
                   std::source_location::current());
}

}  // namespace

std::vector<std::string> Losses::names() const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_)
    if (!entry.output.empty()) names.push_back(entry.output);
  return names.size() == entries_.size() ? names : std::vector<std::string>();
}

const Loss& Losses::of(const std::string& output, std::size_t place, std::size_t count) const {
  if (entries_.empty()) return for_all_;
  const std::vector<std::string> known = names();
  if (known.empty()) {
    if (entries_.size() != count)
      throw ValueError(concat("compile: ", entries_.size(), " losses were given for ", count, " outputs"),
                       std::source_location::current());
    return entries_[place].choice;
  }
  for (const Entry& entry : entries_)
    if (entry.output == output) return entry.choice;
  throw ValueError(
      concat("compile: there is no loss for the output '", output, "': there are losses for ", joined(known)),
      std::source_location::current());
}

Outputs TrainingSetup::outputs(const Tensors& y, const Tensors& given) const {
  const Tensors rest = mask_in(given) ? without_mask(given) : Tensors();
  const Tensors& prediction = rest.empty() ? given : rest;
  const std::size_t count = prediction.size();
  if (y.size() != count)
    throw ValueError(concat("the model gives ", count, " outputs ", shapes_of(prediction), ", but there are ", y.size(),
                            " targets ", shapes_of(y)),
                     std::source_location::current());
  const bool by_name = prediction.named() && y.named();
  const std::vector<std::string> known = losses.names();
  Outputs outputs;
  outputs.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [own, value] = prediction.begin()[static_cast<std::ptrdiff_t>(i)];
    std::string name = !own.empty() ? own : y.begin()[static_cast<std::ptrdiff_t>(i)].name;
    if (name.empty() && known.size() == count) name = known[i];
    if (name.empty() && count > 1) name = "output_" + std::to_string(i + 1);
    const Tensor& wanted = by_name ? y[name] : y[i];
    outputs.push_back({name, wanted, value, &losses.of(name, i, count), weight_of(loss_weights, name),
                       count > 1 ? name + '_' : std::string()});
  }
  for (const std::string& name : known) check_output("loss", name, outputs);
  for (const auto& [name, weight] : loss_weights) check_output("loss weight", name, outputs);
  for (const OutputMetric& metric : metrics)
    if (!metric.output.empty()) check_output("metric", metric.output, outputs);
  return outputs;
}

std::string TrainingSetup::metric_name(std::size_t index) const {
  const OutputMetric& metric = metrics[index];
  const auto is_like_it = [&](const OutputMetric& other) {
    const bool meets = metric.output.empty() || other.output.empty() || metric.output == other.output;
    return meets && other.choice.name() == metric.choice.name();
  };
  const auto before = std::count_if(metrics.begin(), metrics.begin() + static_cast<std::ptrdiff_t>(index), is_like_it);
  return before == 0 ? metric.choice.name() : concat(metric.choice.name(), '_', before);
}

Tensor loss_of(const Output& output) {
  const Tensor loss = (*output.loss)(output.y, output.prediction);
  return loss.size() == 1 ? loss : mean(loss);
}

}  // namespace xg::nn
