#pragma once

#include "autograd/operand.hpp"
#include "autograd/ops/spatial.hpp"

namespace xg {

// Pooling: one number of every window and channel of x (batch, spatial axes, channels), which is floating. Padding is
// not part of a window: it is no candidate for a maximum and does not count in an average. There may be no images, but
// a spatial axis of extent 0 is a ShapeError.

/// The options of pooling.
struct PoolOptions {
  PerAxis window = 2;         ///< how many elements of each axis are pooled
  PerAxis stride = 0;         ///< 0: as wide as the window
  Padding padding = "valid";  ///< how far windows reach over the ends
};

/// The largest element of windows of x (batch, length, channels); NaN if there is one. The gradient goes to the first
/// of equal ones.
XG_API Tensor max_pool1d(const Operand& x, const PoolOptions& options = {});
/// The same for (batch, height, width, channels).
XG_API Tensor max_pool2d(const Operand& x, const PoolOptions& options = {});
/// The same for (batch, depth, height, width, channels).
XG_API Tensor max_pool3d(const Operand& x, const PoolOptions& options = {});
/// The mean of windows of x (batch, length, channels).
XG_API Tensor average_pool1d(const Operand& x, const PoolOptions& options = {});
/// The same for (batch, height, width, channels).
XG_API Tensor average_pool2d(const Operand& x, const PoolOptions& options = {});
/// The same for (batch, depth, height, width, channels).
XG_API Tensor average_pool3d(const Operand& x, const PoolOptions& options = {});

/// The largest elements of `size` windows along each of x's one to three spatial axes: window i of an axis of extent n
/// is [floor(i n / size), ceil((i + 1) n / size)), as in PyTorch.
XG_API Tensor adaptive_max_pool(const Operand& x, const PerAxis& size);
/// The means of such windows.
XG_API Tensor adaptive_average_pool(const Operand& x, const PerAxis& size);

/// How resize() fills in what lies between elements.
enum class Interpolation { nearest, linear };
/// x's one to three spatial axes stretched or shrunk to `size`, pixel centres at half numbers, without smoothing: as
/// TensorFlow 2 and PyTorch (align_corners = false) do. Linear interpolation runs along every axis.
XG_API Tensor resize(const Operand& x, const PerAxis& size, Interpolation interpolation = Interpolation::linear);

}  // namespace xg
