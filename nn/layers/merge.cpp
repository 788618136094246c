#include "nn/layers/merge.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"

namespace xg::nn {
namespace {

constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

void check_count(const std::string& layer, const Tensors& inputs, std::size_t least, std::size_t most) {
  if (inputs.size() < least || inputs.size() > most)
    throw ValueError(concat(layer, ": ", least == most ? "" : "at least ", least, " inputs are expected, got ",
                            inputs.size(), ' ', shapes_of(inputs)),
                     std::source_location::current());
}

/// All with as many axes as the one that has most.
std::vector<Tensor> aligned(const Tensors& inputs) {
  std::size_t rank = 0;
  for (const auto& [name, value] : inputs) rank = std::max(rank, value.rank());
  std::vector<Tensor> result;
  for (const auto& [name, value] : inputs) {
    result.push_back(value);
    while (result.back().rank() < rank) result.back() = expand_dims(result.back(), 1);
  }
  return result;
}

template <Merging Kind>
Tensor merged(const Tensor& a, const Tensor& b) {
  if constexpr (Kind == Merging::subtract) return a - b;
  if constexpr (Kind == Merging::multiply) return a * b;
  if constexpr (Kind == Merging::maximum) return maximum(a, b);
  if constexpr (Kind == Merging::minimum) return minimum(a, b);
  if constexpr (Kind == Merging::add || Kind == Merging::average) return a + b;
}

/// The output, and the mask of the inputs, if there is one.
Tensors beside_mask(const std::string& layer, const Tensor& y, const Tensors& inputs) {
  const Tensor mask = mask_for(layer, inputs, y);
  return mask.defined() ? Tensors{y, {"mask", mask}} : Tensors(y);
}

/// (batch, kept, summed): the axis to the end, and the others in one.
Tensor as_matrices(const Tensor& x, int axis) {
  std::vector<int> order;
  for (int i = 0; i < static_cast<int>(x.rank()); ++i)
    if (i != axis) order.push_back(i);
  order.push_back(axis);
  const std::int64_t batch = x.shape()[0], extent = x.shape()[static_cast<std::size_t>(axis)];
  return reshape(permute(x, order), {batch, x.size() / std::max<std::int64_t>(batch * extent, 1), extent});
}

}  // namespace

template <Merging Kind>
std::string MergeLayer<Kind>::type() const {
  constexpr const char* names[] = {"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"};
  return names[static_cast<int>(Kind)];
}

template <Merging Kind>
Tensors MergeLayer<Kind>::forward_many(const Tensors& inputs) {
  const Tensors given = without_mask(inputs);
  check_count(type(), given, 2, Kind == Merging::subtract ? 2 : any_number);
  const std::vector<Tensor> all = aligned(given);
  Tensor result = all[0];
  for (std::size_t i = 1; i < all.size(); ++i) result = merged<Kind>(result, all[i]);
  if (Kind == Merging::average) result = result / static_cast<double>(all.size());
  return beside_mask(type(), result, inputs);
}

Tensors Concatenate::forward_many(const Tensors& inputs) {
  const Tensors given = without_mask(inputs);
  check_count(type(), given, 2, any_number);
  std::vector<Tensor> all;
  for (const auto& [name, value] : given) all.push_back(value);
  return beside_mask(type(), concatenate(all, axis_), inputs);
}

Tensors Dot::forward_many(const Tensors& inputs) {
  check_count(type(), inputs, 2, 2);
  Tensor a = inputs[0], b = inputs[1];
  const auto axis_of = [&](const Tensor& x, int axis) {
    const int rank = static_cast<int>(x.rank()), place = axis < 0 ? axis + rank : axis;
    if (place < 1 || place >= rank)
      throw ValueError(concat("Dot: axis ", axis, " is none of a sample's, for an input of shape ", x.shape()),
                       std::source_location::current());
    return place;
  };
  const int first = axis_of(a, options_.first_axis), second = axis_of(b, options_.second_axis);
  const auto extent = [](const Tensor& x, int axis) { return x.shape()[static_cast<std::size_t>(axis)]; };
  if (extent(a, first) != extent(b, second) || a.shape()[0] != b.shape()[0])
    throw ShapeError(concat("Dot: inputs of shapes ", a.shape(), " and ", b.shape(), " differ along axes ", first,
                            " and ", second, ", or in their batches"),
                     std::source_location::current());
  // Keras's guard: norms are at least 1e-6.
  const auto unit = [](const Tensor& x, int axis) {
    return x / sqrt(maximum(sum(square(x), {.axis = axis, .keepdims = true}), 1e-12));
  };
  if (options_.normalize) a = unit(a, first), b = unit(b, second);
  Shape shape{a.shape()[0]};
  for (const auto& [x, axis] : {std::pair(&a, first), std::pair(&b, second)})
    for (int i = 1; i < static_cast<int>(x->rank()); ++i)
      if (i != axis) shape.push_back(extent(*x, i));
  if (shape.rank() == 1) shape.push_back(1);
  return reshape(matmul(as_matrices(a, first), transpose(as_matrices(b, second), 1, 2)), shape);
}

template class MergeLayer<Merging::add>;
template class MergeLayer<Merging::subtract>;
template class MergeLayer<Merging::multiply>;
template class MergeLayer<Merging::average>;
template class MergeLayer<Merging::maximum>;
template class MergeLayer<Merging::minimum>;

template class ClonedLayer<Concatenate>;
template class ClonedLayer<Dot>;

}  // namespace xg::nn
