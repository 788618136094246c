#include "nn/layers/reshaping.hpp"

#include <algorithm>
#include <numeric>

#include "autograd/ops/assemble.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/layers/sample_axes.hpp"

namespace xg::nn {
namespace {

using detail::sample_axes;

void check_sides(const std::string& layer, const std::vector<Sides>& sides, std::source_location where) {
  for (const auto& [before, after] : sides)
    if (before < 0 || after < 0)
      throw ValueError(concat(layer, ": widths must not be negative, got ", std::min(before, after)), where);
}

}  // namespace

Reshape::Reshape(Shape target_shape, std::source_location where) : target_shape_(target_shape) {
  const auto open = std::count(target_shape_.begin(), target_shape_.end(), -1);
  const bool has_negative = std::any_of(target_shape_.begin(), target_shape_.end(), [](auto n) { return n < -1; });
  if (open > 1 || has_negative)
    refuse(where, "extents of at least 0, and one -1 at most, are expected, got ", target_shape_);
}

std::optional<Shape> Reshape::output_shape(const Shape& sample) const {
  const auto open = std::find(target_shape_.begin(), target_shape_.end(), -1);
  Shape result = target_shape_;
  std::int64_t rest = 1;
  for (const std::int64_t extent : target_shape_)
    if (extent != -1) rest *= extent;
  const bool fits = open == target_shape_.end() ? rest == sample.elements() : rest > 0 && sample.elements() % rest == 0;
  if (!fits)
    throw ShapeError(concat("Reshape: a sample of shape ", sample, " does not fit ", target_shape_),
                     std::source_location::current());
  if (open != target_shape_.end())
    result[static_cast<std::size_t>(open - target_shape_.begin())] = sample.elements() / rest;
  return result;
}

Tensor Reshape::forward(const Tensor& x) {
  if (x.rank() == 0) throw ShapeError("Reshape: the input has no batch axis", std::source_location::current());
  Shape sample = x.shape();
  sample.erase(0);
  Shape shape = *output_shape(sample);
  shape.insert(0, x.shape()[0]);
  return reshape(x, shape);
}

Permute::Permute(std::vector<int> dims, std::source_location where) : dims_(std::move(dims)) {
  std::vector<int> sorted = dims_, order(dims_.size());
  std::sort(sorted.begin(), sorted.end());
  std::iota(order.begin(), order.end(), 1);
  if (sorted != order) {
    std::string given;
    for (const int axis : dims_) given += (given.empty() ? "" : ", ") + std::to_string(axis);
    refuse(where, "an order of the axes 1 to ", dims_.size(), " is expected, got {", given, '}');
  }
}

Tensor Permute::forward(const Tensor& x) {
  if (x.rank() != dims_.size() + 1)
    throw ShapeError(
        concat("Permute: the input has shape ", x.shape(), ", samples of ", dims_.size(), " axes are expected"),
        std::source_location::current());
  std::vector<int> axes{0};
  axes.insert(axes.end(), dims_.begin(), dims_.end());
  return permute(x, axes);
}

RepeatVector::RepeatVector(std::int64_t n, std::source_location where) : n_(n) {
  if (n < 1) refuse(where, "n must be at least 1, got ", n);
}

Tensor RepeatVector::forward(const Tensor& x) {
  check_input(x, 1, "features");
  return repeat(expand_dims(x, 1), n_, 1);
}

template <std::size_t Axes>
ZeroPadding<Axes>::ZeroPadding(std::int64_t all, std::source_location where)
    : ZeroPadding(std::vector<Sides>(Axes, all), where) {}

template <std::size_t Axes>
ZeroPadding<Axes>::ZeroPadding(std::vector<Sides> padding, std::source_location where) : padding_(std::move(padding)) {
  check_sides(type(), padding_, where);
}

template <std::size_t Axes>
std::string ZeroPadding<Axes>::type() const {
  return concat("ZeroPadding", Axes, 'D');
}

template <std::size_t Axes>
Tensor ZeroPadding<Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes]);
  std::vector<std::pair<std::int64_t, std::int64_t>> widths{{0, 0}};
  for (const auto& [before, after] : padding_) widths.emplace_back(before, after);
  return pad(x, widths);
}

template <std::size_t Axes>
Cropping<Axes>::Cropping(std::int64_t all, std::source_location where)
    : Cropping(std::vector<Sides>(Axes, all), where) {}

template <std::size_t Axes>
Cropping<Axes>::Cropping(std::vector<Sides> cropping, std::source_location where) : cropping_(std::move(cropping)) {
  check_sides(type(), cropping_, where);
}

template <std::size_t Axes>
std::string Cropping<Axes>::type() const {
  return concat("Cropping", Axes, 'D');
}

template <std::size_t Axes>
Tensor Cropping<Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes]);
  Tensor y = x;
  for (std::size_t axis = 0; axis < Axes; ++axis) {
    const auto& [before, after] = cropping_[axis];
    const std::int64_t extent = x.shape()[axis + 1];
    if (before + after >= extent)
      throw ShapeError(concat(type(), ": nothing is left of shape ", x.shape(), " without ", before, " and ", after,
                              " elements of axis ", axis + 1),
                       std::source_location::current());
    y = slice(y, static_cast<int>(axis) + 1, {.start = before, .stop = extent - after});
  }
  return y;
}

template <std::size_t Axes>
UpSampling<Axes>::UpSampling(UpSamplingOptions options, std::source_location where) : options_(options) {
  options_.size.resolve(type().c_str(), "size", Axes, 1, where);
}

template <std::size_t Axes>
std::string UpSampling<Axes>::type() const {
  return concat("UpSampling", Axes, 'D');
}

template <std::size_t Axes>
Tensor UpSampling<Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes]);
  const auto factors = options_.size.resolve(type().c_str(), "size", Axes, 1, std::source_location::current());
  Tensor y = x;
  if (options_.interpolation == Interpolation::nearest) {
    for (std::size_t axis = 0; axis < Axes; ++axis)
      if (const std::int64_t factor = factors[3 - Axes + axis]; factor > 1)
        y = repeat(y, factor, static_cast<int>(axis) + 1);
    return y;
  }
  const Shape& shape = x.shape();
  const auto extent = [&](std::size_t axis) { return shape[axis + 1] * factors[3 - Axes + axis]; };
  if constexpr (Axes == 1) return resize(x, {extent(0)}, options_.interpolation);
  if constexpr (Axes == 2) return resize(x, {extent(0), extent(1)}, options_.interpolation);
  if constexpr (Axes == 3) return resize(x, {extent(0), extent(1), extent(2)}, options_.interpolation);
}

template class ZeroPadding<1>;
template class ZeroPadding<2>;
template class ZeroPadding<3>;
template class Cropping<1>;
template class Cropping<2>;
template class Cropping<3>;
template class UpSampling<1>;
template class UpSampling<2>;
template class UpSampling<3>;

template class ClonedLayer<Reshape>;
template class ClonedLayer<Permute>;
template class ClonedLayer<RepeatVector>;

}  // namespace xg::nn
