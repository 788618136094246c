#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lib/array.hpp"
#include "lib/memory_pool.hpp"
#include "lib/parallel.hpp"

namespace xg::kernels {

template <class T>
using Numbers = std::vector<T, pool::Allocator<T>>;

template <class T>
Numbers<T> zero_numbers(std::int64_t count) {
  return Numbers<T>(static_cast<std::size_t>(count));
}

/// How the rows of a matrix are cut: into blocks that stay in the first cache, and these into groups, one for a thread
/// to fold. Neither depends on the number of threads.
struct RowCuts {
  std::int64_t rows, n, block, group;

  explicit RowCuts(const Array& x) : rows(x.size() / x.shape().back()), n(x.shape().back()) {
    constexpr std::int64_t elements = 4096, groups = 64;
    block = std::clamp<std::int64_t>(elements / n, 8, 1024);
    group = std::max(block, ((rows + groups - 1) / groups + block - 1) / block * block);
  }

  std::int64_t groups() const { return (rows + group - 1) / group; }

  /// Calls fold(block's first row, its rows, the group's numbers) for every block, the groups side by side, and then
  /// join(group's rows, its numbers) in their order.
  template <class Fold, class Join>
  void for_each(std::int64_t numbers, Fold fold, Join join) const {
    Numbers<double> partial = zero_numbers<double>(groups() * numbers);
    parallel_for(groups(), 1, 3 * static_cast<double>(rows * n), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t g = begin; g < end; ++g)
        for (std::int64_t row = g * group; row < std::min(rows, (g + 1) * group); row += block)
          fold(row, std::min(block, rows - row), row - g * group, partial.data() + g * numbers);
    });
    for (std::int64_t g = 0; g < groups(); ++g) join(std::min(group, rows - g * group), partial.data() + g * numbers);
  }
};

}  // namespace xg::kernels
