#pragma once

#include "autograd/operand.hpp"

namespace xg {

/// Which axes a reduction folds (all, unless some are named; negative ones count from the end), and whether they stay
/// with extent 1: `sum(x, {.axis = 1, .keepdims = true})`, `mean(x, {.axis = {0, 2}})`.
struct Reduce {
  Axes axis = {};         ///< the axes to fold; all by default
  bool keepdims = false;  ///< whether they stay, with extent 1
};

/// The options of var and stddev.
struct VarianceOptions {
  Axes axis = {};         ///< the axes to fold; all by default
  bool keepdims = false;  ///< whether they stay, with extent 1
  double correction = 0;  ///< divide by n - correction: 0 as NumPy and Keras, 1 for the unbiased estimate
};

/// The sum; integers give int64, nothing gives 0. Float sums are added in a fixed order, in blocks.
XG_API Tensor sum(const Operand& x, const Reduce& options = {});
/// The sum of squares, in one pass: a scalar. Gradient: 2 dy x.
XG_API Tensor sum_squares(const Operand& x);
/// The mean; integers give float32.
XG_API Tensor mean(const Operand& x, const Reduce& options = {});
/// The largest element; NaN if there is one. Equal ones share the gradient evenly. Nothing to choose from is a
/// ShapeError.
XG_API Tensor max(const Operand& x, const Reduce& options = {});
/// The smallest element; as max.
XG_API Tensor min(const Operand& x, const Reduce& options = {});
/// The index (int64) of the first largest element along one axis, or in the flattened tensor. No gradient.
XG_API Tensor argmax(const Operand& x, const Reduce& options = {});
/// The index (int64) of the first smallest element; as argmax.
XG_API Tensor argmin(const Operand& x, const Reduce& options = {});
/// The variance sum((x - mean)^2) / (n - correction), in two passes.
XG_API Tensor var(const Operand& x, const VarianceOptions& options = {});
/// The standard deviation, the square root of var: the Euclidean norm of x - mean, so that no square overflows. Where
/// it is 0 its gradient is 0.
XG_API Tensor stddev(const Operand& x, const VarianceOptions& options = {});
/// The options of norm().
struct NormOptions {
  Axes axis = {};         ///< the axes to fold; all by default
  bool keepdims = false;  ///< whether they stay, with extent 1
  double order = 2;       ///< which norm
};
/// (sum |x|^order)^(1/order): by default the Euclidean length. Order inf is max |x|, -inf min |x|, 0 how many elements
/// are not 0. Large and small powers do not leave the range. Gradient of a finite order: dy sign(x)
/// (|x| / y)^(order - 1), and 0 where x is 0.
XG_API Tensor norm(const Operand& x, const NormOptions& options = {});
/// The product; integers give int64, nothing gives 1. Gradient: dy times the product of the others, where some are 0
/// too.
XG_API Tensor prod(const Operand& x, const Reduce& options = {});
/// Whether any element is not 0: boolean, false for nothing. No gradient.
XG_API Tensor any(const Operand& x, const Reduce& options = {});
/// Whether no element is 0: boolean, true for nothing. No gradient.
XG_API Tensor all(const Operand& x, const Reduce& options = {});
/// How many elements are not 0 (int64). No gradient.
XG_API Tensor count_nonzero(const Operand& x, const Reduce& options = {});
/// The q-quantile for q in [0, 1], interpolated linearly between the two nearest elements; NaN if there is one. Nothing
/// to choose from is a ShapeError.
XG_API Tensor quantile(const Operand& x, double q, const Reduce& options = {});
/// The 0.5-quantile.
XG_API Tensor median(const Operand& x, const Reduce& options = {});
/// ln sum(e^x), the maximum subtracted first. Gradient: dy softmax(x).
XG_API Tensor logsumexp(const Operand& x, const Reduce& options = {});

}  // namespace xg
