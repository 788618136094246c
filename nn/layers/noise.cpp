#include "nn/layers/noise.hpp"

#include <cmath>
#include <utility>

#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "nn/check_number.hpp"
#include "nn/layers/sample_axes.hpp"

namespace xg::nn {
namespace {

using detail::sample_axes;

double checked_rate(const std::string& layer, double rate, std::source_location where) {
  if (!(rate >= 0 && rate < 1)) throw ValueError(concat(layer, ": the rate must lie in [0, 1), got ", rate), where);
  return rate;
}

}  // namespace

template <std::size_t Axes>
SpatialDropout<Axes>::SpatialDropout(double rate, std::source_location where)
    : rate_(rate), generator_(new_generator()) {
  if (!(rate >= 0 && rate <= 1)) this->refuse(where, "the rate must lie in [0, 1], got ", rate);
}

template <std::size_t Axes>
std::string SpatialDropout<Axes>::type() const {
  return concat("SpatialDropout", Axes, 'D');
}

template <std::size_t Axes>
SpatialDropout<Axes> SpatialDropout<Axes>::clone() const {
  SpatialDropout made(rate_);
  made.generator_ = generator_;
  return this->copied(std::move(made));
}

template <std::size_t Axes>
Tensor SpatialDropout<Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, sample_axes[Axes]);
  if (!this->training()) return x;
  Shape mask = x.shape();
  for (std::size_t axis = 1; axis <= Axes; ++axis) mask[axis] = 1;
  return x * Tensor(this->drawn(generator_).dropout_mask(mask, rate_, x.dtype()));
}

GaussianNoise::GaussianNoise(double stddev, std::source_location where) : stddev_(stddev), generator_(new_generator()) {
  check_not_negative("GaussianNoise: the standard deviation", stddev, where);
}

GaussianNoise GaussianNoise::clone() const {
  GaussianNoise made(stddev_);
  made.generator_ = generator_;
  return copied(std::move(made));
}

Tensor GaussianNoise::forward(const Tensor& x) {
  return training() ? x + Tensor(drawn(generator_).normal(x.shape(), 0, stddev_, x.dtype())) : x;
}

GaussianDropout::GaussianDropout(double rate, std::source_location where)
    : rate_(checked_rate("GaussianDropout", rate, where)), generator_(new_generator()) {}

GaussianDropout GaussianDropout::clone() const {
  GaussianDropout made(rate_);
  made.generator_ = generator_;
  return copied(std::move(made));
}

Tensor GaussianDropout::forward(const Tensor& x) {
  if (!training()) return x;
  return x * Tensor(drawn(generator_).normal(x.shape(), 1, std::sqrt(rate_ / (1 - rate_)), x.dtype()));
}

AlphaDropout::AlphaDropout(double rate, std::source_location where)
    : rate_(checked_rate("AlphaDropout", rate, where)), generator_(new_generator()) {}

AlphaDropout AlphaDropout::clone() const {
  AlphaDropout made(rate_);
  made.generator_ = generator_;
  return copied(std::move(made));
}

Tensor AlphaDropout::forward(const Tensor& x) {
  if (!training() || rate_ == 0) return x;
  // selu's limit for x -> -infinity.
  constexpr double low = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717;
  const double keep = 1 - rate_;
  const double a = 1 / std::sqrt(keep * (1 + rate_ * low * low)), b = -a * low * rate_;
  const Tensor kept = Tensor(drawn(generator_).bernoulli(x.shape(), keep, x.dtype()));
  return (x * kept + low * (1.0 - kept)) * a + b;
}

template class SpatialDropout<1>;
template class SpatialDropout<2>;
template class SpatialDropout<3>;

template class ClonedLayer<GaussianNoise>;
template class ClonedLayer<GaussianDropout>;
template class ClonedLayer<AlphaDropout>;

}  // namespace xg::nn
