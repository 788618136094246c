#include "autograd/ops/attention.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <utility>

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
#include "lib/kernels/attention.hpp"

namespace xg {
namespace {

constexpr const char* op_name = "scaled_dot_product_attention";

/// What was asked for, checked. The mask, if any, is a tensor of that many axes at most.
struct Terms {
  Tensor mask;
  bool causal;
  std::int64_t past;
  double scale;

  kernels::Scores kernel_terms(const Shape& scores) const {
    return {scale, mask.defined() ? mask.array().broadcast_to(scores) : Array(), causal, past};
  }
};

/// (..., queries, keys).
Shape scores_shape(const Shape& q, const Shape& k) {
  Shape shape = q;
  shape[-1] = k[-2];
  return shape;
}

/// The softmax of the scores, recorded: 0 in the rows where no key is seen.
Tensor weights_of(const Tensor& q, const Tensor& k, const Terms& terms) {
  const double never = -std::numeric_limits<double>::infinity();
  Tensor scores = matmul(q * terms.scale, transpose(k, -2, -1));
  if (terms.mask.defined())
    scores = terms.mask.dtype() == boolean ? where(terms.mask, scores, never) : scores + terms.mask;
  const std::int64_t queries = scores.shape()[-2], keys = scores.shape()[-1];
  if (keys == 0) return scores;
  if (terms.causal) scores = where(tril(ones({queries, keys}, uint8), std::min(terms.past, keys)) == 1, scores, never);
  const Reduce along{.axis = -1, .keepdims = true};
  const Tensor top = max(scores.detach(), along);
  const Tensor powers = exp(scores - where(top == never, 0.0, top)), total = sum(powers, along);
  return powers / where(total == 0.0, 1.0, total);
}

/// Attention to few keys at a time. The gradients of its inputs need the same weights: a node that computes them once.
class AttentionNode final : public Node {
 public:
  AttentionNode(std::source_location where, const kernels::Attention& result, const Operand& q, const Operand& k,
                const Operand& v, Terms terms)
      : Node(op_name, where, result.y),
        saved_{{Saved(q), Saved(k), Saved(v), Saved(Tensor(result.y)), Saved(Tensor(result.log_sums)),
                terms.mask.defined() ? std::optional(Saved(terms.mask)) : std::nullopt}},
        terms_(std::move(terms)),
        inputs_{node_of(q), node_of(k), node_of(v)} {
    terms_.mask = Tensor();
  }

  std::size_t inputs() const override { return inputs_.size(); }
  const NodeRef& input(std::size_t index) const override { return inputs_[index]; }

  void differentiate(const Tensor& dy, InputGradients& gradients) const override {
    const std::array<Tensor, 3> all = grad_enabled() ? recorded(dy) : computed(dy);
    for (std::size_t i = 0; i < all.size(); ++i)
      if (inputs_[i] && gradients.wants(i)) gradients.give(i, all[i]);
  }

  void copy_saved() const override { [[maybe_unused]] const auto copy = saved_; }

 protected:
  void release_edges() override {
    saved_.reset();
    inputs_ = {};
  }

 private:
  struct Kept {
    Saved q, k, v, y, log_sums;
    std::optional<Saved> mask;
  };

  static NodeRef node_of(const Operand& x) { return x.tensor().requires_grad() ? x.tensor().node() : NodeRef(); }

  Terms terms() const {
    Terms all = terms_;
    if (saved_->mask) all.mask = saved_->mask->get();
    return all;
  }

  std::array<Tensor, 3> computed(const Tensor& dy) const {
    const Array &q = saved_->q.get().array(), &k = saved_->k.get().array(), &v = saved_->v.get().array();
    const kernels::Attention result{saved_->y.get().array(), saved_->log_sums.get().array()};
    auto [dq, dk, dv] = kernels::attention_gradient(dy.array(), q, k, v, result,
                                                    terms().kernel_terms(scores_shape(q.shape(), k.shape())));
    return {Tensor(std::move(dq)), Tensor(std::move(dk)), Tensor(std::move(dv))};
  }

  std::array<Tensor, 3> recorded(const Tensor& dy) const {
    const Tensor &q = saved_->q, &k = saved_->k, &v = saved_->v;
    const Tensor weights = weights_of(q, k, terms()), slopes = matmul(dy, transpose(v, -2, -1));
    const Tensor along = sum(slopes * weights, {.axis = -1, .keepdims = true});
    const Tensor scores = weights * (slopes - along) * terms_.scale;
    return {matmul(scores, k), matmul(transpose(scores, -2, -1), q), matmul(transpose(weights, -2, -1), dy)};
  }

  std::optional<Kept> saved_;
  Terms terms_;  ///< but for the mask
  std::array<NodeRef, 3> inputs_;
};

Tensor fused(const Operand& q, const Operand& k, const Operand& v, const Terms& terms) {
  const detail::Run run(q.where());
  const kernels::Attention result =
      kernels::attention(q.array(), k.array(), v.array(), terms.kernel_terms(scores_shape(q.shape(), k.shape())));
  NodeRef node;
  if (grad_enabled() && (q.tensor().requires_grad() || k.tensor().requires_grad() || v.tensor().requires_grad()))
    node = NodeRef(new AttentionNode(q.where(), result, q, k, v, terms));
  run.show(op_name, result.y, node.get(), {&q.array(), &k.array(), &v.array()});
  return Tensor(result.y, std::move(node));
}

/// The axes before the last two, of all three, broadcast.
Shape batch_of(const Operand& q, const Operand& k, const Operand& v) {
  std::optional<Shape> batch = Shape();
  for (const Operand* x : {&q, &k, &v}) {
    Shape lead = x->shape();
    if (lead.rank() < 2) continue;
    lead.erase(-1);
    lead.erase(-1);
    if (batch) batch = broadcast_shapes(*batch, lead);
  }
  if (batch) return *batch;
  throw ShapeError(concat(op_name, ": the axes before the last two of shapes ", q.shape(), ", ", k.shape(), " and ",
                          v.shape(), " do not broadcast"),
                   q.where());
}

void check_shapes(const Operand& q, const Operand& k, const Operand& v) {
  const Shape &queries = q.shape(), &keys = k.shape(), &values = v.shape();
  const bool matrices = queries.rank() >= 2 && keys.rank() >= 2 && values.rank() >= 2;
  if (!matrices || queries.back() != keys.back() || keys[-2] != values[-2])
    throw ShapeError(concat(op_name, ": shapes ", queries, ", ", keys, " and ", values,
                            " do not match (..., queries, d), (..., keys, d) and (..., keys, m)"),
                     q.where());
}

void check_options(const Operand& q, const Shape& scores, DType dtype, const AttentionOptions& options) {
  if (options.mask.defined()) {
    const Tensor& mask = options.mask;
    if (mask.dtype() != boolean && mask.dtype() != dtype)
      throw DTypeError(concat(op_name, ": the mask must be boolean (true: seen) or ", dtype, " (added), got ", mask.dtype()),
                       q.where());
    if (!broadcasts_to(mask.shape(), scores))
      throw ShapeError(concat(op_name, ": a mask of shape ", mask.shape(), " does not broadcast to the scores' ", scores),
                       q.where());
  }
  if (options.past < 0) throw ValueError(concat(op_name, ": the past must not be negative, got ", options.past), q.where());
  if (!(options.dropout >= 0 && options.dropout <= 1))
    throw ValueError(concat(op_name, ": the dropout must lie in [0, 1], got ", options.dropout), q.where());
  if (options.dropout > 0 && !options.generator)
    throw ValueError(concat(op_name, ": a dropout of ", options.dropout, " needs a generator to draw from"), q.where());
}

/// x in that dtype, with these axes before its last two.
Tensor prepared(const Operand& x, Shape batch, DType dtype) {
  batch.push_back(x.shape()[-2]);
  batch.push_back(x.shape()[-1]);
  const Tensor converted = x.dtype() == dtype ? x.tensor() : astype(x, dtype);
  return converted.shape() == batch ? converted : broadcast_to(converted, batch);
}

}  // namespace

Tensor scaled_dot_product_attention(const Operand& q, const Operand& k, const Operand& v,
                                    const AttentionOptions& options) {
  for (const Operand* x : {&q, &k, &v}) check_floating(op_name, *x);
  check_shapes(q, k, v);
  const Shape batch = batch_of(q, k, v);
  const DType dtype = promote(promote(q.dtype(), k.dtype()), v.dtype());
  const CallerScope scope(q.where());
  const Tensor query = prepared(q, batch, dtype), key = prepared(k, batch, dtype), value = prepared(v, batch, dtype);
  check_options(q, scores_shape(query.shape(), key.shape()), dtype, options);
  const Terms terms{options.mask, options.causal, options.past,
                    options.scale.value_or(1 / std::sqrt(static_cast<double>(query.shape().back())))};
  const bool whole = options.dropout > 0 || (terms.mask.defined() && terms.mask.requires_grad() && grad_enabled());
  if (!whole) return fused(Operand(query, q.where()), Operand(key, k.where()), Operand(value, v.where()), terms);
  const Tensor weights = weights_of(query, key, terms);
  return matmul(options.dropout > 0 ? dropout(weights, options.dropout, *options.generator) : weights, value);
}

}  // namespace xg
