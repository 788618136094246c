#include <doctest/doctest.h>

#include <limits>

#include "autograd/checkpoint.hpp"
#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/gradcheck.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/assemble.hpp"
#include "autograd/ops/attention.hpp"
#include "autograd/ops/bitwise.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/loss.hpp"
#include "autograd/ops/normalization.hpp"
#include "autograd/ops/pool.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/scan.hpp"
#include "autograd/ops/shape.hpp"
#include "autograd/ops/special.hpp"
#include "autograd/record.hpp"
#include "autograd/transforms.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

Tensor leaf(const Shape& shape) { return ones(shape).set_requires_grad(); }

}  // namespace

TEST_CASE("errors: shapes that do not broadcast") {
  const Tensor a = ones({3, 4}), b = ones({3}), c = ones({2, 4});
  CHECK_ERROR(ShapeError, a + b,
              "add: shapes (3, 4) and (3,) do not broadcast: axis -1 has extents 4 and 3, and neither is 1");
  CHECK_ERROR(ShapeError, multiply(a, c),
              "multiply: shapes (3, 4) and (2, 4) do not broadcast: axis -2 has extents 3 and 2, and neither is 1");
  CHECK_ERROR(ShapeError, a - Tensor({1.0, 2.0}),
              "subtract: shapes (3, 4) and (2,) do not broadcast: axis -1 has extents 4 and 2, and neither is 1");
  CHECK_ERROR(ShapeError, maximum(b, a),
              "maximum: shapes (3,) and (3, 4) do not broadcast: axis -1 has extents 3 and 4, and neither is 1");
  CHECK_ERROR(ShapeError, a < b,
              "less: shapes (3, 4) and (3,) do not broadcast: axis -1 has extents 4 and 3, and neither is 1");
  Tensor d = b;
  CHECK_ERROR(ShapeError, d += a,
              "add: shapes (3,) and (3, 4) do not broadcast: axis -1 has extents 3 and 4, and neither is 1");
  CHECK_ERROR(ShapeError, broadcast_to(a, {4}), "broadcast_to: shape (3, 4) does not broadcast to (4,)");
}

TEST_CASE("errors: triangles, flips and norms") {
  CHECK_ERROR(ShapeError, tril(ones({3})), "tril: a matrix expected, or several, got shape (3,)");
  CHECK_ERROR(ShapeError, triu(ones({})), "triu: a matrix expected, or several, got shape ()");
  CHECK_ERROR(ShapeError, flip(ones({2, 3}), 2), "flip: axis 2 is out of range for 2 axes");
  CHECK_ERROR(DTypeError, norm(ones({2}, int64)),
              "norm: a float32 or float64 tensor expected, got int64 of shape (2,): convert with astype");
  CHECK_ERROR(DTypeError, stddev(ones({2}, int64)),
              "stddev: a float32 or float64 tensor expected, got int64 of shape (2,): convert with astype");
  CHECK_ERROR(DTypeError, gelu(ones({2}, int64)),
              "gelu: a float32 or float64 tensor expected, got int64 of shape (2,): convert with astype");
}

TEST_CASE("errors: indexing") {
  const Tensor x = ones({3, 4});
  const Tensor mask = x > 0.0;
  CHECK_ERROR(ValueError, (x[{Slice(), 4}]), "index: 4 is out of range for an axis of extent 4 of shape (3, 4)");
  CHECK_ERROR(ValueError, x[std::numeric_limits<std::size_t>::max()],
              "index: 9223372036854775807 is out of range for an axis of extent 3 of shape (3, 4)");
  CHECK_ERROR(ShapeError, (x[{0, 0, 0}]), "index: 3 axes are named, and shape (3, 4) has 2");
  CHECK_ERROR(ValueError, (x[{ellipsis, ellipsis}]), "index: more than one ellipsis");
  CHECK_ERROR(ValueError, (x[{Slice({}, {}, 0)}]), "slice: the step must not be 0");
  CHECK_ERROR(ValueError, x[3], "index: 3 is out of range for an axis of extent 3 of shape (3, 4)");
  CHECK_ERROR(ShapeError, index_update(x, {0}, ones({3})),
              "index_update: values of shape (3,) do not broadcast to (4,)");
  CHECK_ERROR(DTypeError, index_update(x, {0}, ones({4}, float64)),
              "index_update: float64 values for a float32 tensor: convert with astype");
  CHECK_ERROR(DTypeError, boolean_mask(x, x),
              "boolean_mask: the mask must be boolean, got float32: compare it with something");
  CHECK_ERROR(ShapeError, boolean_mask(ones({4}), mask),
              "boolean_mask: a mask of shape (3, 4) does not match the first axes of shape (4,)");
  CHECK_ERROR(DTypeError, masked_fill(x, x, 0),
              "where: the condition must be boolean, got float32: compare it with something");
  CHECK_ERROR(ShapeError, scatter_add(x, zeros({3, 3}, int64), ones({3, 4}), 0),
              "scatter_add: indices of shape (3, 3) do not match shape (3, 4) outside axis 0");
  CHECK_ERROR(ShapeError, scatter_add(x, zeros({2, 4}, int64), ones({3, 4}), 0),
              "scatter_add: float32 values of shape (3, 4) where float32 (2, 4) is expected");
  CHECK_ERROR(ValueError, scatter_add(x, full({2, 4}, 3, int64), ones({2, 4}), 0),
              "scatter_add: index 3 is out of range for an axis of extent 3");
}

TEST_CASE("errors: order and running results") {
  const Tensor x = ones({3, 4});
  CHECK_ERROR(ShapeError, cumsum(x, 2), "cumsum: axis 2 is out of range for 2 axes");
  CHECK_ERROR(ShapeError, sort(ones({})), "sort: axis -1 is out of range for 0 axes");
  CHECK_ERROR(ShapeError, argsort(x, -3), "argsort: axis -3 is out of range for 2 axes");
  CHECK_ERROR(ValueError, topk(x, 5), "topk: 5 elements of axis -1 of shape (3, 4) do not exist");
  CHECK_ERROR(ValueError, quantile(x, 1.5), "quantile: q must lie in [0, 1], got 1.5");
  CHECK_ERROR(ShapeError, median(ones({0, 2}), {.axis = 0}),
              "quantile: nothing to reduce along the empty axes of shape (0, 2)");
  CHECK_ERROR(ShapeError, prod(x, {.axis = 2}), "prod: axis 2 is out of range for 2 axes");
}

TEST_CASE("errors: taking apart and putting together") {
  const Tensor x = ones({3, 4});
  CHECK_ERROR(ValueError, pad(x, {{1, -1}}), "pad: the widths must not be negative, got 1 and -1");
  CHECK_ERROR(ValueError, pad(x, {{3, 0}}, {.mode = PadMode::reflect}),
              "pad: axis 0 of shape (3, 4) has too few elements for a width of 3");
  CHECK_ERROR(ValueError, pad(ones({2}), {{1, 1}, {1, 1}}), "pad: 2 pairs of widths for shape (2,)");
  CHECK_ERROR(ValueError, tile(x, {-1}), "tile: the counts must not be negative, got -1");
  CHECK_ERROR(ValueError, repeat(x, -1, 0), "repeat: the count must not be negative, got -1");
  CHECK_ERROR(ShapeError, split(x, {1, 1}), "split: extents of 2 in all do not fill axis 0 of shape (3, 4)");
  CHECK_ERROR(ValueError, split(x, {4, -1}), "split: the extents must not be negative, got -1");
  CHECK_ERROR(ValueError, chunk(x, 0), "chunk: at least one part expected, got 0");
  CHECK_ERROR(ShapeError, meshgrid({x}), "meshgrid: vectors expected, got shape (3, 4)");
  CHECK_ERROR(ShapeError, resize(ones({2, 3}), 2),
              "resize: (batch, one to three spatial axes, channels) expected, got shape (2, 3)");
}

TEST_CASE("errors: numbers and bits") {
  const Tensor x = ones({2}), whole = ones({2}, int64);
  CHECK_ERROR(ValueError, remainder(whole, zeros({2}, int64)),
              "remainder: a divisor in the integers of shape (2,) is 0");
  CHECK_ERROR(DTypeError, bitwise_and(x, whole),
              "bitwise_and: integers or booleans expected, got float32 of shape (2,)");
  CHECK_ERROR(DTypeError, bitwise_not(x), "bitwise_not: integers or booleans expected, got float32 of shape (2,)");
  CHECK_ERROR(DTypeError, lgamma(whole),
              "lgamma: a float32 or float64 tensor expected, got int64 of shape (2,): convert with astype");
  CHECK_ERROR(ValueError, polygamma(-1, x), "polygamma: the order must not be negative, got -1");
}

TEST_CASE("errors: normalisations, attention and losses") {
  const Tensor x = ones({2, 3}), three = ones({3});
  CHECK_ERROR(ShapeError, layer_norm(x, ones({2}), three),
              "layer_norm: gamma is float32 (2,) where float32 (3,) is expected for x of shape (2, 3)");
  CHECK_ERROR(ShapeError, rms_norm(ones({2, 0}), ones({0})),
              "rms_norm: nothing to normalise along the last axis of shape (2, 0)");
  CHECK_ERROR(ShapeError, batch_norm(x, three, three, three, ones({3}, float64)),
              "batch_norm: beta is float64 (3,) where float32 (3,) is expected for x of shape (2, 3)");
  CHECK_ERROR(ShapeError, batch_norm_training(x, ones({2}), three),
              "batch_norm_training: gamma is float32 (2,) where float32 (3,) is expected for x of shape (2, 3)");
  CHECK_ERROR(ShapeError, batch_norm_training(ones({0, 3}), three, three),
              "batch_norm_training: x of shape (0, 3) has no rows to take the statistics of");
  CHECK_ERROR(
      ShapeError, scaled_dot_product_attention(x, ones({4, 2}), ones({4, 2})),
      "scaled_dot_product_attention: shapes (2, 3), (4, 2) and (4, 2) do not match (..., queries, d), (..., keys, "
      "d) and (..., keys, m)");
  CHECK_ERROR(ShapeError, embedding(three, ones({2}, int64)),
              "embedding: weights (entries, n) expected, got shape (3,)");
  CHECK_ERROR(ValueError, embedding(x, full({1}, 2, int64)), "take: index 2 is out of range for an axis of extent 2");
  CHECK_ERROR(ValueError, cross_entropy(x, x, {.label_smoothing = 2}),
              "cross_entropy: the label smoothing must lie in [0, 1], got 2");
  CHECK_ERROR(ShapeError, nll_loss(x, ones({3}, int64)),
              "nll_loss: log-probabilities of shape (2, 3) and labels of shape (3,) where (..., classes) and (...) are "
              "expected");
  CHECK_ERROR(
      DTypeError, binary_cross_entropy_with_logits(ones({2}, int64), ones({2})),
      "binary_cross_entropy_with_logits: a float32 or float64 tensor expected, got int64 of shape (2,): convert "
      "with astype");
}

TEST_CASE("errors: where") {
  const Tensor x = ones({2, 3});
  CHECK_ERROR(DTypeError, where(x, x, 0.0),
              "where: the condition must be boolean, got float32: compare it with something");
  CHECK_ERROR(ShapeError, where(ones({2}, boolean), x, 0.0),
              "where: the condition's shape (2,) does not broadcast with the values' (2, 3)");
  CHECK_ERROR(ShapeError, where(x > 0.0, x, ones({2})),
              "where: shapes (2, 3) and (2,) do not broadcast: axis -1 has extents 3 and 2, and neither is 1");
}

TEST_CASE("errors: matmul") {
  const Tensor a = ones({3, 4}), b = ones({5, 2});
  CHECK_ERROR(ShapeError, matmul(a, b),
              "matmul: shapes (3, 4) and (5, 2) do not match: the last axis of the first (4) must equal the second to "
              "last axis of the second (5)");
  CHECK_ERROR(ShapeError, matmul(a, ones({5, 4})),
              "matmul: shapes (3, 4) and (5, 4) do not match: the last axis of the first (4) must equal the second to "
              "last axis of the second (5): is the second transposed?");
  CHECK_ERROR(ShapeError, matmul(a, ones({3})),
              "matmul: shapes (3, 4) and (3,) do not match: the last axis of the first (4) must equal the axis of the "
              "second (3)");
  CHECK_ERROR(ShapeError, matmul(a, 2.0), "matmul: shapes (3, 4) and (): a 0-d tensor has no axis to sum over: use *");
  CHECK_ERROR(ShapeError, matmul(ones({2, 3, 4}), ones({3, 4, 5})),
              "matmul: the batch axes of shapes (2, 3, 4) and (3, 4, 5) do not broadcast");
  CHECK_ERROR(DTypeError, matmul(arange(3), arange(3)),
              "matmul: a float32 or float64 tensor expected, got int64 of shape (3,): convert with astype");
}

TEST_CASE("errors: linear") {
  const Tensor x = ones({5, 3}), w = ones({3, 4}), bias = ones({4});
  CHECK_ERROR(ShapeError, linear(x, transpose(w), bias),
              "linear: shapes (5, 3), (4, 3) and (4,) do not match (..., in), (in, out) and (out)");
  CHECK_ERROR(ShapeError, linear(x, w, ones({3})),
              "linear: shapes (5, 3), (3, 4) and (3,) do not match (..., in), (in, out) and (out)");
  CHECK_ERROR(DTypeError, linear(x, w, ones({4}, float64)),
              "linear: dtypes float32, float32 and float64 differ: convert with astype");
}

TEST_CASE("errors: shapes") {
  const Tensor x = ones({2, 3});
  CHECK_ERROR(ShapeError, reshape(x, {4, 2}), "reshape: shape (2, 3) has 6 elements, (4, 2) needs 8");
  CHECK_ERROR(ShapeError, reshape(x, {4, -1}), "reshape: shape (2, 3) has 6 elements, which do not fill (4, -1)");
  CHECK_ERROR(ShapeError, reshape(x, {-1, -1}), "reshape: (-1, -1) leaves more than one extent open");
  CHECK_ERROR(ShapeError, squeeze(x, 0), "squeeze: axis 0 of shape (2, 3) has extent 2, not 1");
  CHECK_ERROR(ShapeError, permute(x, {0}), "permute: 1 axes were given for shape (2, 3)");
  CHECK_ERROR(ShapeError, permute(x, {1, -1}), "permute: axis -1 of shape (2, 3) is named twice");
  CHECK_ERROR(ShapeError, transpose(x, 0, 2), "transpose: axis 2 is out of range for 2 axes");
  CHECK_ERROR(ShapeError, expand_dims(x, 4), "expand_dims: axis 4 is out of range for 3 axes");
}

TEST_CASE("errors: concatenate and stack") {
  const Tensor x = ones({2, 3});
  CHECK_ERROR(ShapeError, concatenate({x, ones({2, 2})}),
              "concatenate: shapes (2, 3) and (2, 2) differ outside axis 0");
  CHECK_ERROR(ShapeError, concatenate({x, ones({3})}, 1), "concatenate: shapes (2, 3) and (3,) differ outside axis 1");
  CHECK_ERROR(ShapeError, concatenate({x}, 2), "concatenate: axis 2 is out of range for 2 axes");
  CHECK_ERROR(ValueError, concatenate({}), "concatenate: no tensors were given");
  CHECK_ERROR(ShapeError, stack({x, ones({2, 2})}), "stack: shapes (2, 3) and (2, 2) differ");
  CHECK_ERROR(ShapeError, stack({x, x}, 3), "stack: axis 3 is out of range for 3 axes");
  CHECK_ERROR(ValueError, stack({}), "stack: no tensors were given");
}

TEST_CASE("errors: indices") {
  const Tensor x = ones({2, 3});
  CHECK_ERROR(ValueError, take(x, Tensor{0, 2}), "take: index 2 is out of range for an axis of extent 2");
  CHECK_ERROR(ValueError, take(x, -4, 1), "take: index -4 is out of range for an axis of extent 3");
  CHECK_ERROR(DTypeError, take(x, Tensor{0.0}), "take: integer indices expected, got float32");
  CHECK_ERROR(ValueError, select(x, 2), "select: index 2 is out of range for axis 0 of shape (2, 3)");
  CHECK_ERROR(ValueError, slice(x, 0, {.step = 0}), "slice: the step must not be 0");
  CHECK_ERROR(ShapeError, gather(x, Tensor({{0}}), 1),
              "gather: indices of shape (1, 1) do not match shape (2, 3) outside axis 1");
  CHECK_ERROR(ValueError, gather(x, Tensor({{0}, {3}}), 1), "gather: index 3 is out of range for an axis of extent 3");
  CHECK_ERROR(ValueError, one_hot(Tensor{0, 3}, 3), "one_hot: index 3 is out of range for an axis of extent 3");
  CHECK_ERROR(ValueError, one_hot(Tensor{0, -1}, 3), "one_hot: index -1 is out of range for a depth of 3");
}

TEST_CASE("errors: axes") {
  const Tensor x = ones({2, 3});
  CHECK_ERROR(ShapeError, sum(x, {.axis = 2}), "sum: axis 2 is out of range for 2 axes");
  CHECK_ERROR(ShapeError, mean(x, {.axis = {0, -2}}), "mean: axis -2 of shape (2, 3) is named twice");
  CHECK_ERROR(ShapeError, softmax(x, -3), "softmax: axis -3 is out of range for 2 axes");
  CHECK_ERROR(ShapeError, slice(x, 5), "slice: axis 5 is out of range for 2 axes");
  CHECK_ERROR(ShapeError, sum(ones({}), {.axis = 0}), "sum: axis 0 is out of range for 0 axes");
  CHECK_ERROR(ShapeError, argmax(x, {.axis = {0, 1}}), "argmax: one axis or none expected, got 2");
  CHECK_ERROR(ShapeError, max(ones({0, 3})), "max: nothing to reduce along the empty axes of shape (0, 3)");
}

TEST_CASE("errors: arguments outside their domain") {
  const Tensor x = ones({2});
  Generator generator(1);
  CHECK_ERROR(ValueError, clip(x, 2, 1), "clip: low 2 is not at most high 1");
  CHECK_ERROR(ValueError, dropout(x, 1.5, generator), "dropout: the rate must lie in [0, 1], got 1.5");
  CHECK(generator.step() == 0);
  CHECK_ERROR(ValueError, arange(0, 1, 0), "arange: from 0 to 1 by 0 makes no sequence");
  CHECK_THROWS_AS(zeros({2, -1}), ShapeError);
}

TEST_CASE("errors: dtypes that an operation is not defined for") {
  const Tensor flags = ones({2}, boolean), counts = arange(2);
  CHECK_ERROR(DTypeError, flags + flags,
              "add: no arithmetic on boolean tensors of shapes (2,) and (2,): convert with astype");
  CHECK_ERROR(DTypeError, flags * true,
              "multiply: no arithmetic on boolean tensors of shapes (2,) and (): convert with astype");
  CHECK_ERROR(DTypeError, -flags, "negative: no arithmetic on a boolean tensor of shape (2,): convert with astype");
  CHECK_ERROR(DTypeError, abs(flags), "abs: no arithmetic on a boolean tensor of shape (2,): convert with astype");
  CHECK_ERROR(DTypeError, relu(counts),
              "relu: a float32 or float64 tensor expected, got int64 of shape (2,): convert with astype");
  CHECK_ERROR(DTypeError, softmax(counts),
              "softmax: a float32 or float64 tensor expected, got int64 of shape (2,): convert with astype");
}

TEST_CASE("errors: tensors that must have the same shape and dtype") {
  const Tensor x = ones({2, 3});
  CHECK_ERROR(ShapeError, tanh_gradient(ones({3}), x),
              "tanh_gradient: the gradient is float32 (3,), the output float32 (2, 3)");
  CHECK_ERROR(ShapeError, cross_entropy(x, ones({2, 3}, float64)),
              "cross_entropy: the logits are float32 (2, 3), the targets float64 (2, 3)");
  CHECK_ERROR(ShapeError, cross_entropy(1.0, 1.0), "cross_entropy: no classes in shape ()");
}

TEST_CASE("errors: an undefined operand") {
  const Tensor nothing, x = ones({2});
  const char* text =
      "an undefined tensor was given to an operation: assign it a value first; a grad() has none before backward()";
  CHECK_ERROR(ValueError, exp(nothing), text);
  CHECK_ERROR(ValueError, x + nothing, text);
  CHECK_ERROR(ValueError, nothing * 2.0, text);
  CHECK_ERROR(ValueError, concatenate({x, nothing}), "concatenate: tensor 1 is undefined: assign it a value first");
  CHECK_ERROR(ValueError, stack({nothing}), "stack: tensor 0 is undefined: assign it a value first");
}

TEST_CASE("errors: the tensor itself") {
  const Tensor x = leaf({2, 3});
  Tensor result = x * 2.0, counts = arange(3), nothing;
  CHECK_ERROR(ShapeError, x.item(), "item: one element expected, got shape (2, 3)");
  CHECK_ERROR(DTypeError, counts.set_requires_grad(),
              "set_requires_grad: only float32 and float64 tensors have gradients, this one is int64");
  CHECK_ERROR(GraphError, result.set_requires_grad(false),
              "set_requires_grad: the result of 'multiply' cannot stop needing a gradient: detach() it");
  CHECK_ERROR(GraphError, result.assign(ones({2, 3})),
              "assign: the result of 'multiply' is part of a graph: assign to a leaf, or to a detached clone");
  CHECK_ERROR(ShapeError, counts.assign(ones({2})), "assign: values of shape (2,) do not fit a tensor of shape (3,)");
  CHECK_ERROR(GraphError, counts.retain_grad(),
              "retain_grad: the tensor has no gradient: it depends on no leaf that requires one");
  CHECK_ERROR(GraphError, counts.register_hook([](const Tensor& gradient) { return gradient; }),
              "register_hook: the tensor has no gradient: it depends on no leaf that requires one");
  CHECK_ERROR(GraphError, counts.set_grad(counts), "set_grad: the tensor has no gradient: call set_requires_grad()");
  CHECK_ERROR(ShapeError, result.set_grad(ones({2})),
              "set_grad: a float32 gradient of shape (2,) does not fit a float32 tensor of shape (2, 3)");
  CHECK_THROWS_AS((Tensor{{1.0, 2.0}, {3.0}}), ShapeError);
}

TEST_CASE("errors: assigning to or from an undefined tensor") {
  Tensor nothing, number = ones({});
  CHECK_ERROR(ValueError, number.assign(nothing), "assign: the values are an undefined tensor");
  CHECK_ERROR(ValueError, nothing.assign(number), "assign: the target is an undefined tensor");
  CHECK(number.item() == 1);
}

TEST_CASE("errors: the root of a backward pass") {
  const Tensor x = leaf({2, 3}), nothing;
  CHECK_ERROR(GraphError, (x * 2.0).backward(),
              "backward: the root has shape (2, 3), and only a single element has a gradient by itself: reduce it with "
              "sum() or mean(), or pass .gradient");
  CHECK_ERROR(GraphError, sum(x.detach()).backward(),
              "backward: the root, of shape (), has no gradient: no tensor it was computed from has "
              "set_requires_grad(), or it was computed under NoGrad or detached");
  CHECK_ERROR(GraphError, nothing.backward(), "backward: the root is an undefined tensor");
  CHECK_ERROR(ShapeError, (x * 2.0).backward({.gradient = ones({3})}),
              "backward: the given gradient has shape (3,), the root (2, 3)");
  CHECK_ERROR(
      GraphError, grad(sum(x.detach()), x),
      "grad: the root, of shape (), has no gradient: no tensor it was computed from has set_requires_grad(), or "
      "it was computed under NoGrad or detached");
}

TEST_CASE("errors: the inputs of grad") {
  const Tensor x = leaf({2, 3}), other = leaf({4}), y = sum(x * x);
  CHECK_ERROR(GraphError, grad(y, ones({2})),
              "grad: input 0 has no gradient: call set_requires_grad() before computing with it");
  CHECK_ERROR(ValueError, grad(y, x, {.gradients = {ones({}), ones({})}}),
              "grad: 2 gradients were given for 1 outputs");
  CHECK_ERROR(GraphError, grad(y, other),
              "grad: no output depends on input 0, of shape (4,): pass .allow_unused = true to get an undefined tensor "
              "for it");
}

TEST_CASE("errors: a second pass through a graph names the line where it was recorded") {
  const Tensor x = leaf({2});
  const unsigned line = __LINE__ + 1;
  const Tensor y = mean(x * x);
  y.backward();
  const std::string text =
      concat("backward: a second pass through 'divide' (recorded at ", __FILE__, ':', line,
             "), whose saved tensors were freed by the first: pass .retain_graph = true to the first");
  CHECK_ERROR(GraphError, y.backward(), text);
  CHECK_ERROR(GraphError, grad(y, x), text);
}

TEST_CASE("errors: a saved tensor that was changed in place names the line of the operation") {
  Tensor w = leaf({3, 2});
  const std::string text =
      "backward: a tensor of shape (3, 2) that 'multiply' saved for its gradient was changed in place: it "
      "is at version 1, saved at version 0. Change a clone, or change it after backward. Recorded here:";
  const unsigned line = __LINE__ + 1;
  const Tensor loss = sum(w * w);
  w.assign(zeros({3, 2}));
  CHECK(message_of<GraphError>([&] { loss.backward(); }) == at_line(text, __FILE__, line));
}

TEST_CASE("errors: inside a rule the line of the forward expression is named") {
  const Tensor x = leaf({2, 3});
  const auto wrong = [](const Tensor& input) {
    return record("wrong", input.array().clone(), edge(input, [](const Tensor& dy) { return dy + ones({5}); }));
  };
  const unsigned line = __LINE__ - 2;
  CHECK(message_of<ShapeError>([&] { sum(wrong(x)).backward(); }) ==
        at_line("add: shapes (2, 3) and (5,) do not broadcast: axis -1 has extents 3 and 5, and neither is 1", __FILE__,
                line));
}

TEST_CASE("errors: a failed call leaves its arguments as they were") {
  Tensor x = leaf({2, 3});
  const auto before = x.to_vector<float>();
  CHECK_THROWS_AS(x.assign(ones({2})), ShapeError);
  CHECK_THROWS_AS(x += ones({2, 3}), GraphError);
  {
    const NoGrad off;
    CHECK_THROWS_AS(x += ones({2}), ShapeError);
    CHECK_THROWS_AS(x += ones({4, 2, 3}), ShapeError);
    CHECK_THROWS_AS(x[0] = ones({2}), ShapeError);
  }
  CHECK_THROWS_AS(x.set_grad(ones({2})), ShapeError);
  CHECK(x.to_vector<float>() == before);
  CHECK(x.array().version() == 0);
  CHECK(x.is_leaf());
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("errors: a null function") {
  const Tensor x = ones({2}, float64).set_requires_grad();
  const Function none;
  const UnaryFunction nothing;
  const auto text = [](const char* op) { return concat(op, ": a null function was given"); };
  CHECK_ERROR(ValueError, vjp(none, {x}, x), text("vjp"));
  CHECK_ERROR(ValueError, jvp(none, {x}, {x}), text("jvp"));
  CHECK_ERROR(ValueError, value_and_grad(none, {x}), text("value_and_grad"));
  CHECK_ERROR(ValueError, jacobian(nothing, x), text("jacobian"));
  CHECK_ERROR(ValueError, hessian(nothing, x), text("hessian"));
  CHECK_ERROR(ValueError, hvp(nothing, x, x), text("hvp"));
  CHECK_ERROR(ValueError, per_sample_gradients(nullptr, 2, {x}), text("per_sample_gradients"));
  CHECK_ERROR(ValueError, checkpoint(none, {x}), text("checkpoint"));
  CHECK_ERROR(ValueError, gradcheck(none, {x}), text("gradcheck"));
  CHECK_ERROR(ValueError, gradgradcheck(none, {x}), text("gradgradcheck"));
  CHECK_ERROR(ValueError, Padding(nullptr), "padding: a null name was given");
}
