#include "autograd/ops/normalization.hpp"

#include <cmath>
#include <limits>

#include "autograd/creation.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/normalize.hpp"

namespace xg {
namespace {

const Reduce along_last{.axis = -1, .keepdims = true};

/// dx of y = (x - mean) / deviation: (dy - mean(dy) - y mean(dy y)) / deviation.
Tensor standardized_gradient(const Tensor& dy, const Tensor& x, const Tensor& y, double epsilon) {
  if (!grad_enabled()) return kernels::standardize_gradient(dy.array(), x.array(), y.array(), epsilon);
  const Tensor scale = rsqrt(var(x, {.axis = -1, .keepdims = true}) + epsilon);
  return (dy - mean(dy, along_last) - y * mean(dy * y, along_last)) * scale;
}

Tensor standardized(const Operand& x, double epsilon) {
  return record("layer_norm", kernels::standardize(x.array(), epsilon),
                edge(x, [x = Saved(x), epsilon](const Tensor& dy, const Tensor& y) {
                  return standardized_gradient(dy, x, y, epsilon);
                }));
}

void check_rows(const char* op, const Operand& x) {
  check_floating(op, x);
  if (x.shape().rank() == 0 || x.shape().back() == 0)
    throw ShapeError(concat(op, ": nothing to normalise along the last axis of shape ", x.shape()), x.where());
}

/// A parameter must have one number for each of the last axis.
void check_parameter(const char* op, const char* name, const Operand& parameter, const Operand& x) {
  if (parameter.shape() != Shape{x.shape().back()} || parameter.dtype() != x.dtype())
    throw ShapeError(concat(op, ": ", name, " is ", parameter.dtype(), ' ', parameter.shape(), " where ", x.dtype(),
                            " (", x.shape().back(), ",) is expected for x of shape ", x.shape()),
                     x.where());
}

}  // namespace

Tensor layer_norm(const Operand& x, const Operand& gamma, const Operand& beta, double epsilon) {
  check_rows("layer_norm", x);
  check_parameter("layer_norm", "gamma", gamma, x);
  check_parameter("layer_norm", "beta", beta, x);
  const CallerScope scope(x.where());
  return standardized(x, epsilon) * gamma + beta;
}

Tensor rms_norm(const Operand& x, const Operand& gamma, double epsilon) {
  check_rows("rms_norm", x);
  check_parameter("rms_norm", "gamma", gamma, x);
  const CallerScope scope(x.where());
  return x * rsqrt(mean(square(x), along_last) + epsilon) * gamma;
}

Tensor batch_norm(const Operand& x, const Operand& mean, const Operand& variance, const Operand& gamma,
                  const Operand& beta, double epsilon) {
  check_rows("batch_norm", x);
  check_parameter("batch_norm", "the mean", mean, x);
  check_parameter("batch_norm", "the variance", variance, x);
  check_parameter("batch_norm", "gamma", gamma, x);
  check_parameter("batch_norm", "beta", beta, x);
  const CallerScope scope(x.where());
  // The small tensors first: two passes over x.
  const Tensor scale = rsqrt(variance + epsilon) * gamma;
  return (x - mean) * scale + beta;
}

Tensor scaled_dot_product_attention(const Operand& q, const Operand& k, const Operand& v,
                                    const AttentionOptions& options) {
  constexpr const char* op = "scaled_dot_product_attention";
  check_floating(op, q);
  const Shape &queries = q.shape(), &keys = k.shape(), &values = v.shape();
  const bool matrices = queries.rank() >= 2 && keys.rank() >= 2 && values.rank() >= 2;
  if (!matrices || queries.back() != keys.back() || keys[keys.rank() - 2] != values[values.rank() - 2])
    throw ShapeError(concat(op, ": shapes ", queries, ", ", keys, " and ", values,
                            " do not match (..., queries, d), (..., keys, d) and (..., keys, m)"),
                     q.where());
  const CallerScope scope(q.where());
  Tensor scores = matmul(q * (1 / std::sqrt(static_cast<double>(queries.back()))), transpose(k, -2, -1));
  const double never = -std::numeric_limits<double>::infinity();
  if (options.mask.defined()) scores = where(options.mask, scores, never);
  if (options.causal)
    scores = where(tril(ones({queries[queries.rank() - 2], keys[keys.rank() - 2]}, uint8)) == 1, scores, never);
  return matmul(softmax(scores), v);
}

Tensor embedding(const Operand& weights, const Operand& indices) {
  if (weights.shape().rank() != 2)
    throw ShapeError(concat("embedding: weights (entries, n) expected, got shape ", weights.shape()), weights.where());
  return take(weights, indices, 0);
}

}  // namespace xg
