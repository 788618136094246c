#include "nn/layers/locally_connected.hpp"

#include <utility>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/conv.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/layers/convolution_checks.hpp"

namespace xg::nn {
namespace {

/// The options of a convolution that it has too.
struct Windows {
  std::int64_t filters;
  PerAxis kernel_size, strides;
  Padding padding = "valid";
  PerAxis dilation_rate = 1;
  DType dtype;
};

Windows windows(const LocallyConnectedOptions& options) {
  return {.filters = options.filters,
          .kernel_size = options.kernel_size,
          .strides = options.strides,
          .dtype = options.dtype};
}

}  // namespace

template <std::size_t Axes>
LocallyConnected<Axes>::LocallyConnected(LocallyConnectedOptions options, std::source_location where)
    : Base(std::move(options)) {
  detail::check_options<Axes>(type(), windows(options_), where);
}

template <std::size_t Axes>
std::string LocallyConnected<Axes>::type() const {
  return concat("LocallyConnected", Axes, 'D');
}

/// (batch, spatial axes of the windows, elements of a window x channels).
template <std::size_t Axes>
Tensor LocallyConnected<Axes>::windows_of(const Tensor& x) const {
  detail::check_reach<Axes>(type(), x, windows(options_));
  return unfold(x, {.window = options_.kernel_size, .stride = options_.strides});
}

template <std::size_t Axes>
void LocallyConnected<Axes>::build(const Shape& sample) {
  detail::check_sample<Axes>(type(), sample);
  sample_ = sample;
  Shape batch = sample;
  batch.insert(0, 0);
  Shape bias = windows_of(zeros(batch, options_.dtype)).shape();
  bias.erase(0);
  const std::int64_t row = bias[Axes];
  bias[Axes] = 1;
  kernel_ = this->add_weight("kernel", {bias.elements(), row, options_.filters}, options_.kernel_initializer,
                             options_.kernel_regularizer, options_.kernel_constraint, options_.dtype);
  bias[Axes] = options_.filters;
  if (options_.use_bias)
    bias_ = this->add_weight("bias", bias, options_.bias_initializer, options_.bias_regularizer,
                             options_.bias_constraint, options_.dtype);
}

template <std::size_t Axes>
Tensor LocallyConnected<Axes>::forward(const Tensor& x) {
  this->check_input(x, Axes + 1, detail::sample_axes[Axes], options_.dtype);
  Shape sample = x.shape();
  const std::int64_t batch = sample[0];
  sample.erase(0);
  if (sample != sample_)
    throw ShapeError(concat(type(), ": a sample has shape ", sample, ", the kernel was made for ", sample_),
                     std::source_location::current());
  const Tensor rows = windows_of(x);
  Shape shape = rows.shape();
  const std::int64_t count = kernel_.shape()[0], row = kernel_.shape()[1];
  const Tensor by_window = permute(reshape(rows, {batch, count, row}), {1, 0, 2});
  shape[Axes + 1] = options_.filters;
  const Tensor sums = reshape(permute(matmul(by_window, kernel_), {1, 0, 2}), shape);
  return this->activated(options_.use_bias ? sums + bias_ : sums);
}

template class LocallyConnected<1>;
template class LocallyConnected<2>;

}  // namespace xg::nn
