#include "nn/metrics.hpp"

#include <cmath>
#include <mutex>
#include <optional>

#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/metrics/recipes.hpp"

namespace xg::nn {
namespace {

/// Guards objects of users that several runs collect for.
std::mutex kept_ones;

}  // namespace

Metric::Metric(const Metric& other)
    : name_(other.name_), recipe_(other.recipe_), sum_(other.sum_), weight_(other.weight_) {
  if (other.streaming_) streaming_ = recipe_.streaming.copy(*other.streaming_);
}

Metric& Metric::operator=(const Metric& other) { return *this = Metric(other); }

void Metric::reset() {
  sum_ = 0;
  weight_ = 0;
  if (!recipe_.streaming.original) return;
  {
    const std::lock_guard lock(kept_ones);
    streaming_ = recipe_.streaming.copy(*recipe_.streaming.original);
  }
  const OwnLines own;
  streaming_->reset();
}

double Metric::result() const {
  if (streaming_) return streaming_->result();
  return weight_ == 0 ? 0 : sum_ / weight_;
}

void Metric::publish() const {
  if (!recipe_.streaming.assign) return;
  const std::lock_guard lock(kept_ones);
  recipe_.streaming.assign(*recipe_.streaming.original, *streaming_);
}

void Metric::update(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  update(y_true, y_pred, Tensor(), where);
}

void Metric::update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weights, std::source_location where) {
  const CallerScope scope(where);
  if (y_pred.rank() == 0)
    throw ShapeError(concat(name_, ": y_pred is a single number: its first axis must be the samples"), where);
  if (streaming_) {
    const NoGrad values_only;
    std::optional<OwnLines> own;
    if (streaming_->spec().name == Spec::custom) own.emplace();
    streaming_->update(y_true, y_pred, weights);
  } else if (weights.defined()) {
    add_weighted(y_true, y_pred, weights, where);
  } else {
    const double sum = recipe_.sum(y_true, y_pred);
    check_sum(y_true, y_pred, sum, where);
    sum_ += sum;
    weight_ += static_cast<double>(y_pred.shape()[0]);
  }
}

void Metric::add_weighted(const Tensor& y_true, const Tensor& y_pred, const Tensor& weights,
                          std::source_location where) {
  if (!recipe_.values)
    throw ValueError(concat(name_,
                            ": a function that returns the sum over a batch cannot be weighted: give one of "
                            "(y_true, y_pred) that returns a tensor of one number for each sample"),
                     where);
  const NoGrad values_only;
  Tensor values = astype(recipe_.values(y_true, y_pred), float64);
  if (values.rank() < weights.rank() || values.shape()[0] != weights.shape()[0])
    throw ShapeError(concat(name_, ": a figure of shape ", values.shape(), " for ", y_pred.shape()[0],
                            " samples cannot be weighted by weights of shape ", weights.shape(),
                            ": return one number for each sample, or step of it, that has a weight"),
                     where);
  while (values.rank() > weights.rank()) values = mean(values, {.axis = -1});
  const Tensor w = astype(weights, float64);
  sum_ += sum(values * w).item();
  weight_ += sum(w).item();
}

void Metric::check_sum(const Tensor& y_true, const Tensor& y_pred, double sum, std::source_location where) {
  const std::int64_t samples = y_pred.shape()[0], half = samples / 2, rest = samples - half;
  if (!recipe_.checked || recipe_.checked->load() || samples < 2) return;
  if (!y_true.defined() || y_true.rank() == 0 || y_true.shape()[0] != samples) return;
  // 0 may be a mean as well, and what is next to it the rounding of figures that cancel out.
  if (!std::isfinite(sum) || std::abs(sum) < 1e-6 * static_cast<double>(samples)) return;
  // The whole batch again, without its graph: the parts have none, behind which a loss would find the logits.
  const auto part = [&](std::int64_t start, std::int64_t count) {
    return recipe_.sum(y_true.array().slice(0, start, count, 1), y_pred.array().slice(0, start, count, 1));
  };
  const double whole = part(0, samples), first = part(0, half), second = part(half, rest);
  const double scale = std::abs(whole) + std::abs(first) + std::abs(second);
  if (!std::isfinite(scale)) return;
  // Sums in float32 may differ in the fourth digit; what is no sum differs in the first.
  if (std::abs(whole - (first + second)) > 1e-3 * scale)
    throw ValueError(concat(name_, ": the function returned ", whole, " for a batch of ", samples, " samples, but ",
                            first, " for the first ", half, " of them and ", second, " for the other ", rest,
                            ": it must return the sum over the samples; multiply a mean by the batch size"),
                     where);
  recipe_.checked->store(true);
}

MetricChoice::MetricChoice(const Metric& metric)
    : Choice({Spec::custom}, {metric.name(), [recipe = metric.recipe()](const auto&...) { return recipe; }}) {}

MetricChoice::MetricChoice(StreamingChoice streaming)
    : Choice(streaming.original->spec(), {streaming.original->name(), [streaming](const auto&...) {
                                            return Metric::Recipe{.streaming = streaming};
                                          }}) {}

MetricMaker MetricChoice::mean_of(Function function) {
  const auto own_lines = [=](const Tensor& y_true, const Tensor& y_pred) {
    const OwnLines own;
    return function(y_true, y_pred);
  };
  return {.recipe = fixed(mean_of_values([=](const Tensor& y_true, const Tensor& y_pred) {
            const Tensor figure = own_lines(y_true, y_pred);
            if (!figure.defined())
              throw ValueError("metric 'custom': the function gave an undefined result",
                               std::source_location::current());
            return figure;
          }))};
}

Metric MetricChoice::make(const std::string& loss, std::int64_t output_width) const {
  return {name(), value_.recipe(loss, output_width)};
}

}  // namespace xg::nn
