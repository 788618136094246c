#include "nn/data/batches.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "lib/extent.hpp"
#include "lib/kernels/index.hpp"

namespace xg::data {
namespace {

/// Calls f with each tensor.
template <class F>
void each(const Tensor& samples, F f) {
  f(samples);
}
template <class F>
void each(const nn::Tensors& samples, F f) {
  for (const auto& [name, value] : samples) f(value);
}

/// The tensors that f makes of each, with the same names.
template <class F>
Tensor made(const Tensor& samples, F f) {
  return f(samples);
}
template <class F>
nn::Tensors made(const nn::Tensors& samples, F f) {
  nn::Tensors result;
  for (const auto& [name, value] : samples) result.push_back({name, f(value)});
  return result;
}

std::string text(const Tensor& samples) { return to_string(samples.shape()); }
std::string text(const nn::Tensors& samples) { return shapes_of(samples); }

/// How many samples there are; -1 if that is not clear.
template <class Samples>
std::int64_t count_samples(const Samples& x, const Samples& y, std::source_location where) {
  for (const auto& [name, samples] : {std::pair("x", &x), std::pair("y", &y)})
    each(*samples, [&, role = name](const Tensor& one) {
      if (!one.defined()) throw ValueError(concat("batches: ", role, " is an undefined tensor"), where);
    });
  std::int64_t count = -1;
  bool agree = true;
  const auto look = [&](const Tensor& samples) {
    if (samples.rank() == 0 || (count >= 0 && samples.shape()[0] != count)) return void(agree = false);
    count = samples.shape()[0];
  };
  each(x, look);
  each(y, look);
  return agree ? count : -1;
}

}  // namespace

template <class Samples>
BatchesOf<Samples>::BatchesOf(const Samples& x, const Samples& y, const BatchOptions& options,
                              std::source_location where)
    : samples_(count_samples(x, y, where)), options_(options) {
  if (samples_ < 0)
    throw ShapeError(
        concat("batches: x has shape ", text(x), ", y ", text(y), ": their first axes, the samples, must agree"),
        where);
  if (options.size < 1) throw ValueError(concat("batches: the size must be at least 1, got ", options.size), where);
  if (options.shuffle) generator_ = new_generator();
  const auto whole = [](const Tensor& samples) { return Tensor(samples.array().contiguous()); };
  x_ = made(x, whole);
  y_ = made(y, whole);
}

template <class Samples>
std::int64_t BatchesOf<Samples>::count() const {
  return options_.drop_last ? samples_ / options_.size : divide_up(samples_, options_.size);
}

template <class Samples>
void BatchesOf<Samples>::shuffle() {
  if (!generator_) generator_ = new_generator();
  if (!order_.defined()) {
    order_ = Array::empty({samples_}, int64);
    std::iota(order_.data<std::int64_t>(), order_.data<std::int64_t>() + samples_, std::int64_t{0});
  }
  generator_->shuffle(order_);
}

template <class Samples>
BatchOf<Samples> BatchesOf<Samples>::operator[](BatchIndex index) const {
  if (index.number < 0 || index.number >= count())
    throw ValueError(concat("batches: there is no batch ", index.number, ": there are ", count(), ", counted from 0"),
                     index.where);
  const std::int64_t start = index.number * options_.size, size = std::min(options_.size, samples_ - start);
  const auto part = [&](const Tensor& samples) {
    if (!order_.defined()) return Tensor(samples.array().slice(0, start, size, 1));
    return Tensor(kernels::take(samples.array(), order_.slice(0, start, size, 1), 0));
  };
  return {made(x_, part), made(y_, part)};
}

template <class Samples>
typename BatchesOf<Samples>::Iterator BatchesOf<Samples>::begin() {
  if (options_.shuffle) shuffle();
  return {this, 0};
}

template class BatchesOf<Tensor>;
template class BatchesOf<nn::Tensors>;

Batches batches(const Tensor& x, const Tensor& y, const BatchOptions& options, std::source_location where) {
  return Batches(x, y, options, where);
}

Batches batches(const LabelledImages& set, const BatchOptions& options, std::source_location where) {
  return Batches(set.images, set.labels, options, where);
}

}  // namespace xg::data
