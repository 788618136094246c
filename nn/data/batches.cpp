#include "nn/data/batches.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "lib/extent.hpp"
#include "lib/kernels/index.hpp"

namespace xg::data {

Batches::Batches(const Tensor& x, const Tensor& y, const BatchOptions& options, std::source_location where)
    : options_(options), generator_(new_generator()) {
  for (const auto& [name, samples] : {std::pair("x", &x), std::pair("y", &y)})
    if (!samples->defined()) throw ValueError(concat("batches: ", name, " is an undefined tensor"), where);
  if (x.rank() == 0 || y.rank() == 0 || x.shape()[0] != y.shape()[0])
    throw ShapeError(
        concat("batches: x has shape ", x.shape(), ", y ", y.shape(), ": their first axes, the samples, must agree"),
        where);
  if (options.size < 1) throw ValueError(concat("batches: the size must be at least 1, got ", options.size), where);
  x_ = x.array().contiguous();
  y_ = y.array().contiguous();
  samples_ = x.shape()[0];
}

std::int64_t Batches::count() const {
  return options_.drop_last ? samples_ / options_.size : divide_up(samples_, options_.size);
}

void Batches::shuffle() {
  if (!order_.defined()) {
    order_ = Array::empty({samples_}, int64);
    std::iota(order_.data<std::int64_t>(), order_.data<std::int64_t>() + samples_, std::int64_t{0});
  }
  generator_.shuffle(order_);
}

Batch Batches::operator[](BatchIndex index) const {
  if (index.number < 0 || index.number >= count())
    throw ValueError(concat("batches: there is no batch ", index.number, ": there are ", count(), ", counted from 0"),
                     index.where);
  const std::int64_t start = index.number * options_.size, size = std::min(options_.size, samples_ - start);
  if (!order_.defined()) return {x_.slice(0, start, size, 1), y_.slice(0, start, size, 1)};
  const Array rows = order_.slice(0, start, size, 1);
  return {kernels::take(x_, rows, 0), kernels::take(y_, rows, 0)};
}

Batches::Iterator Batches::begin() {
  if (options_.shuffle) shuffle();
  return {this, 0};
}

Batches batches(const Tensor& x, const Tensor& y, const BatchOptions& options, std::source_location where) {
  return Batches(x, y, options, where);
}

Batches batches(const LabelledImages& set, const BatchOptions& options, std::source_location where) {
  return Batches(set.images, set.labels, options, where);
}

}  // namespace xg::data
