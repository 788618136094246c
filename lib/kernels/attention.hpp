#pragma once

#include <cstdint>

#include "lib/array.hpp"

namespace xg::kernels {

// For floating q (..., queries, d), k (..., keys, d) and v (..., keys, m) with the same axes before, in any strides.
// The scores of a block of queries and keys are all that is ever held of them.

/// What becomes of the products of queries and keys.
struct Scores {
  double scale = 1;
  Array mask = {};  ///< undefined, or (..., queries, keys): boolean, true where a key is seen, or added in q's dtype
  bool causal = false;  ///< query i sees the keys up to past + i alone
  std::int64_t past = 0;
};

/// softmax(scores) v, and ln of the sum of e^score for each query (..., queries), from which the weights are computed
/// again. A query that sees no key gives zeros; its sum is told as infinite.
struct Attention {
  Array y, log_sums;
};
Attention attention(const Array& q, const Array& k, const Array& v, const Scores& scores);

/// The gradients of its inputs from that of y.
struct AttentionGradient {
  Array q, k, v;
};
AttentionGradient attention_gradient(const Array& dy, const Array& q, const Array& k, const Array& v,
                                     const Attention& result, const Scores& scores);

}  // namespace xg::kernels
