#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

/// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1,
/// 2, 3" (SC 2011): a keyed bijection of 128-bit counters whose outputs pass every known test of randomness.
namespace xg::philox {

using Block = std::array<std::uint32_t, 4>;
using Key = std::array<std::uint32_t, 2>;

inline constexpr int rounds = 10;
inline constexpr std::uint32_t multiplier_0 = 0xD2511F53, multiplier_1 = 0xCD9E8D57;
inline constexpr std::uint32_t key_step_0 = 0x9E3779B9, key_step_1 = 0xBB67AE85;

/// The four random words of a counter.
constexpr Block block(Block counter, Key key) {
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t product_0 = std::uint64_t{multiplier_0} * counter[0];
    const std::uint64_t product_1 = std::uint64_t{multiplier_1} * counter[2];
    counter = {static_cast<std::uint32_t>(product_1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(product_1),
               static_cast<std::uint32_t>(product_0 >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(product_0)};
    key = {key[0] + key_step_0, key[1] + key_step_1};
  }
  return counter;
}

/// The random words of one draw: the blocks whose counters end in `step`.
struct Stream {
  Key key;
  std::uint64_t step;

  /// The counter of block `index`, which is below 2^48. A word that has to be drawn again is taken from the block of
  /// the same index and the next attempt, so that no draw moves the words of another element.
  constexpr Block counter(std::uint64_t index, std::uint16_t attempt = 0) const {
    index |= std::uint64_t{attempt} << 48;
    return {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
            static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32)};
  }
};

inline constexpr std::size_t group_blocks = 16;
inline constexpr std::array<std::uint64_t, group_blocks> block_offsets{0, 1, 2,  3,  4,  5,  6,  7,
                                                                       8, 9, 10, 11, 12, 13, 14, 15};
/// The 64 words of 16 neighbouring blocks, in pairs with the lower word first: words 0 and 1 of every block, then words
/// 2 and 3 of every block.
using Group = std::array<std::uint64_t, 2 * group_blocks>;

#if defined(__AVX512F__)
inline constexpr std::size_t vector_bytes = 64;
#elif defined(__AVX2__)
inline constexpr std::size_t vector_bytes = 32;
#else
inline constexpr std::size_t vector_bytes = 16;
#endif

/// One 32-bit word of several blocks, each in the lower half of 64 bits: the form the multiplier of wide vectors takes.
/// The upper halves hold rubbish.
typedef std::uint64_t Lanes __attribute__((vector_size(vector_bytes)));

/// The 64-bit products of the lower halves, which the compiler does not find by itself.
inline Lanes multiply(Lanes a, std::uint32_t b) {
  const Lanes factor = Lanes{} + b;
#if defined(__AVX512F__)
  return (Lanes)_mm512_maskz_mul_epu32(0xFF, (__m512i)a, (__m512i)factor);
#elif defined(__AVX2__)
  return (Lanes)_mm256_mul_epu32((__m256i)a, (__m256i)factor);
#elif defined(__SSE2__)
  return (Lanes)_mm_mul_epu32((__m128i)a, (__m128i)factor);
#else
  return (a & 0xFFFFFFFF) * factor;
#endif
}

/// The words of group `index`, that is of the blocks from 16 * index on.
inline Group group(Stream stream, std::uint64_t index) {
  constexpr std::size_t lanes = vector_bytes / sizeof(std::uint64_t);
  constexpr std::size_t vectors = std::min<std::size_t>(group_blocks / lanes, 4);  // their products overlap in time
  const Block counter = stream.counter(index * group_blocks);
  Group words;
  for (std::size_t start = 0; start < group_blocks; start += vectors * lanes) {
    Lanes a[vectors], b[vectors], c[vectors], d[vectors];
    for (std::size_t v = 0; v < vectors; ++v) {
      std::memcpy(&a[v], &block_offsets[start + v * lanes], sizeof a[v]);
      a[v] += counter[0];
      b[v] = Lanes{} + counter[1];
      c[v] = Lanes{} + counter[2];
      d[v] = Lanes{} + counter[3];
    }
    Key key = stream.key;
#pragma GCC unroll 10
    for (int round = 0; round < rounds; ++round) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < vectors; ++v) {
        const Lanes product_0 = multiply(a[v], multiplier_0), product_1 = multiply(c[v], multiplier_1);
        a[v] = (product_1 >> 32) ^ b[v] ^ key[0];
        c[v] = (product_0 >> 32) ^ d[v] ^ key[1];
        b[v] = product_1;
        d[v] = product_0;
      }
      key = {key[0] + key_step_0, key[1] + key_step_1};
    }
    for (std::size_t v = 0; v < vectors; ++v) {
      const Lanes first = (a[v] & 0xFFFFFFFF) | b[v] << 32, second = (c[v] & 0xFFFFFFFF) | d[v] << 32;
      std::memcpy(&words[start + v * lanes], &first, sizeof first);
      std::memcpy(&words[group_blocks + start + v * lanes], &second, sizeof second);
    }
  }
  return words;
}

}  // namespace xg::philox
