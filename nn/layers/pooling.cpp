#include "nn/layers/pooling.hpp"

#include <span>
#include <vector>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/layers/sample_axes.hpp"

namespace xg::nn {
namespace {

using detail::sample_axes;

constexpr const char* name_of(Pooling kind) { return kind == Pooling::max ? "Max" : "Average"; }

template <Pooling Kind, std::size_t Axes>
Tensor pooled(const Tensor& x, const PoolOptions& options) {
  constexpr bool largest = Kind == Pooling::max;
  if constexpr (Axes == 1) return largest ? max_pool1d(x, options) : average_pool1d(x, options);
  if constexpr (Axes == 2) return largest ? max_pool2d(x, options) : average_pool2d(x, options);
  if constexpr (Axes == 3) return largest ? max_pool3d(x, options) : average_pool3d(x, options);
}

}  // namespace

template <Pooling Kind, std::size_t Axes>
PoolingLayer<Kind, Axes>::PoolingLayer(PoolingOptions options, std::source_location where) : options_(options) {
  options_.pool_size.resolve(type().c_str(), "pool_size", Axes, 1, where);
  options_.strides.resolve(type().c_str(), "strides", Axes, 0, where);
  if (options_.padding.causal()) this->refuse(where, "\"causal\" padding is for Conv1D alone");
}

template <Pooling Kind, std::size_t Axes>
std::string PoolingLayer<Kind, Axes>::type() const {
  return concat(name_of(Kind), "Pooling", Axes, 'D');
}

template <Pooling Kind, std::size_t Axes>
Tensor PoolingLayer<Kind, Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes]);
  return pooled<Kind, Axes>(x, {.window = options_.pool_size, .stride = options_.strides, .padding = options_.padding});
}

template <Pooling Kind, std::size_t Axes>
std::string GlobalPooling<Kind, Axes>::type() const {
  return concat("Global", name_of(Kind), "Pooling", Axes, 'D');
}

template <Pooling Kind, std::size_t Axes>
std::optional<Shape> GlobalPooling<Kind, Axes>::output_shape(const Shape& sample) const {
  if (sample.rank() != Axes + 1) return this->shape_by_trial(sample);  // tells what is wrong
  Shape result;
  for (std::size_t axis = 0; keepdims_ && axis < Axes; ++axis) result.push_back(1);
  result.push_back(sample.back());
  return result;
}

template <Pooling Kind, std::size_t Axes>
Tensor GlobalPooling<Kind, Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes]);
  std::vector<int> axes;
  for (std::size_t axis = 0; axis < Axes; ++axis) axes.push_back(static_cast<int>(axis) + 1);
  const Reduce options{.axis = xg::Axes(std::span<const int>(axes)), .keepdims = keepdims_};
  return Kind == Pooling::max ? max(x, options) : mean(x, options);
}

template <Pooling Kind, std::size_t Axes>
Tensors GlobalPooling<Kind, Axes>::forward_many(const Tensors& inputs) {
  const Tensors given = without_mask(inputs);
  if (Kind == Pooling::max || Axes != 1 || given.size() == inputs.size() || given.size() != 1) return {};
  const Tensor& x = given[0];
  this->check_input(x, Axes + 1, sample_axes[Axes]);
  const Tensor counts = astype(expand_dims(mask_for(type(), inputs, x), -1), x.dtype());
  const Reduce steps{.axis = 1, .keepdims = keepdims_};
  return sum(where(equal(counts, 0), 0, x), steps) / sum(counts, steps);
}

template <Pooling Kind, std::size_t Axes>
AdaptivePooling<Kind, Axes>::AdaptivePooling(PerAxis output_size, std::source_location where)
    : output_size_(output_size) {
  output_size_.resolve(type().c_str(), "output_size", Axes, 1, where);
}

template <Pooling Kind, std::size_t Axes>
std::string AdaptivePooling<Kind, Axes>::type() const {
  return concat("Adaptive", name_of(Kind), "Pooling", Axes, 'D');
}

template <Pooling Kind, std::size_t Axes>
Tensor AdaptivePooling<Kind, Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes]);
  return Kind == Pooling::max ? adaptive_max_pool(x, output_size_) : adaptive_average_pool(x, output_size_);
}

template class PoolingLayer<Pooling::max, 1>;
template class PoolingLayer<Pooling::max, 2>;
template class PoolingLayer<Pooling::max, 3>;
template class PoolingLayer<Pooling::average, 1>;
template class PoolingLayer<Pooling::average, 2>;
template class PoolingLayer<Pooling::average, 3>;
template class GlobalPooling<Pooling::max, 1>;
template class GlobalPooling<Pooling::max, 2>;
template class GlobalPooling<Pooling::max, 3>;
template class GlobalPooling<Pooling::average, 1>;
template class GlobalPooling<Pooling::average, 2>;
template class GlobalPooling<Pooling::average, 3>;
template class AdaptivePooling<Pooling::max, 1>;
template class AdaptivePooling<Pooling::max, 2>;
template class AdaptivePooling<Pooling::average, 1>;
template class AdaptivePooling<Pooling::average, 2>;

}  // namespace xg::nn
