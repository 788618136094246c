#include "nn/metrics.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/kernels/reduce.hpp"
#include "nn/figure_name.hpp"
#include "nn/losses.hpp"
#include "nn/losses/classification.hpp"
#include "nn/losses/regression.hpp"
#include "nn/registry.hpp"

namespace xg::nn {
namespace {

/// The position of the first maximum of each row.
Array best(const Tensor& x) { return kernels::argmax(x.array(), x.rank() - 1); }

double count_equal(const Array& a, const Array& b) {
  const std::int64_t *x = a.data<std::int64_t>(), *y = b.data<std::int64_t>();
  std::int64_t equal = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) equal += x[i] == y[i];
  return static_cast<double>(equal);
}

/// Matches for each sample: rows beyond the first axis count as parts of it.
double per_sample(double matches, std::int64_t rows, const Tensor& y_pred) {
  return rows == 0 ? 0 : matches * static_cast<double>(y_pred.shape()[0]) / static_cast<double>(rows);
}

/// A mean over the batch as a sum over its samples.
template <class F>
Metric::BatchSum sum_of_means(F figure) {
  return [=](const Tensor& y_true, const Tensor& y_pred) {
    const NoGrad values_only;
    return mean(figure(y_true, y_pred)).item() * static_cast<double>(y_pred.shape()[0]);
  };
}

/// The same sum for all losses.
MetricMaker::Sum fixed(Metric::BatchSum sum) {
  return [sum = std::move(sum)](const std::string&, std::int64_t) { return sum; };
}

/// A maker of a metric that is the mean of a loss.
template <class F>
auto mean_loss(F loss) {
  return always(MetricMaker{.sum = fixed(sum_of_means(loss))});
}

/// In how many rows the class `truth` is among the k largest.
double count_among_largest(const Array& truth, const Array& y_pred, std::int64_t k) {
  const std::int64_t classes = y_pred.shape().back();
  const std::int64_t* const wanted = truth.data<std::int64_t>();
  return dispatch(y_pred.dtype(), [&]<class T>() {
    double hits = 0;
    for (std::int64_t row = 0; row < truth.size(); ++row) {
      const T* const scores = y_pred.data<T>() + row * classes;
      const T score = scores[wanted[row]];
      const auto larger = std::count_if(scores, scores + classes, [=](T other) { return !(other <= score); });
      hits += score == score && larger < k;
    }
    return hits;
  });
}

/// The matches of class numbers, one for each row.
double top_k_matches_of(const Array& truth, const Tensor& y_pred, std::int64_t k) {
  return per_sample(count_among_largest(truth, y_pred.array().contiguous(), k), truth.size(), y_pred);
}

void check_one_hot(const char* metric, const Tensor& y_true, const Tensor& y_pred) {
  if (y_true.shape() != y_pred.shape())
    throw ShapeError(concat(metric, ": y_true has shape ", y_true.shape(), ", y_pred ", y_pred.shape(),
                            ": one-hot labels are expected; use sparse_", metric, " for class numbers"),
                     std::source_location::current());
}

/// The class numbers, one for each row of predictions.
Array class_numbers(const char* metric, const Tensor& y_true, const Tensor& y_pred) {
  if (y_pred.rank() > 0) check_class_numbers(metric, y_true, y_pred.shape().back(), std::source_location::current());
  if (y_pred.rank() == 0 || y_true.size() * y_pred.shape().back() != y_pred.size())
    throw ShapeError(concat(metric, ": y_true has shape ", y_true.shape(), ", y_pred ", y_pred.shape()),
                     std::source_location::current());
  return y_true.array().astype(int64).contiguous();
}

/// A maker of a metric of the k largest.
template <class F>
auto among_largest(const char* name, F matches) {
  return [=](Arguments& given) {
    std::int64_t k = 5;
    given("k", k);
    if (k < 1) throw ValueError(concat(name, ": k must be at least 1, got ", k), std::source_location::current());
    return MetricMaker{
        .sum = fixed([=](const Tensor& y_true, const Tensor& y_pred) { return matches(y_true, y_pred, k); })};
  };
}

/// "accuracy" means what the loss means by a right answer.
Metric::BatchSum accuracy(const std::string& loss, std::int64_t width) {
  if (loss == "sparse_categorical_crossentropy") return sparse_matches;
  const bool binary = width == 1 || loss == "binary_crossentropy" || loss == "binary_focal_crossentropy";
  return binary ? binary_matches : categorical_matches;
}

}  // namespace

void Metric::reset() {
  sum_ = 0;
  samples_ = 0;
}

void Metric::update(const Tensor& y_true, const Tensor& y_pred, std::source_location where) {
  const CallerScope scope(where);
  if (y_pred.rank() == 0)
    throw ShapeError(concat(name_, ": y_pred is a single number: its first axis must be the samples"), where);
  const double sum = batch_sum_(y_true, y_pred);
  check_sum(y_true, y_pred, sum, where);
  sum_ += sum;
  samples_ += y_pred.shape()[0];
}

void Metric::check_sum(const Tensor& y_true, const Tensor& y_pred, double sum, std::source_location where) {
  const std::int64_t samples = y_pred.shape()[0], half = samples / 2, rest = samples - half;
  if (!checked_ || checked_->load() || samples < 2) return;
  if (!y_true.defined() || y_true.rank() == 0 || y_true.shape()[0] != samples) return;
  // 0 may be a mean as well, and what is next to it the rounding of figures that cancel out.
  if (!std::isfinite(sum) || std::abs(sum) < 1e-6 * static_cast<double>(samples)) return;
  // The whole batch again, without its graph: the parts have none, behind which a loss would find the logits.
  const auto part = [&](std::int64_t start, std::int64_t count) {
    return batch_sum_(y_true.array().slice(0, start, count, 1), y_pred.array().slice(0, start, count, 1));
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
  checked_->store(true);
}

double categorical_matches(const Tensor& y_true, const Tensor& y_pred) {
  check_one_hot("categorical_accuracy", y_true, y_pred);
  const Array truth = best(y_true);
  return per_sample(count_equal(truth, best(y_pred)), truth.size(), y_pred);
}

double sparse_matches(const Tensor& y_true, const Tensor& y_pred) {
  const Array truth = class_numbers("sparse_categorical_accuracy", y_true, y_pred);
  return per_sample(count_equal(truth, best(y_pred)), truth.size(), y_pred);
}

double binary_matches(const Tensor& y_true, const Tensor& y_pred) {
  if (y_true.shape() != y_pred.shape())
    throw ShapeError(concat("binary_accuracy: y_true has shape ", y_true.shape(), ", y_pred ", y_pred.shape()),
                     std::source_location::current());
  const auto truth = y_true.to_vector<double>(), predicted = y_pred.to_vector<double>();
  double matches = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) matches += truth[i] == (predicted[i] > 0.5 ? 1.0 : 0.0);
  return per_sample(matches, y_pred.size(), y_pred);
}

double top_k_matches(const Tensor& y_true, const Tensor& y_pred, std::int64_t k) {
  check_one_hot("top_k_categorical_accuracy", y_true, y_pred);
  return top_k_matches_of(best(y_true), y_pred, k);
}

double sparse_top_k_matches(const Tensor& y_true, const Tensor& y_pred, std::int64_t k) {
  return top_k_matches_of(class_numbers("sparse_top_k_categorical_accuracy", y_true, y_pred), y_pred, k);
}

MetricChoice::MetricChoice(const Metric& metric)
    : Choice({Spec::custom}, {metric.name(), fixed(metric.batch_sum()), metric.checked()}) {}

MetricMaker MetricChoice::mean_of(Function function) {
  const auto own_lines = [=](const Tensor& y_true, const Tensor& y_pred) {
    const OwnLines own;
    return function(y_true, y_pred);
  };
  return {.sum = fixed(sum_of_means([=](const Tensor& y_true, const Tensor& y_pred) {
            const Tensor figure = own_lines(y_true, y_pred);
            if (!figure.defined())
              throw ValueError("metric 'custom': the function gave an undefined result",
                               std::source_location::current());
            return figure;
          }))};
}

Metric MetricChoice::make(const std::string& loss, std::int64_t output_width) const {
  return {name(), value_.sum(loss, output_width), value_.checked};
}

template <>
Registry<MetricMaker>& Choice<MetricChoice, MetricMaker>::registry() {
  static Registry<MetricMaker> known(
      MetricChoice::kind,
      {
          {"accuracy", always(MetricMaker{.sum = accuracy})},
          {"acc", Spec{"accuracy"}},
          {"categorical_accuracy", always(MetricMaker{.sum = fixed(categorical_matches)})},
          {"sparse_categorical_accuracy", always(MetricMaker{.sum = fixed(sparse_matches)})},
          {"binary_accuracy", always(MetricMaker{.sum = fixed(binary_matches)})},
          {"top_k_categorical_accuracy", among_largest("top_k_categorical_accuracy", top_k_matches)},
          {"sparse_top_k_categorical_accuracy",
           among_largest("sparse_top_k_categorical_accuracy", sparse_top_k_matches)},
          {"mean_squared_error", mean_loss([](auto& y, auto& p) { return mean_squared_error(y, p); })},
          {"mse", Spec{"mean_squared_error", {{"name", "mse"}}}},
          {"mean_absolute_error", mean_loss([](auto& y, auto& p) { return mean_absolute_error(y, p); })},
          {"mae", Spec{"mean_absolute_error", {{"name", "mae"}}}},
          {"mean_absolute_percentage_error",
           mean_loss([](auto& y, auto& p) { return mean_absolute_percentage_error(y, p); })},
          {"mape", Spec{"mean_absolute_percentage_error", {{"name", "mape"}}}},
          {"mean_squared_logarithmic_error",
           mean_loss([](auto& y, auto& p) { return mean_squared_logarithmic_error(y, p); })},
          {"msle", Spec{"mean_squared_logarithmic_error", {{"name", "msle"}}}},
          {"logcosh", mean_loss([](auto& y, auto& p) { return logcosh(y, p); })},
          {"poisson", mean_loss([](auto& y, auto& p) { return poisson(y, p); })},
          {"hinge", mean_loss([](auto& y, auto& p) { return hinge(y, p); })},
          {"squared_hinge", mean_loss([](auto& y, auto& p) { return squared_hinge(y, p); })},
          {"kullback_leibler_divergence",
           mean_loss([](auto& y, auto& p) { return kullback_leibler_divergence(y, p); })},
          {"cosine_similarity", mean_loss([](auto& y, auto& p) { return -cosine_similarity(y, p); })},
          {"cosine_proximity", mean_loss([](auto& y, auto& p) { return cosine_similarity(y, p); })},
      });
  return known;
}

template class Choice<MetricChoice, MetricMaker>;

}  // namespace xg::nn
