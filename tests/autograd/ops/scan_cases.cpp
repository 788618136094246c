#include "autograd/ops/scan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

using Numbers = std::vector<double>;

/// f of the elements along an axis, as many again.
Values along(const Values& x, std::size_t axis, const std::function<Numbers(const Numbers&)>& f) {
  return generate(x.shape, [&](Index i) {
    const auto place = static_cast<std::size_t>(i[axis]);
    Numbers line;
    for (i[axis] = 0; i[axis] < x.shape[axis]; ++i[axis]) line.push_back(x.at(i));
    return f(line)[place];
  });
}

/// A case for the first and the last axis.
template <class Op>
Cases along_both(const char* name, Op op, Numbers (*f)(const Numbers&), Tensor (*make)(const Shape&),
                 bool differentiable = true) {
  Cases cases;
  for (const int axis : {0, -1})
    cases.push_back({.name = name,
                     .variant = concat("axis ", axis),
                     .function = [=](const Inputs& v) { return op(v[0], axis); },
                     .samples = {{make({4})}, {make({3, 4})}, {make({2, 1, 3})}},
                     .reference =
                         [=](const Inputs& v) {
                           const Values x(v[0]);
                           return along(x, axis == 0 ? 0 : x.shape.rank() - 1, f);
                         },
                     .differentiable = differentiable});
  return cases;
}

template <class F>
Numbers running(const Numbers& x, F f) {
  Numbers result = x;
  for (std::size_t i = 1; i < x.size(); ++i) result[i] = f(result[i - 1], x[i]);
  return result;
}

Numbers sums(const Numbers& x) { return running(x, std::plus<>()); }
Numbers products(const Numbers& x) { return running(x, std::multiplies<>()); }
Numbers maxima(const Numbers& x) {
  return running(x, [](double a, double b) { return std::max(a, b); });
}
Numbers minima(const Numbers& x) {
  return running(x, [](double a, double b) { return std::min(a, b); });
}
Numbers sorted(const Numbers& x) {
  Numbers result = x;
  std::sort(result.begin(), result.end());
  return result;
}
Numbers falling(const Numbers& x) {
  Numbers result = sorted(x);
  std::reverse(result.begin(), result.end());
  return result;
}
Numbers order(const Numbers& x) {
  Numbers result(x.size());
  std::iota(result.begin(), result.end(), 0.0);
  std::sort(result.begin(), result.end(),
            [&](double i, double j) { return x[static_cast<std::size_t>(i)] < x[static_cast<std::size_t>(j)]; });
  return result;
}
Numbers falling_order(const Numbers& x) {
  Numbers result = order(x);
  std::reverse(result.begin(), result.end());
  return result;
}

Tensor positive(const Shape& shape) { return uniform(shape, 0.5, 2); }
Tensor separate(const Shape& shape) { return distinct(shape); }
/// Some elements are 0, more than one in a line too.
Tensor with_zeros(const Shape& shape) {
  const Tensor x = uniform(shape, 0.5, 2);
  for (std::int64_t i = 1; i < x.size(); i += 2) x.array().data<double>()[i] = 0;
  return x;
}

Cases top() {
  const auto first_two = [](Numbers (*f)(const Numbers&)) {
    return [=](const Inputs& v) {
      Values x = along(Values(v[0]), 1, f);
      Shape shape = x.shape;
      shape[1] = 2;
      return generate(shape, [&](const Index& i) { return x.at(i); });
    };
  };
  const std::vector<Inputs> samples{{separate({3, 4})}, {separate({1, 2})}};
  return {
      {.name = "topk",
       .variant = "values",
       .function = [](const Inputs& v) { return topk(v[0], 2).values; },
       .samples = samples,
       .reference = first_two(falling)},
      {.name = "topk",
       .variant = "smallest values",
       .function = [](const Inputs& v) { return topk(v[0], 2, 1, false).values; },
       .samples = samples,
       .reference = first_two(sorted)},
      {.name = "topk",
       .variant = "indices",
       .function = [](const Inputs& v) { return topk(v[0], 2).indices; },
       .samples = samples,
       .reference = first_two(falling_order),
       .differentiable = false},
  };
}

}  // namespace

Cases scan_cases() {
  Cases cases = top();
  const auto append = [&](const char* variant, Cases more) {
    for (OpCase& op : more) {
      op.variant += variant;
      cases.push_back(std::move(op));
    }
  };
  append("", along_both(
                 "cumsum", [](const Tensor& x, int axis) { return cumsum(x, axis); }, sums, positive));
  append("", along_both(
                 "cumprod", [](const Tensor& x, int axis) { return cumprod(x, axis); }, products, positive));
  append(", zeros", along_both(
                        "cumprod", [](const Tensor& x, int axis) { return cumprod(x, axis); }, products, with_zeros));
  append("", along_both(
                 "cummax", [](const Tensor& x, int axis) { return cummax(x, axis); }, maxima, separate));
  append("", along_both(
                 "cummin", [](const Tensor& x, int axis) { return cummin(x, axis); }, minima, separate));
  append("", along_both(
                 "sort", [](const Tensor& x, int axis) { return sort(x, axis); }, sorted, separate));
  append(", falling", along_both(
                          "sort", [](const Tensor& x, int axis) { return sort(x, axis, true); }, falling, separate));
  append("", along_both(
                 "argsort", [](const Tensor& x, int axis) { return argsort(x, axis); }, order, separate, false));
  append(", falling", along_both(
                          "argsort", [](const Tensor& x, int axis) { return argsort(x, axis, true); }, falling_order,
                          separate, false));
  return cases;
}

}  // namespace xg::testing
