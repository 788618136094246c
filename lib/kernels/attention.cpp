#include "lib/kernels/attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lib/kernels/best_of_row.hpp"
#include "lib/kernels/borrowed.hpp"
#include "lib/kernels/exponential.hpp"
#include "lib/kernels/formula.hpp"
#include "lib/kernels/gemm/gemm.hpp"
#include "lib/kernels/transpose.hpp"
#include "lib/parallel.hpp"

// Blocks of scores that stay in the second cache, their softmax corrected as larger scores are met (Milakov and
// Gimelshein, Online normalizer calculation for softmax, 2018; Dao and others, FlashAttention, 2022).
namespace xg::kernels {
namespace {

// Multiples of the tiles of a product; rows of a block are short enough that the product need not copy them.
constexpr std::int64_t query_block = 96, key_block = 192;

template <class T>
using Numbers = std::vector<T, pool::Allocator<T>>;

template <class T>
Numbers<T> numbers(std::int64_t count) {
  return Numbers<T>(static_cast<std::size_t>(count));
}

/// The matrices in the last two axes of an array, by their number.
template <class T>
class Heads {
 public:
  Heads() = default;
  explicit Heads(const Array& x) : data_(x.data<T>()), shape_(x.shape()), strides_(x.strides()) {}

  Matrix<T> at(std::int64_t head) const {
    std::int64_t offset = 0;
    for (std::size_t axis = shape_.rank() - 2; axis-- > 0; head /= shape_[axis])
      offset += head % shape_[axis] * strides_[axis];
    return {data_ + offset, strides_[-2], strides_[-1]};
  }

 private:
  const T* data_ = nullptr;
  Shape shape_;
  Strides strides_;
};

template <class T>
Matrix<T> from_row(const Matrix<T>& x, std::int64_t row) {
  return {x.data + row * x.row_step, x.row_step, x.column_step};
}

/// Calls f(first, count) for the blocks of a range.
template <class F>
void for_each_block(std::int64_t count, std::int64_t block, F f) {
  for (std::int64_t i = 0; i < count; i += block) f(i, std::min(block, count - i));
}

/// The rows of x transposed: a block of keys behind the other, each with its own rows side by side.
template <class T>
void transpose_blocks(const Matrix<T>& x, std::int64_t rows, std::int64_t columns, T* to) {
  for_each_block(rows, key_block, [&](std::int64_t j, std::int64_t count) {
    transpose(count, columns, x.data + j * x.row_step, x.row_step, x.column_step, to + j * columns, count);
  });
}

template <class T>
void copy_scaled(const Matrix<T>& x, std::int64_t rows, std::int64_t columns, T scale, T* to) {
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t c = 0; c < columns; ++c) to[i * columns + c] = x.data[i * x.row_step + c * x.column_step] * scale;
}

/// x[i] = e^(x[i] - top); gives their sum.
template <class T>
T exponentiate(T* x, std::int64_t count, T top) {
  using V = Pack<T>;
  constexpr auto step = static_cast<std::int64_t>(sizeof(V) / sizeof(T));
  V sum{};
  const auto pass = [&](const T* from, T* to) {
    V pack;
    std::memcpy(&pack, from, sizeof pack);
    pack = exponential(pack - top);
    sum += pack;
    std::memcpy(to, &pack, sizeof pack);
  };
  const std::int64_t whole = count / step * step;
  for (std::int64_t i = 0; i < whole; i += step) pass(x + i, x + i);
  if (whole < count) {
    T last[step];
    std::fill_n(last, step, -std::numeric_limits<T>::infinity());
    std::copy_n(x + whole, count - whole, last);
    pass(last, last);
    std::copy_n(last, count - whole, x + whole);
  }
  T total = 0;
  for (std::int64_t lane = 0; lane < step; ++lane) total += sum[lane];
  return total;
}

/// x[i] = e^(x[i] - log_sum), the weight, and slope[i] = weight (slope[i] - along).
template <class T>
void weigh(T* x, T* slope, std::int64_t count, T log_sum, T along) {
  using V = Pack<T>;
  constexpr auto step = static_cast<std::int64_t>(sizeof(V) / sizeof(T));
  const auto pass = [&](T* score, T* gradient) {
    V s, g;
    std::memcpy(&s, score, sizeof s);
    std::memcpy(&g, gradient, sizeof g);
    s = exponential(s - log_sum);
    g = s * (g - along);
    std::memcpy(score, &s, sizeof s);
    std::memcpy(gradient, &g, sizeof g);
  };
  const std::int64_t whole = count / step * step, rest = count - whole;
  for (std::int64_t i = 0; i < whole; i += step) pass(x + i, slope + i);
  if (rest == 0) return;
  T scores[step] = {}, gradients[step] = {};
  std::copy_n(x + whole, rest, scores);
  std::copy_n(slope + whole, rest, gradients);
  pass(scores, gradients);
  std::copy_n(scores, rest, x + whole);
  std::copy_n(gradients, rest, slope + whole);
}

template <class T>
struct Problem {
  std::int64_t queries, keys, d, m;
  Heads<T> q, k, v;
  const Scores& terms;
  Heads<bool> seen{};
  Heads<T> added{};

  Problem(const Array& q_array, const Array& k_array, const Array& v_array, const Scores& scores)
      : queries(q_array.shape()[-2]),
        keys(k_array.shape()[-2]),
        d(q_array.shape().back()),
        m(v_array.shape().back()),
        q(q_array),
        k(k_array),
        v(v_array),
        terms(scores) {
    if (!terms.mask.defined()) return;
    if (terms.mask.dtype() == boolean)
      seen = Heads<bool>(terms.mask);
    else
      added = Heads<T>(terms.mask);
  }

  T scale() const { return static_cast<T>(terms.scale); }
  /// How many keys the queries before that one see at most.
  std::int64_t in_sight(std::int64_t query) const {
    return terms.causal && terms.past < keys - query ? terms.past + query : keys;
  }
  double operations(double products) const {
    return static_cast<double>(queries) * static_cast<double>(keys) *
           (products * static_cast<double>(d + m) / 4 + 2 * formula_cost);
  }
  /// The scores of a block from scaled queries and transposed keys.
  void fill(std::int64_t head, std::int64_t i, std::int64_t rows, std::int64_t j, std::int64_t columns, const T* scaled,
            const T* transposed, T* to) const {
    gemm<T>(rows, columns, d, {scaled, d, 1}, {transposed, columns, 1}, {}, to);
    if (terms.mask.defined()) apply_mask(head, i, rows, j, columns, to);
    if (!terms.causal) return;
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t visible = std::clamp<std::int64_t>(in_sight(i + row + 1) - j, 0, columns);
      std::fill(to + row * columns + visible, to + (row + 1) * columns, -std::numeric_limits<T>::infinity());
    }
  }

 private:
  void apply_mask(std::int64_t head, std::int64_t i, std::int64_t rows, std::int64_t j, std::int64_t columns,
                  T* to) const {
    const auto each = [&](const auto& mask, const auto& term) {
      for (std::int64_t row = 0; row < rows; ++row, to += columns) {
        const auto* from = mask.data + (i + row) * mask.row_step + j * mask.column_step;
        for (std::int64_t c = 0; c < columns; ++c) to[c] = term(to[c], from[c * mask.column_step]);
      }
    };
    if (terms.mask.dtype() == boolean)
      each(seen.at(head), [](T score, bool sees) { return sees ? score : -std::numeric_limits<T>::infinity(); });
    else
      each(added.at(head), [](T score, T more) { return score + more; });
  }
};

/// The running softmax of one query: its largest score so far, and the sum of the others' exponentials beside it.
template <class T>
struct Row {
  T top = -std::numeric_limits<T>::infinity();
  double total = 0;

  /// What scores are told from: any number does where none was seen.
  T base() const { return top == -std::numeric_limits<T>::infinity() ? T{0} : top; }
  /// Makes weights of scores; gives what those of earlier ones are worth now.
  T meet(T* scores, std::int64_t count) {
    const T best = best_of_row(scores, count, greater), before = top;
    if (!(best <= top)) top = best;
    const T factor = exponential(before - base());
    total = total * static_cast<double>(factor) + static_cast<double>(exponentiate(scores, count, base()));
    return factor;
  }
  T share() const { return total == 0 ? T{0} : static_cast<T>(1 / total); }
  T log_sum() const {
    return total == 0 ? std::numeric_limits<T>::infinity() : base() + static_cast<T>(std::log(total));
  }
};

/// One block of queries. `scratch` holds query_block (d + key_block) numbers.
template <class T>
void attend(const Problem<T>& p, std::int64_t head, std::int64_t i, std::int64_t rows, const T* transposed, T* scratch,
            T* y, T* log_sums) {
  T *const scaled = scratch, *const scores = scratch + query_block * p.d;
  copy_scaled(from_row(p.q.at(head), i), rows, p.d, p.scale(), scaled);
  Row<T> state[query_block];
  std::fill_n(y, rows * p.m, T{0});
  for_each_block(p.in_sight(i + rows), key_block, [&](std::int64_t j, std::int64_t) {
    const std::int64_t columns = std::min(key_block, p.keys - j);
    p.fill(head, i, rows, j, columns, scaled, transposed + j * p.d, scores);
    for (std::int64_t row = 0; row < rows; ++row) {
      const T factor = state[row].meet(scores + row * columns, columns);
      if (j > 0 && factor != T{1})
        for (std::int64_t c = 0; c < p.m; ++c) y[row * p.m + c] *= factor;
    }
    gemm<T>(rows, p.m, columns, {scores, columns, 1}, from_row(p.v.at(head), j), {y, p.m}, y);
  });
  for (std::int64_t row = 0; row < rows; ++row) {
    const T share = state[row].share();
    for (std::int64_t c = 0; c < p.m; ++c) y[row * p.m + c] *= share;
    log_sums[row] = state[row].log_sum();
  }
}

/// One head's gradients, its own parts of what was allocated; `along` is the sum of dy y for each query.
template <class T>
struct HeadGradient {
  const Problem<T>& p;
  std::int64_t head;
  Matrix<T> dy;
  const T* log_sums;
  T *dq, *dk, *dv;

  void compute(const T* y) const {
    const std::int64_t d = p.d, m = p.m;
    Numbers<T> room = numbers<T>(p.keys * (d + m) + query_block * (d + 1 + 2 * key_block));
    T *const k = room.data(), *const v = k + p.keys * d, *const scaled = v + p.keys * m;
    T *const along = scaled + query_block * d, *const scores = along + query_block;
    transpose_blocks(p.k.at(head), p.keys, d, k);
    transpose_blocks(p.v.at(head), p.keys, m, v);
    std::fill_n(dq, p.queries * d, T{0});
    std::fill_n(dk, p.keys * d, T{0});
    std::fill_n(dv, p.keys * m, T{0});
    for_each_block(p.queries, query_block, [&](std::int64_t i, std::int64_t rows) {
      copy_scaled(from_row(p.q.at(head), i), rows, d, p.scale(), scaled);
      sum_along(y + i * m, i, rows, along);
      for_each_block(p.in_sight(i + rows), key_block, [&](std::int64_t j, std::int64_t) {
        const std::int64_t columns = std::min(key_block, p.keys - j);
        add_block(i, rows, j, columns, scaled, k + j * d, v + j * m, along, scores);
      });
      for (std::int64_t c = i * d; c < (i + rows) * d; ++c) dq[c] *= p.scale();
    });
  }

 private:
  void sum_along(const T* y, std::int64_t i, std::int64_t rows, T* along) const {
    const Matrix<T> g = from_row(dy, i);
    for (std::int64_t row = 0; row < rows; ++row) {
      double sum = 0;
      for (std::int64_t c = 0; c < p.m; ++c)
        sum +=
            static_cast<double>(g.data[row * g.row_step + c * g.column_step]) * static_cast<double>(y[row * p.m + c]);
      along[row] = static_cast<T>(sum);
    }
  }

  /// What a block adds. With the weights w: dv += w^T dy; dw = dy v^T; the scores' gradient w (dw - along) goes to
  /// dq += . k and dk += .^T q.
  void add_block(std::int64_t i, std::int64_t rows, std::int64_t j, std::int64_t columns, const T* scaled, const T* k,
                 const T* v, const T* along, T* weights) const {
    const std::int64_t d = p.d, m = p.m;
    T* const slopes = weights + query_block * key_block;
    const Matrix<T> g = from_row(dy, i);
    p.fill(head, i, rows, j, columns, scaled, k, weights);
    gemm<T>(rows, columns, m, g, {v, columns, 1}, {}, slopes);
    for (std::int64_t row = 0; row < rows; ++row)
      weigh(weights + row * columns, slopes + row * columns, columns, log_sums[i + row], along[row]);
    gemm<T>(columns, m, rows, {weights, 1, columns}, g, {dv + j * m, m}, dv + j * m);
    gemm<T>(rows, d, columns, {slopes, columns, 1}, from_row(p.k.at(head), j), {dq + i * d, d}, dq + i * d);
    gemm<T>(columns, d, rows, {slopes, 1, columns}, {scaled, d, 1}, {dk + j * d, d}, dk + j * d);
  }
};

/// How many matrices an array has.
std::int64_t head_count(const Array& x) {
  std::int64_t count = 1;
  for (std::size_t axis = 0; axis + 2 < x.rank(); ++axis) count *= x.shape()[axis];
  return count;
}

}  // namespace

Attention attention(const Array& q, const Array& k, const Array& v, const Scores& scores) {
  Shape rows = q.shape(), shape = q.shape();
  rows.erase(-1);
  shape[-1] = v.shape().back();
  const Attention result{Array::empty(shape, q.dtype()), Array::empty(rows, q.dtype())};
  dispatch_floating(q.dtype(), [&]<class T>() {
    const Problem<T> p(q, k, v, scores);
    const std::int64_t blocks = (p.queries + query_block - 1) / query_block, heads = head_count(q);
    T *const y = result.y.data<T>(), *const log_sums = result.log_sums.data<T>();
    parallel_for(heads * blocks, 1, static_cast<double>(heads) * p.operations(2), [&](auto begin, auto end) {
      Numbers<T> room = numbers<T>(p.keys * p.d + query_block * (p.d + key_block));
      T* const scratch = room.data() + p.keys * p.d;
      for (std::int64_t n = begin; n < end; ++n) {
        const std::int64_t head = n / blocks, i = n % blocks * query_block, row = head * p.queries + i;
        if (n == begin || i == 0) transpose_blocks(p.k.at(head), p.keys, p.d, room.data());
        attend(p, head, i, std::min(query_block, p.queries - i), room.data(), scratch, y + row * p.m, log_sums + row);
      }
    });
  });
  return result;
}

AttentionGradient attention_gradient(const Array& dy, const Array& q, const Array& k, const Array& v,
                                     const Attention& result, const Scores& scores) {
  AttentionGradient gradient{Array::empty(q.shape(), q.dtype()), Array::empty(k.shape(), q.dtype()),
                             Array::empty(v.shape(), q.dtype())};
  const Borrowed y(result.y), log_sums(result.log_sums);
  dispatch_floating(q.dtype(), [&]<class T>() {
    const Problem<T> p(q, k, v, scores);
    const Heads<T> dys(dy);
    const std::int64_t heads = head_count(q);
    parallel_for(heads, 1, static_cast<double>(heads) * p.operations(5), [&](auto begin, auto end) {
      for (std::int64_t head = begin; head < end; ++head) {
        const std::int64_t row = head * p.queries, key = head * p.keys;
        const HeadGradient<T> part{p,
                                   head,
                                   dys.at(head),
                                   log_sums->data<T>() + row,
                                   gradient.q.data<T>() + row * p.d,
                                   gradient.k.data<T>() + key * p.d,
                                   gradient.v.data<T>() + key * p.m};
        part.compute(y->data<T>() + row * p.m);
      }
    });
  });
  return gradient;
}

}  // namespace xg::kernels
