#pragma once

#include <cstdint>

#include "lib/export.hpp"

namespace xg {

/// How many threads an operation may use; 0: as many as $XGRAD_NUM_THREADS says, or else as the machine has. Results
/// are the same bits for any number. A negative one, or a 0 where $XGRAD_NUM_THREADS is no number, is a ValueError. Where
/// the system cannot make that many threads, operations use fewer.
XG_API void set_num_threads(int count);
/// How many threads an operation may use now. Until a number was set, $XGRAD_NUM_THREADS is read by the first
/// operation, which fails with a ValueError where that is no number. Always 1 in a child made by fork() when its parent
/// had several: OpenMP does not survive that.
XG_API int num_threads();

namespace detail {

using Piece = void (*)(const void* context, std::int64_t begin, std::int64_t end);

/// How many grains `count` elements are cut into; the last may be smaller.
constexpr std::int64_t grains(std::int64_t count, std::int64_t grain) { return count / grain + (count % grain != 0); }
/// How many threads pay off for that many grains and operations.
int worthwhile_threads(std::int64_t grains, double operations);
void run_pieces(int threads, std::int64_t count, std::int64_t grain, Piece piece, const void* context);

}  // namespace detail

/// Calls `piece(begin, end)` for consecutive parts of [0, count), on as many threads as pay off for that many
/// elementary operations in all. Cuts lie at multiples of `grain`; a piece must give the same bits wherever it is cut.
/// An exception ends its own part only; when all have ended, the one of the first part that failed is thrown.
template <class F>
void parallel_for(std::int64_t count, std::int64_t grain, double operations, const F& piece) {
  const int threads = detail::worthwhile_threads(detail::grains(count, grain), operations);
  if (threads <= 1) return piece(std::int64_t{0}, count);
  const detail::Piece call = [](const void* context, std::int64_t begin, std::int64_t end) {
    (*static_cast<const F*>(context))(begin, end);
  };
  detail::run_pieces(threads, count, grain, call, &piece);
}

}  // namespace xg
