#include "tests/autograd/op_cases.hpp"

#include "autograd/ops/index.hpp"
#include "autograd/ops/shape.hpp"
#include "lib/random.hpp"

namespace xg::testing {
namespace {

Generator next_generator() {
  static std::uint64_t seed = 0;
  return Generator(++seed);
}

/// A larger tensor whose last axis holds x at every second place.
Tensor spread(const Tensor& x) {
  Shape shape = x.shape();
  shape[shape.rank() - 1] = 2 * shape.back() + 1;
  const Array wide = Array::full(shape, 1, x.dtype());
  wide.slice(shape.rank() - 1, 1, x.shape().back(), 2).assign(x.array());
  return wide;
}

Tensor base(const Tensor& x, Layout layout) {
  if (layout == Layout::plain || x.rank() == 0) return x;
  return layout == Layout::sliced ? spread(x) : Tensor(transpose(x).array().clone());
}

Tensor view(const Tensor& x, Layout layout) {
  if (layout == Layout::plain || x.rank() == 0) return x;
  return layout == Layout::sliced ? slice(x, -1, {.start = 1, .step = 2}) : transpose(x);
}

}  // namespace

const Cases& op_cases() {
  static const Cases all = [] {
    Cases cases;
    for (auto* list :
         {activation_cases, arithmetic_cases, assemble_cases,      attention_cases,   bitwise_cases,   compare_cases,
          conv_cases,       creation_cases,   decomposition_cases, elementwise_cases, gradient_cases,  index_cases,
          linalg_cases,     loss_cases,       normalization_cases, pool_cases,        recurrent_cases, reduction_cases,
          scan_cases,       shape_cases,      special_cases,       trigonometry_cases})
      for (OpCase& op : list()) cases.push_back(std::move(op));
    return cases;
  }();
  return all;
}

std::string title(const OpCase& op) { return op.variant.empty() ? op.name : op.name + ", " + op.variant; }

Tensor uniform(const Shape& shape, double low, double high) {
  return next_generator().uniform(shape, low, high, float64);
}

Tensor distinct(const Shape& shape, double first) {
  const std::int64_t count = shape.elements();
  std::vector<double> numbers = next_generator().permutation(count).to_vector<double>();
  for (double& number : numbers) number = first + 0.1 * number;
  return Array::from(numbers, shape);
}

std::vector<Inputs> samples_of_one(double low, double high) {
  std::vector<Inputs> samples;
  for (const Shape& shape : {Shape{}, Shape{5}, Shape{3, 4}, Shape{2, 1, 3}, Shape{1, 1}})
    samples.push_back({uniform(shape, low, high)});
  return samples;
}

OpCase unary(const char* name, Tensor (*op)(const Operand&), double (*f)(double), std::vector<Inputs> samples) {
  return {.name = name,
          .function = [op](const Inputs& v) { return op(v[0]); },
          .samples = std::move(samples),
          .reference = [f](const Inputs& v) { return map(Values(v[0]), f); },
          .elementwise = true};
}

std::vector<Inputs> between_kinks() {
  return {{distinct({3, 4})},
          {distinct({5}, -0.25)},
          {distinct({}, -0.3)},
          {distinct({2, 1, 3}, -0.95)},
          {distinct({1, 1}, 0.75)}};
}

const std::vector<std::pair<Shape, Shape>>& broadcast_pairs() {
  static const std::vector<std::pair<Shape, Shape>> pairs{
      {{3, 4}, {3, 4}}, {{3, 4}, {4}}, {{4}, {3, 4}}, {{3, 4}, {3, 1}},    {{1, 4}, {3, 1}},
      {{}, {2, 3}},     {{2, 3}, {}},  {{}, {}},      {{2, 1, 3}, {4, 1}}, {{1, 1}, {2}},
  };
  return pairs;
}

std::vector<Inputs> samples_of_two(double low, double high) {
  std::vector<Inputs> samples;
  for (const auto& [a, b] : broadcast_pairs()) samples.push_back({uniform(a), uniform(b, low, high)});
  return samples;
}

Inputs bases(const Inputs& inputs, Layout layout) {
  Inputs result;
  for (const Tensor& input : inputs) result.push_back(base(input, layout));
  return result;
}

Function laid_out(const Function& function, Layout layout) {
  return [function, layout](const Inputs& inputs) {
    Inputs views;
    for (const Tensor& input : inputs) views.push_back(view(input, layout));
    return function(views);
  };
}

Inputs leaves(const Inputs& inputs) {
  Inputs result;
  for (const Tensor& input : inputs) {
    result.push_back(input.defined() ? Tensor(input.array().clone()) : input);
    if (is_floating(input.dtype())) result.back().set_requires_grad();
  }
  return result;
}

}  // namespace xg::testing
