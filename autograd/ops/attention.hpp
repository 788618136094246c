#pragma once

#include <cstdint>
#include <optional>

#include "autograd/operand.hpp"
#include "lib/random.hpp"

namespace xg {

/// Who sees whom, and how much is forgotten.
struct AttentionOptions {
  Tensor mask = {};       ///< broadcasts to (..., queries, keys): boolean, true where a key is seen, or added to scores
  bool causal = false;    ///< query i sees the keys up to past + i alone
  std::int64_t past = 0;  ///< causal: how many keys come before that of the first query, as in a cache
  std::optional<double> scale = {};  ///< of the scores; 1 / sqrt(d) by default
  double dropout = 0;                ///< the rate at which weights are left out
  Generator* generator = nullptr;    ///< draws what is left out; needed for a dropout above 0
};
/// softmax(scale q k^T + mask) v for q (..., queries, d), k (..., keys, d) and v (..., keys, m) -> (..., queries, m);
/// axes before these broadcast (Vaswani and others, Attention is all you need, 2017). A query that may see no key gives
/// zeros, and a gradient of zeros.
///
/// Blocks of scores are made, used and forgotten, forwards and backwards (Dao and others, FlashAttention, 2022): memory
/// grows with the tokens. With their square it grows where the scores themselves are needed: for a dropout, for the
/// gradient of an additive mask, and in a backward pass that is recorded.
XG_API Tensor scaled_dot_product_attention(const Operand& q, const Operand& k, const Operand& v,
                                           const AttentionOptions& options = {});

}  // namespace xg
