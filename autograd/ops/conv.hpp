#pragma once

#include "autograd/operand.hpp"
#include "autograd/ops/spatial.hpp"

namespace xg {

// Convolutions, channels last, as Keras has them: x (batch, spatial axes, channels), a kernel w (spatial axes,
// channels / groups, features). All floating and of one dtype. Not flipped: the sum over k of
// x[o stride + k dilation - padding] w[k].

/// The options of convolutions.
struct ConvOptions {
  Tensor bias = {};           ///< (features), added to every pixel; not for transposed convolutions
  PerAxis stride = 1;         ///< the distance between windows
  Padding padding = "valid";  ///< zeros around x
  PerAxis dilation = 1;       ///< the distance between the elements of the kernel
  std::int64_t groups = 1;    ///< channels and features fall into as many groups, which do not see each other
};

/// (batch, length, channels) with (k, channels / groups, features) -> (batch, length', features), where length' =
/// (length + padding - dilation (k - 1) - 1) / stride + 1. Gradients: the transposed convolution of dy with w, and
/// for w the sum over windows of x dy.
XG_API Tensor conv1d(const Operand& x, const Operand& w, const ConvOptions& options = {});
/// (batch, height, width, channels) with (kh, kw, channels / groups, features); as conv1d.
XG_API Tensor conv2d(const Operand& x, const Operand& w, const ConvOptions& options = {});
/// (batch, depth, height, width, channels) with (kd, kh, kw, channels / groups, features); as conv1d.
XG_API Tensor conv3d(const Operand& x, const Operand& w, const ConvOptions& options = {});

/// The transpose of conv1d, as Keras's Conv1DTranspose: (batch, length, channels) with (k, features / groups, channels)
/// -> (batch, length', features), where length' = (length - 1) stride + dilation (k - 1) + 1 - padding, or length
/// stride if padded "same".
XG_API Tensor conv1d_transpose(const Operand& x, const Operand& w, const ConvOptions& options = {});
/// As conv1d_transpose, for (batch, height, width, channels) with (kh, kw, features / groups, channels).
XG_API Tensor conv2d_transpose(const Operand& x, const Operand& w, const ConvOptions& options = {});
/// As conv1d_transpose, for (batch, depth, height, width, channels) with (kd, kh, kw, features / groups, channels).
XG_API Tensor conv3d_transpose(const Operand& x, const Operand& w, const ConvOptions& options = {});

/// The options of unfold() and fold().
struct UnfoldOptions {
  PerAxis window = 1;         ///< how many elements of each axis a window has
  PerAxis stride = 1;         ///< the distance between windows
  Padding padding = "valid";  ///< zeros around x
  PerAxis dilation = 1;       ///< the distance between a window's elements
};

/// The windows of x (batch, spatial axes, channels), each as one row: (batch, spatial axes of the windows, window
/// elements x channels), in the order of a convolution's kernel. Gradient: fold.
XG_API Tensor unfold(const Operand& x, const UnfoldOptions& options);
/// Its transpose: windows (as unfold gives them for that shape) added up where their elements came from. Gradient:
/// unfold.
XG_API Tensor fold(const Operand& windows, const Shape& shape, const UnfoldOptions& options);

}  // namespace xg
