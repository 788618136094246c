#include "autograd/ops/reduction.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

using Numbers = std::vector<double>;

/// Every axis, lists of axes, all of them.
const std::vector<std::vector<int>> axis_lists{{}, {0}, {1}, {2}, {-1}, {-3}, {0, 1}, {0, 2}, {2, 1}, {0, 1, 2}};

std::string describe(const std::vector<int>& axes, bool keepdims) {
  std::string text = axes.empty() ? "all axes" : "axis";
  for (const int axis : axes) text += concat(' ', axis);
  return text + (keepdims ? ", keepdims" : "");
}

Axes as_axes(const std::vector<int>& axes) { return axes.empty() ? Axes() : Axes(axes); }

/// A reduction along each list of axes.
template <class Op, class F>
Cases along_axes(const char* name, Op op, F f, Tensor (*make)(const Shape&)) {
  Cases cases;
  for (const bool keepdims : {false, true})
    for (const auto& axes : axis_lists) {
      std::vector<Inputs> samples;
      for (const Shape& shape : {Shape{2, 3, 4}, Shape{3, 1, 2}}) samples.push_back({make(shape)});
      if (axes.empty())
        for (const Shape& shape : {Shape{}, Shape{1}, Shape{5}}) samples.push_back({make(shape)});
      cases.push_back({.name = name,
                       .variant = describe(axes, keepdims),
                       .function = [=](const Inputs& v) { return op(v[0], as_axes(axes), keepdims); },
                       .samples = samples,
                       .reference = [=](const Inputs& v) { return fold(Values(v[0]), axes, keepdims, f); }});
    }
  return cases;
}

double total(const Numbers& x) { return std::accumulate(x.begin(), x.end(), 0.0); }

double average(const Numbers& x) { return total(x) / static_cast<double>(x.size()); }

double spread(const Numbers& x) {
  const double middle = average(x);
  return std::accumulate(x.begin(), x.end(), 0.0,
                         [&](double sum, double v) { return sum + (v - middle) * (v - middle); });
}

double log_of_sum_of_exp(const Numbers& x) {
  return std::log(std::accumulate(x.begin(), x.end(), 0.0, [](double sum, double v) { return sum + std::exp(v); }));
}

Tensor positive(const Shape& shape) { return uniform(shape, 0.5, 2); }
Tensor separate(const Shape& shape) { return distinct(shape); }

double product(const Numbers& x) { return std::accumulate(x.begin(), x.end(), 1.0, std::multiplies<>()); }

/// Between the two elements around the place of the q-quantile.
double quantile_of(Numbers x, double q) {
  std::sort(x.begin(), x.end());
  const double place = q * static_cast<double>(x.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const double part = place - std::floor(place);
  return part == 0 ? x[below] : x[below] * (1 - part) + x[below + 1] * part;
}
double lower_third(const Numbers& x) { return quantile_of(x, 0.3); }
double middle(const Numbers& x) { return quantile_of(x, 0.5); }

double not_zero(const Numbers& x) {
  return static_cast<double>(std::count_if(x.begin(), x.end(), [](double v) { return v != 0; }));
}
double any_of(const Numbers& x) { return not_zero(x) > 0 ? 1 : 0; }
double all_of(const Numbers& x) { return not_zero(x) == static_cast<double>(x.size()) ? 1 : 0; }

/// About half of the elements are 0.
Tensor with_zeros(const Shape& shape) {
  const Tensor x = uniform(shape);
  for (std::int64_t i = 0; i < x.size(); i += 1 + i % 3) x.array().data<double>()[i] = 0;
  return x;
}
/// One element is 0, and with more than ten two of them.
Tensor with_a_zero(const Shape& shape) {
  const Tensor x = uniform(shape, 0.5, 2);
  if (x.size() > 0) x.array().data<double>()[0] = 0;
  if (x.size() > 10) x.array().data<double>()[x.size() / 2] = 0;
  return x;
}

/// Reductions that others are made of, and those of order.
Cases more_folds() {
  Cases cases;
  const auto append = [&](const char* variant, Cases more, bool differentiable = true) {
    for (OpCase& op : more) {
      op.variant += variant;
      op.differentiable = differentiable;
      cases.push_back(std::move(op));
    }
  };
  const auto with = [](Tensor (*op)(const Operand&, const Reduce&)) {
    return [=](const Tensor& x, const Axes& axes, bool keep) { return op(x, {.axis = axes, .keepdims = keep}); };
  };
  const auto of_order = [](double order) {
    return [=](const Tensor& x, const Axes& axes, bool keep) {
      return norm(x, {.axis = axes, .keepdims = keep, .order = order});
    };
  };
  append("", along_axes("prod", with(prod), product, positive));
  append(", zeros", along_axes("prod", with(prod), product, with_a_zero));
  append("", along_axes("median", with(median), middle, separate));
  append("", along_axes(
                 "quantile",
                 [](const Tensor& x, const Axes& axes, bool keep) {
                   return quantile(x, 0.3, {.axis = axes, .keepdims = keep});
                 },
                 lower_third, separate));
  for (OpCase& op : cases)
    if (op.name == "quantile") op.magnitude = 1;  // it lies between neighbours of either sign
  append(", order 1", along_axes(
                          "norm", of_order(1),
                          [](const Numbers& x) {
                            return std::accumulate(x.begin(), x.end(), 0.0,
                                                   [](double sum, double v) { return sum + std::abs(v); });
                          },
                          positive));
  append(", order 3", along_axes(
                          "norm", of_order(3),
                          [](const Numbers& x) {
                            return std::cbrt(std::accumulate(x.begin(), x.end(), 0.0, [](double sum, double v) {
                              return sum + std::pow(std::abs(v), 3);
                            }));
                          },
                          positive));
  append(", order inf", along_axes(
                            "norm", of_order(INFINITY),
                            [](const Numbers& x) {
                              return std::abs(*std::max_element(
                                  x.begin(), x.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
                            },
                            [](const Shape& shape) { return distinct(shape, -0.57); }));
  append(", order 0", along_axes("norm", of_order(0), not_zero, with_zeros), false);
  append("", along_axes("any", with(any), any_of, with_zeros), false);
  append("", along_axes("all", with(all), all_of, with_a_zero), false);
  append("", along_axes("count_nonzero", with(count_nonzero), not_zero, with_zeros), false);
  return cases;
}

Cases folds() {
  Cases cases;
  const auto append = [&](Cases more) { cases.insert(cases.end(), more.begin(), more.end()); };
  append(along_axes(
      "sum", [](const Tensor& x, const Axes& axes, bool keep) { return sum(x, {.axis = axes, .keepdims = keep}); },
      total, positive));
  append(along_axes(
      "mean", [](const Tensor& x, const Axes& axes, bool keep) { return mean(x, {.axis = axes, .keepdims = keep}); },
      average, positive));
  append(along_axes(
      "max", [](const Tensor& x, const Axes& axes, bool keep) { return max(x, {.axis = axes, .keepdims = keep}); },
      [](const Numbers& x) { return *std::max_element(x.begin(), x.end()); }, separate));
  append(along_axes(
      "min", [](const Tensor& x, const Axes& axes, bool keep) { return min(x, {.axis = axes, .keepdims = keep}); },
      [](const Numbers& x) { return *std::min_element(x.begin(), x.end()); }, separate));
  append(along_axes(
      "var", [](const Tensor& x, const Axes& axes, bool keep) { return var(x, {.axis = axes, .keepdims = keep}); },
      [](const Numbers& x) { return spread(x) / static_cast<double>(x.size()); }, positive));
  append(along_axes(
      "norm", [](const Tensor& x, const Axes& axes, bool keep) { return norm(x, {.axis = axes, .keepdims = keep}); },
      [](const Numbers& x) { return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0)); }, positive));
  append(along_axes(
      "logsumexp",
      [](const Tensor& x, const Axes& axes, bool keep) { return logsumexp(x, {.axis = axes, .keepdims = keep}); },
      log_of_sum_of_exp, positive));
  return cases;
}

/// argmax and argmin: one axis, or the flattened tensor.
template <class Op, class Better>
Cases choices(const char* name, Op op, Better better) {
  const auto first = [better](const Numbers& x) {
    return static_cast<double>(std::max_element(x.begin(), x.end(), better) - x.begin());
  };
  Cases cases;
  for (const bool keepdims : {false, true})
    for (const std::vector<int>& axes : {std::vector<int>{}, {0}, {1}, {2}, {-2}})
      cases.push_back(
          {.name = name,
           .variant = describe(axes, keepdims),
           .function = [=](const Inputs& v) { return op(v[0], {.axis = as_axes(axes), .keepdims = keepdims}); },
           .samples = {{distinct({2, 3, 4})}, {distinct({3, 1, 2})}},
           .reference = [=](const Inputs& v) { return fold(Values(v[0]), axes, keepdims, first); },
           .differentiable = false});
  return cases;
}

OpCase unbiased() {
  return {.name = "var",
          .variant = "unbiased",
          .function = [](const Inputs& v) { return var(v[0], {.axis = 1, .correction = 1}); },
          .samples = {{positive({2, 3, 4})}},
          .reference =
              [](const Inputs& v) {
                return fold(Values(v[0]), {1}, false, [](const Numbers& x) { return spread(x) / 2; });
              }};
}

OpCase deviation(double correction) {
  return {.name = "stddev",
          .variant = concat("correction ", correction),
          .function = [=](const Inputs& v) { return stddev(v[0], {.axis = 1, .correction = correction}); },
          .samples = {{positive({2, 3, 4})}, {positive({2, 5})}},
          .reference =
              [=](const Inputs& v) {
                return fold(Values(v[0]), {1}, false, [=](const Numbers& x) {
                  return std::sqrt(spread(x) / (static_cast<double>(x.size()) - correction));
                });
              },
          .magnitude = 1};
}

OpCase squares() {
  return {.name = "sum_squares",
          .function = [](const Inputs& v) { return sum_squares(v[0]); },
          .samples = samples_of_one(),
          .reference =
              [](const Inputs& v) {
                return fold(Values(v[0]), {}, false,
                            [](const Numbers& x) { return std::inner_product(x.begin(), x.end(), x.begin(), 0.0); });
              }};
}

}  // namespace

Cases reduction_cases() {
  Cases cases = folds();
  for (const Cases& more :
       {more_folds(), choices("argmax", argmax, std::less<>()), choices("argmin", argmin, std::greater<>())})
    cases.insert(cases.end(), more.begin(), more.end());
  cases.push_back(unbiased());
  cases.push_back(squares());
  for (const double correction : {0.0, 1.0}) cases.push_back(deviation(correction));
  return cases;
}

}  // namespace xg::testing
