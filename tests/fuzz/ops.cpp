#include "tests/fuzz/ops.hpp"

#include "xgrad.hpp"

namespace xg::testing {
namespace {

using Results = std::vector<Tensor>;

#define UNARY(op)                                           \
  FuzzedOp {                                                \
#op, [](Source & s) { return Results{op(s.tensor())}; } \
  }
#define BINARY(op)                      \
  FuzzedOp {                            \
#op, [](Source& s) {                  \
      const Tensor a = s.tensor();        \
      if (s.once_in(4)) return Results{op(a, s.real())}; \
      if (s.once_in(8)) return Results{op(s.number(), a)}; \
      return Results{op(a, s.tensor())};  \
    } \
  }
#define REDUCTION(op)                                                                                     \
  FuzzedOp {                                                                                              \
#op, [](Source & s) { return Results{op(s.tensor(), {.axis = s.axes(), .keepdims = s.once_in(2)})}; } \
  }
#define ALONG(op)                                                     \
  FuzzedOp {                                                          \
#op, [](Source & s) { return Results{op(s.tensor(), s.axis())}; } \
  }

std::vector<FuzzedOp> elementwise() {
  return {
      UNARY(tanh),
      UNARY(sigmoid),
      UNARY(relu),
      UNARY(softplus),
      UNARY(log_sigmoid),
      UNARY(selu),
      UNARY(silu),
      UNARY(mish),
      UNARY(hard_sigmoid),
      UNARY(hard_tanh),
      UNARY(softsign),
      UNARY(negative),
      UNARY(exp),
      UNARY(log),
      UNARY(log1p),
      UNARY(expm1),
      UNARY(sqrt),
      UNARY(rsqrt),
      UNARY(square),
      UNARY(cube),
      UNARY(abs),
      UNARY(sign),
      UNARY(reciprocal),
      UNARY(floor),
      UNARY(ceil),
      UNARY(round),
      UNARY(erf),
      UNARY(erfc),
      UNARY(bitwise_not),
      UNARY(logical_not),
      UNARY(isnan),
      UNARY(isinf),
      UNARY(isfinite),
      UNARY(stop_gradient),
      UNARY(lgamma),
      UNARY(digamma),
      UNARY(sin),
      UNARY(cos),
      UNARY(tan),
      UNARY(asin),
      UNARY(acos),
      UNARY(atan),
      UNARY(sinh),
      UNARY(cosh),
      UNARY(asinh),
      UNARY(acosh),
      UNARY(atanh),
      UNARY(zeros_like),
      UNARY(ones_like),
      BINARY(add),
      BINARY(subtract),
      BINARY(multiply),
      BINARY(divide),
      BINARY(pow),
      BINARY(maximum),
      BINARY(minimum),
      BINARY(atan2),
      BINARY(logaddexp),
      BINARY(remainder),
      BINARY(bitwise_and),
      BINARY(bitwise_or),
      BINARY(bitwise_xor),
      BINARY(equal),
      BINARY(not_equal),
      BINARY(less),
      BINARY(less_equal),
      BINARY(greater),
      BINARY(greater_equal),
      BINARY(logical_and),
      BINARY(logical_or),
      BINARY(logical_xor),
      BINARY(tanh_gradient),
      {"leaky_relu", [](Source& s) { return Results{leaky_relu(s.tensor(), s.real())}; }},
      {"elu", [](Source& s) { return Results{elu(s.tensor(), s.real())}; }},
      {"gelu", [](Source& s) { return Results{gelu(s.tensor(), s.once_in(2))}; }},
      {"polygamma", [](Source& s) { return Results{polygamma(s.axis(), s.tensor())}; }},
      {"clip", [](Source& s) { return Results{clip(s.tensor(), s.real(), s.real())}; }},
      {"nan_to_num",
       [](Source& s) {
         return Results{nan_to_num(s.tensor(), {.nan = s.real(), .infinity = s.real(), .negative_infinity = s.real()})};
       }},
      {"astype", [](Source& s) { return Results{astype(s.tensor(), s.dtype())}; }},
      {"reverse_gradient", [](Source& s) { return Results{reverse_gradient(s.tensor(), s.real())}; }},
      {"lerp", [](Source& s) { return Results{lerp(s.tensor(), s.tensor(), s.tensor())}; }},
      {"addcmul", [](Source& s) { return Results{addcmul(s.tensor(), s.tensor(), s.tensor(), s.real())}; }},
      {"where", [](Source& s) { return Results{where(s.mask(), s.tensor(), s.tensor())}; }},
      {"dropout", [](Source& s) {
         Generator generator(1);
         return Results{dropout(s.tensor(), s.real(), generator)};
       }}};
}

std::vector<FuzzedOp> reductions() {
  return {REDUCTION(sum),
          REDUCTION(mean),
          REDUCTION(max),
          REDUCTION(min),
          REDUCTION(argmax),
          REDUCTION(argmin),
          REDUCTION(prod),
          REDUCTION(any),
          REDUCTION(all),
          REDUCTION(count_nonzero),
          REDUCTION(median),
          REDUCTION(logsumexp),
          UNARY(sum_squares),
          ALONG(softmax),
          ALONG(log_softmax),
          ALONG(cumsum),
          ALONG(cumprod),
          ALONG(cummax),
          ALONG(cummin),
          {"var",
           [](Source& s) {
             return Results{var(s.tensor(), {.axis = s.axes(), .keepdims = s.once_in(2), .correction = s.real()})};
           }},
          {"stddev",
           [](Source& s) {
             return Results{stddev(s.tensor(), {.axis = s.axes(), .keepdims = s.once_in(2), .correction = s.real()})};
           }},
          {"norm",
           [](Source& s) {
             const double order = s.once_in(2) ? 2 : s.once_in(2) ? 3 : s.real();
             return Results{norm(s.tensor(), {.axis = s.axes(), .keepdims = s.once_in(2), .order = order})};
           }},
          {"quantile", [](Source& s) { return Results{quantile(s.tensor(), s.real(), {.axis = s.axes()})}; }},
          {"sort", [](Source& s) { return Results{sort(s.tensor(), s.axis(), s.once_in(2))}; }},
          {"argsort", [](Source& s) { return Results{argsort(s.tensor(), s.axis(), s.once_in(2))}; }},
          {"topk", [](Source& s) {
             const TopK found = topk(s.tensor(), s.number(), s.axis(), s.once_in(2));
             return Results{found.values, found.indices};
           }}};
}

std::vector<FuzzedOp> shapes() {
  return {
      {"reshape",
       [](Source& s) {
         return Results{reshape(s.tensor(), s.once_in(2) ? Shape{-1, s.number()} : s.absurd_shape())};
       }},
      {"flatten", [](Source& s) { return Results{flatten(s.tensor(), s.axis())}; }},
      {"permute",
       [](Source& s) {
         const Tensor x = s.tensor();
         return Results{permute(x, s.axis_list())};
       }},
      {"transpose",
       [](Source& s) {
         return Results{s.once_in(2) ? transpose(s.tensor()) : transpose(s.tensor(), s.axis(), s.axis())};
       }},
      {"squeeze", [](Source& s) { return Results{squeeze(s.tensor(), s.axes())}; }},
      {"expand_dims", [](Source& s) { return Results{expand_dims(s.tensor(), s.axis())}; }},
      {"broadcast_to",
       [](Source& s) {
         const Tensor x = s.tensor();
         Shape shape = s.once_in(3) ? s.absurd_shape() : s.related_shape();
         if (s.once_in(2) && shape.rank() < Shape::max_rank) shape.insert(0, 3);
         return Results{broadcast_to(x, shape)};
       }},
      {"concatenate", [](Source& s) { return Results{concatenate(s.tensors(), s.axis())}; }},
      {"stack", [](Source& s) { return Results{stack(s.tensors(), s.axis())}; }},
      {"pad",
       [](Source& s) {
         const Tensor x = s.tensor();
         std::vector<std::pair<std::int64_t, std::int64_t>> widths(x.defined() && !s.once_in(9) ? x.rank() : 2);
         for (auto& [before, after] : widths) before = s.number(), after = s.below(3);
         return Results{pad(
             x, widths, {.mode = s.one_of({PadMode::constant, PadMode::edge, PadMode::reflect}), .value = s.real()})};
       }},
      {"tile", [](Source& s) { return Results{tile(s.tensor(), s.numbers())}; }},
      {"repeat", [](Source& s) { return Results{repeat(s.tensor(), s.number(), s.axis())}; }},
      {"roll", [](Source& s) { return Results{roll(s.tensor(), s.number(), s.axis())}; }},
      {"split", [](Source& s) { return split(s.tensor(), s.numbers(), s.axis()); }},
      {"chunk", [](Source& s) { return chunk(s.tensor(), s.number(), s.axis()); }},
      {"meshgrid",
       [](Source& s) {
         Results vectors(static_cast<std::size_t>(s.below(4)));
         for (Tensor& each : vectors) each = s.of_rank(s.once_in(9) ? 2 : 1);
         return meshgrid(vectors);
       }},
      {"full", [](Source& s) { return Results{full(s.absurd_shape(), s.real(), s.dtype())}; }},
      {"zeros", [](Source& s) { return Results{zeros(s.absurd_shape(), s.dtype())}; }},
      {"ones", [](Source& s) { return Results{ones(s.absurd_shape(), s.dtype())}; }},
      {"arange",
       [](Source& s) {
         return Results{s.once_in(3) ? arange(s.number()) : arange(s.real(), s.real(), s.real(), s.dtype())};
       }},
      {"linspace", [](Source& s) { return Results{linspace(s.real(), s.real(), s.number(), s.dtype())}; }},
      {"eye", [](Source& s) { return Results{eye(s.number(), s.dtype())}; }},
  };
}

std::vector<FuzzedOp> indexing() {
  return {
      {"index", [](Source& s) { return Results{index(s.tensor(), s.indices())}; }},
      {"index_update", [](Source& s) { return Results{index_update(s.tensor(), s.indices(), s.tensor())}; }},
      {"assignment",
       [](Source& s) {
         Tensor x = s.tensor();
         if (s.once_in(2)) {
           const NoGrad off;
           x[s.indices()] = s.tensor();
         } else {
           x[s.indices()] = s.real();
         }
         return Results{x};
       }},
      {"compound",
       [](Source& s) {
         Tensor x = s.tensor();
         const GradMode mode(s.once_in(2));
         if (s.once_in(2))
           x -= s.tensor();
         else
           x *= s.real();
         return Results{x};
       }},
      {"assign",
       [](Source& s) {
         Tensor x = s.tensor();
         x.assign(s.tensor());
         return Results{x};
       }},
      {"boolean_mask", [](Source& s) { return Results{boolean_mask(s.tensor(), s.mask())}; }},
      {"masked_fill", [](Source& s) { return Results{masked_fill(s.tensor(), s.mask(), s.real())}; }},
      {"scatter_add",
       [](Source& s) { return Results{scatter_add(s.tensor(), s.index_tensor(), s.tensor(), s.axis())}; }},
      {"slice",
       [](Source& s) {
         const std::int64_t step = s.once_in(2) ? 1 : s.number();
         return Results{slice(s.tensor(), s.axis(), {.start = s.number(), .stop = s.number(), .step = step})};
       }},
      {"select", [](Source& s) { return Results{select(s.tensor(), s.number(), s.axis())}; }},
      {"flip", [](Source& s) { return Results{flip(s.tensor(), s.axes())}; }},
      {"tril", [](Source& s) { return Results{tril(s.tensor(), s.number())}; }},
      {"triu", [](Source& s) { return Results{triu(s.tensor(), s.number())}; }},
      {"take", [](Source& s) { return Results{take(s.tensor(), s.index_tensor(), s.axis())}; }},
      {"gather", [](Source& s) { return Results{gather(s.tensor(), s.index_tensor(), s.axis())}; }},
      {"one_hot", [](Source& s) { return Results{one_hot(s.index_tensor(), s.number(), s.dtype())}; }},
      {"embedding", [](Source& s) { return Results{embedding(s.of_rank(2), s.index_tensor())}; }},
  };
}

Tensor square_matrix(Source& s) {
  const std::int64_t n = s.below(5);
  return s.tensor(s.once_in(3) ? Shape{2, n, n} : Shape{n, n}, s.once_in(9) ? s.dtype() : float64);
}

std::vector<FuzzedOp> algebra() {
  return {
      BINARY(matmul),
      BINARY(dot),
      BINARY(outer),
      UNARY(trace),
      {"tensordot",
       [](Source& s) { return Results{tensordot(s.tensor(), s.tensor(), static_cast<std::size_t>(s.number()))}; }},
      {"diagonal", [](Source& s) { return Results{diagonal(s.tensor(), s.number())}; }},
      {"diag", [](Source& s) { return Results{diag(s.tensor(), s.number())}; }},
      {"linear",
       [](Source& s) {
         const Tensor x = s.tensor();
         const std::int64_t in = x.defined() && x.rank() > 0 ? x.shape().back() : 3, out = s.below(5);
         return Results{linear(x, s.tensor({in, out}, x.dtype()), s.tensor({out}, x.dtype()))};
       }},
      {"einsum",
       [](Source& s) {
         std::string spec;
         for (std::int64_t i = s.below(9); i > 0; --i)
           spec += s.one_of<std::string>({"i", "j", "k", "i", "j", ",", "->", "...", " ", "Z", "-", "."});
         if (s.once_in(2))
           spec = s.one_of<std::string>(
               {"ij,jk->ik", "ij->ji", "ii->i", "...i,...i->...", "i,j,k->ijk", "ij,ij->", "...->...", "bij,bjk->bik"});
         return Results{einsum(spec, s.tensors())};
       }},
      {"solve", [](Source& s) { return Results{solve(square_matrix(s), s.tensor())}; }},
      {"inv", [](Source& s) { return Results{inv(square_matrix(s))}; }},
      {"det", [](Source& s) { return Results{det(square_matrix(s))}; }},
      {"slogdet",
       [](Source& s) {
         const SlogDet found = slogdet(square_matrix(s));
         return Results{found.sign, found.log};
       }},
      {"cholesky", [](Source& s) { return Results{cholesky(square_matrix(s))}; }},
      {"qr",
       [](Source& s) {
         const QR found = qr(s.tensor());
         return Results{found.q, found.r};
       }},
      {"svd",
       [](Source& s) {
         const SVD found = svd(s.tensor());
         return Results{found.u, found.s, found.v};
       }},
      {"eigh",
       [](Source& s) {
         const Eigh found = eigh(square_matrix(s));
         return Results{found.values, found.vectors};
       }},
      {"triangular_solve",
       [](Source& s) { return Results{triangular_solve(square_matrix(s), s.tensor(), s.once_in(2))}; }},
      {"lstsq", [](Source& s) { return Results{lstsq(s.tensor(), s.tensor())}; }},
      {"matrix_power", [](Source& s) { return Results{matrix_power(square_matrix(s), static_cast<int>(s.number()))}; }},
  };
}

ConvOptions conv_options(Source& s) {
  return {.bias = s.once_in(6) ? s.tensor() : Tensor(),
          .stride = s.per_axis(),
          .padding = s.padding(),
          .dilation = s.per_axis(),
          .groups = s.once_in(8) ? s.number() : 1};
}

template <class Conv>
FuzzedOp convolution(const char* name, std::size_t axes, Conv conv) {
  return {name, [=](Source& s) {
            const Tensor x = s.of_rank(s.once_in(20) ? 2 : axes + 2), w = s.of_rank(axes + 2);
            if (!x.defined() || !w.defined() || s.once_in(8)) return Results{conv(x, w, conv_options(s))};
            Shape shape = w.shape();  // mostly with channels that fit
            for (const std::size_t axis : {axes, axes + 1}) shape[axis] = x.shape()[x.rank() - 1];
            return Results{conv(x, s.tensor(shape, x.dtype()), conv_options(s))};
          }};
}

template <class Pool>
FuzzedOp pooling(const char* name, std::size_t axes, Pool pool) {
  return {name, [=](Source& s) {
            return Results{pool(s.of_rank(s.once_in(20) ? 2 : axes + 2),
                                {.window = s.per_axis(), .stride = s.per_axis(), .padding = s.padding()})};
          }};
}

UnfoldOptions windows(Source& s) {
  return {.window = s.per_axis(), .stride = s.per_axis(), .padding = s.padding(), .dilation = s.per_axis()};
}

std::vector<FuzzedOp> spatial() {
  return {
      convolution("conv1d", 1, conv1d),
      convolution("conv2d", 2, conv2d),
      convolution("conv3d", 3, conv3d),
      convolution("conv1d_transpose", 1, conv1d_transpose),
      convolution("conv2d_transpose", 2, conv2d_transpose),
      convolution("conv3d_transpose", 3, conv3d_transpose),
      pooling("max_pool1d", 1, max_pool1d),
      pooling("max_pool2d", 2, max_pool2d),
      pooling("max_pool3d", 3, max_pool3d),
      pooling("average_pool1d", 1, average_pool1d),
      pooling("average_pool2d", 2, average_pool2d),
      pooling("average_pool3d", 3, average_pool3d),
      {"adaptive_max_pool", [](Source& s) { return Results{adaptive_max_pool(s.of_rank(4), s.per_axis())}; }},
      {"adaptive_average_pool", [](Source& s) { return Results{adaptive_average_pool(s.of_rank(4), s.per_axis())}; }},
      {"resize",
       [](Source& s) {
         return Results{resize(s.of_rank(4), s.per_axis(), s.one_of({Interpolation::nearest, Interpolation::linear}))};
       }},
      {"unfold", [](Source& s) { return Results{unfold(s.of_rank(4), windows(s))}; }},
      {"fold", [](Source& s) {
         const Tensor x = s.of_rank(4);
         const UnfoldOptions options = windows(s);
         const Shape shape = s.once_in(4) || !x.defined() ? s.absurd_shape() : x.shape();
         return Results{fold(x.defined() && s.once_in(2) ? unfold(x, options) : x, shape, options)};
       }}};
}

std::vector<FuzzedOp> networks() {
  return {
      BINARY(binary_cross_entropy_with_logits),
      {"cross_entropy",
       [](Source& s) {
         const Tensor x = s.tensor();
         if (s.once_in(2)) return Results{cross_entropy(x, s.tensor())};
         return Results{cross_entropy(
             x, s.tensor(), {.label_smoothing = s.real(), .class_weights = s.once_in(2) ? s.tensor() : Tensor()})};
       }},
      {"nll_loss", [](Source& s) { return Results{nll_loss(s.tensor(), s.index_tensor())}; }},
      {"layer_norm", [](Source& s) { return Results{layer_norm(s.tensor(), s.tensor(), s.tensor(), s.real())}; }},
      {"rms_norm", [](Source& s) { return Results{rms_norm(s.tensor(), s.tensor(), s.real())}; }},
      {"batch_norm",
       [](Source& s) {
         return Results{batch_norm(s.tensor(), s.tensor(), s.tensor(), s.tensor(), s.tensor(), s.real())};
       }},
      {"scaled_dot_product_attention",
       [](Source& s) {
         return Results{scaled_dot_product_attention(
             s.tensor(), s.tensor(), s.tensor(), {.mask = s.once_in(3) ? s.mask() : Tensor(), .causal = s.once_in(3)})};
       }},
      {"checkpoint", [](Source& s) {
         const bool grows = s.once_in(2);
         return Results{checkpoint(
             [=](const Results& v) { return grows ? matmul(v[0], tanh(v[0])) : v.at(0) * v.at(0) + exp(v.at(0)); },
             {s.tensor()})};
       }}};
}

}  // namespace

const std::vector<FuzzedOp>& fuzzed_ops() {
  static const std::vector<FuzzedOp> all = [] {
    std::vector<FuzzedOp> ops;
    for (const auto& group : {elementwise(), reductions(), shapes(), indexing(), algebra(), spatial(), networks()})
      ops.insert(ops.end(), group.begin(), group.end());
    return ops;
  }();
  return all;
}

}  // namespace xg::testing
