#include "nn/training/setup.hpp"

#include <algorithm>

#include "autograd/ops/reduction.hpp"
#include "nn/mask.hpp"
#include "nn/training/weights.hpp"

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

namespace {

/// The weights of the output of that name, at that place.
Tensor weights_for(const Tensors& weights, const std::string& output, std::size_t place) {
  if (weights.empty()) return {};
  if (weights.size() == 1 && weights.begin()->name.empty()) return weights[0];
  if (!weights.named()) return weights[place];
  return weights.contains(output) ? weights[output] : Tensor();
}

void check_weights_for(const Tensors& weights, const Outputs& outputs) {
  for (const auto& [name, value] : weights)
    if (!name.empty()) check_output("sample weight", name, outputs);
  if (weights.size() > 1 && !weights.named() && weights.size() != outputs.size())
    throw ValueError(
        concat("there are ", weights.size(), " sample weights without names for ", outputs.size(), " outputs"),
        std::source_location::current());
}

/// An error unless the mask is of the steps of the output.
void check_mask(const Tensor& mask, const Output& output) {
  const Shape& shape = output.prediction.shape();
  if (mask.rank() == 2 && shape.rank() > 1 && shape[0] == mask.shape()[0] && shape[1] == mask.shape()[1]) return;
  throw ShapeError(concat("the model gives a mask of shape ", mask.shape(), ", and predictions of shape ", shape,
                          ": a mask is boolean (samples, steps), and the predictions are of these steps"),
                   std::source_location::current());
}

}  // namespace

Outputs TrainingSetup::outputs(const Tensors& y, const Tensors& given, const Tensors& weights) const {
  // An output that is called so, if targets are given for it, is no mask.
  const Tensor* const mask = given.size() > 1 && !y.contains("mask") ? mask_in(given) : nullptr;
  const Tensors rest = mask ? without_mask(given) : Tensors();
  const Tensors& prediction = mask ? rest : given;
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
                       count > 1 ? name + '_' : std::string(), weights_for(weights, name, i)});
    if (!mask) continue;
    check_mask(*mask, outputs.back());
    outputs.back().mask = *mask;
  }
  check_weights_for(weights, outputs);
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
  // What is no target may be no number.
  const Tensor& y = output.y;
  const bool has_steps = output.mask.defined() && y.rank() > 1 && y.shape()[1] == output.mask.shape()[1];
  const Tensor values = output.loss->unreduced(has_steps ? cleared(y, output.mask) : y, output.prediction);
  // (N) and (N, 1) broadcast to every pair: a loss of the user's would train on pairs that nobody meant.
  if (values.size() > std::max(y.size(), output.prediction.size()) && y.size() == output.prediction.size() &&
      y.shape() != output.prediction.shape())
    throw ShapeError(
        concat("loss '", output.loss->name(), "': it gave shape ", values.shape(), " for targets ", y.shape(),
               " and predictions ", output.prediction.shape(), ": they broadcast; reshape() one like the other"),
        std::source_location::current());
  if (output.sample_weight.defined() || output.mask.defined()) return weighted_mean(values, output);
  return values.rank() == 0 ? values : mean(values);
}

}  // namespace xg::nn
