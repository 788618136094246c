#pragma once

#include <cstdint>
#include <functional>

#include "lib/export.hpp"

namespace xg {

/// How many threads an operation may use; 0: as many as the machine has, or $XGRAD_NUM_THREADS. Results are the same bits
/// for any number. A negative one is a ValueError.
XG_API void set_num_threads(int count);
XG_API int num_threads();

/// Calls `piece(begin, end)` for consecutive parts of [0, count), on as many threads as pay off for that many operations
/// in all. Every part but the last is a multiple of `grain`; where the parts end never depends on anything but the
/// number of threads, so a piece must give the same bits wherever it is cut.
void parallel_for(std::int64_t count, std::int64_t grain, double operations,
                  const std::function<void(std::int64_t begin, std::int64_t end)>& piece);

}  // namespace xg
