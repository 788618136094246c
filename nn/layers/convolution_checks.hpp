#pragma once

#include <cstddef>
#include <limits>
#include <source_location>
#include <string>

#include "autograd/ops/conv.hpp"
#include "lib/error.hpp"
#include "nn/layers/sample_axes.hpp"

namespace xg::nn::detail {

// What the convolutional layers have in common: how they check, and which operation they call.

template <std::size_t Axes>
Tensor convolved(const Tensor& x, const Tensor& w, const ConvOptions& options) {
  if constexpr (Axes == 1) return conv1d(x, w, options);
  if constexpr (Axes == 2) return conv2d(x, w, options);
  if constexpr (Axes == 3) return conv3d(x, w, options);
}

/// (extents, second to last, last).
template <std::size_t Axes>
Shape kernel_shape(const std::string& layer, const PerAxis& kernel_size, std::int64_t second_to_last,
                   std::int64_t last) {
  const auto extents = kernel_size.resolve(layer.c_str(), "kernel_size", Axes, 1, std::source_location::current());
  Shape shape;
  for (std::size_t axis = 3 - Axes; axis < 3; ++axis) shape.push_back(extents[axis]);
  shape.push_back(second_to_last);
  shape.push_back(last);
  return shape;
}

inline void check_at_least_one(const std::string& layer, const char* what, std::int64_t number,
                               std::source_location where) {
  if (number < 1) throw ValueError(concat(layer, ": ", what, " must be at least 1, got ", number), where);
}

/// What the options of all of them have in common.
template <std::size_t Axes, class Options>
void check_options(const std::string& layer, const Options& options, std::source_location where) {
  if constexpr (requires { options.filters; }) check_at_least_one(layer, "filters", options.filters, where);
  if constexpr (requires { options.depth_multiplier; })
    check_at_least_one(layer, "depth_multiplier", options.depth_multiplier, where);
  options.kernel_size.resolve(layer.c_str(), "kernel_size", Axes, 1, where);
  options.strides.resolve(layer.c_str(), "strides", Axes, 1, where);
  options.dilation_rate.resolve(layer.c_str(), "dilation_rate", Axes, 1, where);
  constexpr bool may_be_causal = Axes == 1 && requires { options.groups; };
  if (options.padding.causal() && !may_be_causal)
    throw ValueError(concat(layer, ": \"causal\" padding is for Conv1D alone"), where);
  if (!is_floating(options.dtype))
    throw ValueError(concat(layer, ": the dtype must be float32 or float64, got ", options.dtype), where);
}

template <std::size_t Axes>
void check_sample(const std::string& layer, const Shape& sample) {
  if (sample.rank() != Axes + 1)
    throw ShapeError(concat(layer, ": a sample has shape ", sample, ", (", sample_axes[Axes], ") is expected"),
                     std::source_location::current());
}

inline void check_channels(const std::string& layer, const Tensor& x, std::int64_t channels) {
  if (x.shape().back() != channels)
    throw ShapeError(concat(layer, ": the input of shape ", x.shape(), " has ", x.shape().back(),
                            " channels, the kernel was made for ", channels),
                     std::source_location::current());
}

/// An error if a window is larger than the padded input.
template <std::size_t Axes, class Options>
void check_reach(const std::string& layer, const Tensor& x, const Options& options) {
  if (options.padding.same() || options.padding.causal()) return;
  const auto resolve = [&](const PerAxis& numbers, const char* what) {
    return numbers.resolve(layer.c_str(), what, Axes, 0, std::source_location::current());
  };
  const auto extents = resolve(options.kernel_size, "kernel_size"), gaps = resolve(options.dilation_rate, "dilation"),
             sides = resolve(options.padding.sides(), "padding");
  for (std::size_t axis = 0; axis < Axes; ++axis) {
    const std::size_t i = 3 - Axes + axis;
    const std::int64_t room = x.shape()[axis + 1] + 2 * sides[i];
    std::int64_t reach = 0;
    if (__builtin_mul_overflow(gaps[i], extents[i] - 1, &reach) || __builtin_add_overflow(reach, 1, &reach))
      reach = std::numeric_limits<std::int64_t>::max();
    if (reach > room)
      throw ShapeError(
          concat(layer, ": a window of ", reach, " does not fit the ", room, " elements along axis ", axis + 1,
                 " of the input of shape ", x.shape(), ": take a smaller kernel_size, or \"same\" padding"),
          std::source_location::current());
  }
}

}  // namespace xg::nn::detail
