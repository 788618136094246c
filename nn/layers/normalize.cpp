#include "nn/layers/normalize.hpp"

#include <array>
#include <span>
#include <utility>
#include <vector>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"

namespace xg::nn {

Normalization::Normalization(NormalizationOptions options, std::source_location where) : options_(std::move(options)) {
  if (options_.mean.defined() != options_.variance.defined())
    refuse(where, "mean and variance are given both, or none of them");
  if (!is_floating(options_.dtype)) refuse(where, "the dtype must be float32 or float64, got ", options_.dtype);
}

void Normalization::build(const Shape& sample) {
  shape_ = sample;
  shape_.insert(0, 1);
  const auto where = std::source_location::current();
  if (options_.axis.all()) {
    for (std::size_t axis = 1; axis < shape_.rank(); ++axis) shape_[axis] = 1;
  } else {
    const auto own = axis_mask("Normalization", options_.axis, shape_, where);
    if (own[0]) refuse(where, "axis 0 is the batch, which has no statistics of its own");
    for (std::size_t axis = 1; axis < shape_.rank(); ++axis)
      if (!own[axis]) shape_[axis] = 1;
  }
  const bool given = options_.mean.defined();
  const auto start = [&](const Tensor& value, double otherwise) {
    return given ? broadcast_to(astype(value, options_.dtype), shape_) : full(shape_, otherwise, options_.dtype);
  };
  mean_ = buffer("mean", start(options_.mean, 0));
  variance_ = buffer("variance", start(options_.variance, 1));
  count_ = buffer("count", Tensor(given ? 1 : 0));
}

void Normalization::adapt(const Tensor& data, std::source_location where) {
  const CallerScope scope(where);
  if (options_.mean.defined()) refuse(where, "its mean and variance were given: there is nothing to adapt");
  if (data.rank() < 2 || data.shape()[0] == 0)
    refuse(where, "adapt() wants samples (batch, ...), got data of shape ", data.shape());
  Shape sample = data.shape();
  sample.erase(0);
  build_for(sample, where);
  std::vector<int> common;
  if (data.rank() != shape_.rank())
    throw ShapeError(concat("Normalization: data of ", data.rank(), " axes cannot be adapted to, samples of ",
                            shape_.rank() - 1, " were seen before"),
                     where);
  for (std::size_t axis = 0; axis < shape_.rank(); ++axis) {
    if (shape_[axis] == 1) common.push_back(static_cast<int>(axis));
    if (shape_[axis] != 1 && shape_[axis] != data.shape()[axis])
      throw ShapeError(
          concat("Normalization: data of shape ", data.shape(), " does not fit statistics of shape ", shape_), where);
  }
  const NoGrad values_only;
  const Tensor values = astype(data, options_.dtype);
  const Axes axes{std::span<const int>(common)};
  const Tensor mean_of = mean(values, {.axis = axes, .keepdims = true});
  const Tensor variance_of = var(values, {.axis = axes, .keepdims = true});
  mean_.assign(mean_of);
  variance_.assign(variance_of);
  count_.assign(data.shape()[0]);
}

Tensor Normalization::forward(const Tensor& x) {
  check_dtype(x, options_.dtype);
  if (count_.item<std::int64_t>() == 0)
    refuse(std::source_location::current(),
           "it has no statistics: adapt(data) takes them, or mean and variance are given as options");
  const Tensor scale = maximum(sqrt(variance_), 1e-7);
  return options_.invert ? x * scale + mean_ : (x - mean_) / scale;
}

template class ClonedLayer<Normalization>;

}  // namespace xg::nn
