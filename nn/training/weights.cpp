#include "nn/training/weights.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/training/samples.hpp"
#include "nn/training/setup.hpp"

namespace xg::nn {
namespace {

std::string of_output(const std::string& name) { return name.empty() ? "" : " of '" + name + "'"; }

/// With axes of one behind those it has, as many as x has.
Tensor beside(const Tensor& weights, const Tensor& x) {
  Shape shape = weights.shape();
  while (shape.rank() < x.rank()) shape.push_back(1);
  return reshape(weights, shape);
}

/// The class numbers of targets, of samples (N) or of steps (N, steps).
std::vector<std::int64_t> classes_of(const char* call, const Tensor& y, bool one_hot, std::source_location where) {
  if (one_hot) return argmax(y, {.axis = -1}).to_vector<std::int64_t>();
  std::vector<std::int64_t> numbers;
  for (const double number : y.to_vector<double>()) {
    if (!(number == std::floor(number) && std::abs(number) < 9e15))
      throw ValueError(concat(call, ": class_weight is for class numbers or one-hot rows, and y holds ", number,
                              ": use sample_weight"),
                       where);
    numbers.push_back(static_cast<std::int64_t>(number));
  }
  return numbers;
}

Tensor weights_of_classes(const char* call, const Tensor& y, const ClassWeights& weights, const Losses& losses,
                          std::source_location where) {
  const auto named = losses.names();
  const std::string& loss = losses.of(named.empty() ? "" : named.front(), 0, 1).name();
  const bool column = y.rank() > 1 && y.shape().back() == 1;
  const bool one_hot = y.rank() > 1 && !column && loss != "sparse_categorical_crossentropy";
  for (const auto& [number, weight] : weights)
    if (number < 0 || (one_hot && number >= y.shape().back()))
      throw ValueError(concat(call, ": class_weight: there is no class ", number,
                              one_hot ? concat(": y has ", y.shape().back(), " classes") : std::string()),
                       where);
  Shape shape = y.shape();
  if (one_hot || column) shape.erase(-1);
  const auto numbers = classes_of(call, y, one_hot, where);
  Array result = Array::full(shape, 1.0, float64);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    for (const auto& [number, weight] : weights)
      if (numbers[i] == number) result.data<double>()[i] = weight;
  return result;
}

}  // namespace

void check_weights(const char* call, const Tensors& weights, const Tensors& y, std::source_location where) {
  for (const auto& [name, value] : weights) {
    const std::string who = concat(call, ": sample_weight", of_output(name));
    if (!value.defined()) throw ValueError(who + " is an undefined tensor", where);
    const Tensor& target = !name.empty() && y.contains(name) ? y[name] : y[0];
    const bool steps = value.rank() == 2 && target.rank() > 1 && value.shape()[1] == target.shape()[1];
    if ((value.rank() != 1 && !steps) || value.shape()[0] != count_of(y))
      throw ShapeError(concat(who, " has shape ", value.shape(), ", y ", target.shape(),
                              ": one weight for each sample is expected, ", Shape{count_of(y)},
                              ", or one for each step of a sequence, (", count_of(y), ", steps)"),
                       where);
    for (const double weight : value.to_vector<double>())
      if (!(weight >= 0 && weight <= std::numeric_limits<float>::max()))
        throw ValueError(concat(who, " holds ", weight, ": weights must be finite in float32 and not negative"), where);
  }
}

void check_class_weights(const char* call, const ClassWeights& weights, std::source_location where) {
  for (auto entry = weights.begin(); entry != weights.end(); ++entry) {
    if (!(entry->second >= 0 && entry->second <= std::numeric_limits<float>::max()))
      throw ValueError(concat(call, ": class_weight of class ", entry->first, " is ", entry->second,
                              ": weights must be finite in float32 and not negative"),
                       where);
    if (std::any_of(weights.begin(), entry, [&](const auto& other) { return other.first == entry->first; }))
      throw ValueError(concat(call, ": class_weight has two weights for class ", entry->first), where);
  }
}

Tensors weights_of(const char* call, const Tensors& y, const Tensors& sample_weight, const ClassWeights& class_weight,
                   const Losses& losses, std::source_location where) {
  if (is_given(sample_weight)) check_weights(call, sample_weight, y, where);
  if (class_weight.empty()) return is_given(sample_weight) ? sample_weight : Tensors();
  check_class_weights(call, class_weight, where);
  if (y.size() != 1)
    throw ValueError(concat(call, ": class_weight is for a model of one output, there are ", y.size(),
                            " targets: give sample_weight by the names of the outputs"),
                     where);
  const NoGrad values_only;
  const Tensor of_classes = weights_of_classes(call, y[0], class_weight, losses, where);
  if (!is_given(sample_weight)) return of_classes;
  const Tensor own = astype(sample_weight.only(where), float64);
  const bool more_steps = own.rank() > of_classes.rank();
  return more_steps ? own * beside(of_classes, own) : of_classes * beside(own, of_classes);
}

Tensor weighted_mean(const Tensor& values, const Output& output) {
  const auto check = [&](const char* what, const Tensor& weights, std::size_t axes) {
    bool fits = values.rank() >= axes;
    for (std::size_t axis = 0; fits && axis < axes; ++axis) fits = values.shape()[axis] == weights.shape()[axis];
    if (!fits)
      throw ShapeError(
          concat("loss '", output.loss->name(), "': it gave shape ", values.shape(), " for ",
                 output.prediction.shape()[0], " samples, which ", what, " of shape ", weights.shape(),
                 " cannot weigh: return one number for each sample", axes > 1 ? " and step" : "", ", without the mean"),
          std::source_location::current());
  };
  Tensor counted = values;
  if (output.mask.defined()) {
    check("a mask", output.mask, 2);
    const Tensor mask = beside(output.mask, values);
    const double all = static_cast<double>(output.mask.size()), seen = count_nonzero(output.mask).item<double>();
    counted = where(mask, values, 0.0) * (all / std::max(seen, 1.0));
  }
  if (output.sample_weight.defined()) {
    check("sample_weight", output.sample_weight, output.sample_weight.rank());
    counted = counted * beside(astype(output.sample_weight, values.dtype()), values);
  }
  return mean(counted);
}

SeenRows seen_rows(const Output& output) {
  const NoGrad values_only;
  const Shape& steps = output.mask.shape();
  const auto seen = [&](const Tensor& x) {
    Shape rows{steps.elements()};
    for (std::size_t axis = 2; axis < x.rank(); ++axis) rows.push_back(x.shape()[axis]);
    const Tensor flags = reshape(output.mask, {steps.elements()});
    std::vector<std::int64_t> numbers;
    const auto known = flags.to_vector<bool>();
    for (std::size_t i = 0; i < known.size(); ++i)
      if (known[i]) numbers.push_back(static_cast<std::int64_t>(i));
    return take(reshape(x.detach(), rows), Array::from(numbers, {static_cast<std::int64_t>(numbers.size())}), 0);
  };
  SeenRows rows{seen(output.y), seen(output.prediction), {}};
  if (output.sample_weight.defined())
    rows.weights = seen(broadcast_to(beside(output.sample_weight, output.mask), steps));
  return rows;
}

}  // namespace xg::nn
