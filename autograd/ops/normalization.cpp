#include "autograd/ops/normalization.hpp"

#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/batch_norm.hpp"
#include "lib/kernels/normalize.hpp"

namespace xg {
namespace {

const Reduce along_last{.axis = -1, .keepdims = true};

/// The gradients of x, gamma and beta of y = (x - mean(x)) / deviation(x) gamma + beta over the last axis: recorded.
std::array<Tensor, 3> recorded_layer_norm_gradient(const Tensor& dy, const Tensor& x, const Tensor& gamma,
                                                   double epsilon) {
  const std::int64_t n = x.shape().back();
  const Tensor centred = x - mean(x, along_last), inverse = rsqrt(mean(square(centred), along_last) + epsilon);
  const Tensor unit = centred * inverse, g = dy * gamma;
  const Tensor dx = (g - mean(g, along_last) - unit * mean(g * unit, along_last)) * inverse;
  const auto over_rows = [n](const Tensor& t) { return sum(reshape(t, {t.size() / n, n}), {.axis = 0}); };
  return {dx, over_rows(dy * unit), over_rows(dy)};
}

/// The gradients of x, gamma and beta of y = (x - mean(x)) / deviation(x) gamma + beta over the rows: recorded.
std::array<Tensor, 3> recorded_batch_norm_gradient(const Tensor& gradient, const Tensor& x, const Tensor& gamma,
                                                   double epsilon) {
  const std::int64_t n = x.shape().back();
  const auto down = [](const Tensor& t) { return mean(t, {.axis = 0}); };
  const Tensor dy = reshape(gradient, {-1, n}), rows = reshape(x, {-1, n});
  const Tensor centred = rows - down(rows), inverse = rsqrt(down(square(centred)) + epsilon);
  const Tensor unit = centred * inverse, middle = down(dy), along = down(dy * unit);
  const auto count = static_cast<double>(rows.shape()[0]);
  return {reshape((dy - middle - unit * along) * (inverse * gamma), x.shape()), along * count, middle * count};
}

/// How the gradients of x, gamma and beta are computed.
struct NormRule {
  const char* op;
  std::array<Tensor, 3> (*recorded)(const Tensor& dy, const Tensor& x, const Tensor& gamma, double epsilon);
  kernels::NormGradient (*computed)(const Array& dy, const Array& x, const kernels::Moments& moments,
                                    const Array& gamma, double epsilon, bool wants_x);
};

constexpr NormRule batch_rule{"batch_norm_training", recorded_batch_norm_gradient, kernels::batch_norm_gradient};
constexpr NormRule layer_rule{
    "layer_norm", recorded_layer_norm_gradient,
    [](const Array& dy, const Array& x, const kernels::Moments&, const Array& gamma, double epsilon, bool wants_x) {
      return kernels::layer_norm_gradient(dy, x, gamma, epsilon, wants_x);
    }};

/// A normalisation. The gradients of its inputs need the same sums: a node that computes them once.
class NormNode final : public Node {
 public:
  NormNode(const NormRule& rule, std::source_location where, const Array& value, const Operand& x, const Operand& gamma,
           const Operand& beta, kernels::Moments moments, double epsilon)
      : Node(rule.op, where, value),
        rule_(rule),
        saved_{{Saved(x), Saved(gamma), std::move(moments)}},
        epsilon_(epsilon),
        inputs_{node_of(x), node_of(gamma), node_of(beta)} {}

  std::size_t inputs() const override { return inputs_.size(); }
  const NodeRef& input(std::size_t index) const override { return inputs_[index]; }

  void differentiate(const Tensor& output_gradient, InputGradients& gradients) const override {
    const auto wanted = [&](std::size_t i) { return inputs_[i] && gradients.wants(i); };
    const std::array<Tensor, 3> all = computed(output_gradient, wanted(0));
    for (std::size_t i = 0; i < all.size(); ++i)
      if (wanted(i)) gradients.give(i, all[i]);
  }

  void copy_saved() const override { [[maybe_unused]] const auto copy = saved_; }

 protected:
  void release_edges() override {
    saved_.reset();
    inputs_ = {};
  }

 private:
  struct Inputs {
    Saved x, gamma;
    kernels::Moments moments;
  };

  static NodeRef node_of(const Operand& x) { return x.tensor().requires_grad() ? x.tensor().node() : NodeRef(); }

  std::array<Tensor, 3> computed(const Tensor& dy, bool wants_x) const {
    const Tensor &x = saved_->x, &gamma = saved_->gamma;
    if (grad_enabled()) return rule_.recorded(dy, x, gamma, epsilon_);
    const kernels::NormGradient all =
        rule_.computed(dy.array(), x.array(), saved_->moments, gamma.array(), epsilon_, wants_x);
    return {wants_x ? Tensor(all.x) : Tensor(), all.gamma, all.beta};
  }

  const NormRule& rule_;
  std::optional<Inputs> saved_;
  double epsilon_;
  std::array<NodeRef, 3> inputs_;
};

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

/// The result y, with its node if a gradient is wanted.
Tensor normalized(const NormRule& rule, const detail::Run& run, const Array& y, const Operand& x, const Operand& gamma,
                  const Operand& beta, const kernels::Moments& moments, double epsilon) {
  NodeRef node;
  if (grad_enabled() && (x.tensor().requires_grad() || gamma.tensor().requires_grad() || beta.tensor().requires_grad()))
    node = NodeRef(new NormNode(rule, x.where(), y, x, gamma, beta, moments, epsilon));
  run.show(rule.op, y, node.get(), {&x.array(), &gamma.array(), &beta.array()});
  return Tensor(y, std::move(node));
}

}  // namespace

Tensor layer_norm(const Operand& x, const Operand& gamma, const Operand& beta, double epsilon) {
  check_rows("layer_norm", x);
  check_parameter("layer_norm", "gamma", gamma, x);
  check_parameter("layer_norm", "beta", beta, x);
  const detail::Run run(x.where());
  return normalized(layer_rule, run, kernels::layer_norm(x.array(), gamma.array(), beta.array(), epsilon), x, gamma,
                    beta, {}, epsilon);
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

TrainedBatchNorm batch_norm_training(const Operand& x, const Operand& gamma, const Operand& beta, double epsilon) {
  constexpr const char* op = "batch_norm_training";
  check_rows(op, x);
  check_parameter(op, "gamma", gamma, x);
  check_parameter(op, "beta", beta, x);
  if (x.tensor().size() == 0)
    throw ShapeError(concat(op, ": x of shape ", x.shape(), " has no rows to take the statistics of"), x.where());
  const detail::Run run(x.where());
  const kernels::Moments moments = kernels::column_moments(x.array());
  const Array y = kernels::batch_norm(x.array(), moments, gamma.array(), beta.array(), epsilon);
  return {normalized(batch_rule, run, y, x, gamma, beta, moments, epsilon), moments.mean, moments.variance};
}

Tensor embedding(const Operand& weights, const Operand& indices) {
  if (weights.shape().rank() != 2)
    throw ShapeError(concat("embedding: weights (entries, n) expected, got shape ", weights.shape()), weights.where());
  return take(weights, indices, 0);
}

}  // namespace xg
