#include "lib/kernels/softmax.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lib/kernels/best_of_row.hpp"
#include "lib/kernels/borrowed.hpp"
#include "lib/kernels/exponential.hpp"
#include "lib/kernels/formula.hpp"
#include "lib/memory_pool.hpp"
#include "lib/parallel.hpp"

namespace xg::kernels {
namespace {

/// The sum of a row: whole chunks in lanes that the compiler keeps in vector registers, a block of them at a time, so
/// that its error does not grow with the row's length.
template <class T>
T row_total(const T* x, std::int64_t count) {
  constexpr std::int64_t lanes = 64, block = 64 * lanes;
  double total = 0;
  std::int64_t i = 0;
  while (i + lanes <= count) {
    T partial[lanes] = {};
    for (const std::int64_t end = std::min(count, i + block); i + lanes <= end; i += lanes)
      for (std::int64_t l = 0; l < lanes; ++l) partial[l] += x[i + l];
    for (const T lane : partial) total += static_cast<double>(lane);
  }
  T rest = 0;
  for (; i < count; ++i) rest += x[i];
  return static_cast<T>(total + static_cast<double>(rest));
}

/// Calls rows(first element, elements) for blocks of whole rows that stay in the first cache.
template <class Rows>
void for_blocks_of_rows(const Array& x, Rows rows) {
  constexpr std::int64_t elements = 4096;
  const std::int64_t width = x.shape().back();
  if (x.size() == 0) return;
  const std::int64_t block = std::max<std::int64_t>(1, elements / width) * width;
  parallel_for(x.size() / width, 1, formula_cost * static_cast<double>(x.size()), [&](auto begin, auto end) {
    for (std::int64_t i = begin * width; i < end * width; i += block) rows(i, std::min(block, end * width - i));
  });
}

/// to = from minus the largest element of its row, over whole rows.
template <class T>
void shift(const T* from, T* to, std::int64_t count, std::int64_t width) {
  for (const T* const end = from + count; from < end; from += width, to += width) {
    const T top = best_of_row(from, width, greater);
    for (std::int64_t k = 0; k < width; ++k) to[k] = from[k] - top;
  }
}

/// exp of whole packs.
template <class T>
void exponentials(const T* from, T* to, std::int64_t count) {
  in_packs(from, to, count, [](auto v) { return exponential(v); });
}

}  // namespace

Array softmax(const Array& x) {
  const Borrowed in(x);
  const Array out = Array::empty(x.shape(), x.dtype());
  dispatch_floating(x.dtype(), [&]<class T>() {
    const std::int64_t width = x.shape().back();
    for_blocks_of_rows(x, [&](std::int64_t first, std::int64_t count) {
      T* const to = out.data<T>() + first;
      shift(in->data<T>() + first, to, count, width);
      exponentials(to, to, count);
      for (T* row = to; row < to + count; row += width) {
        const T sum = row_total(row, width);
        for (std::int64_t k = 0; k < width; ++k) row[k] /= sum;
      }
    });
  });
  return out;
}

Array log_softmax(const Array& x) {
  const Borrowed in(x);
  const Array out = Array::empty(x.shape(), x.dtype());
  dispatch_floating(x.dtype(), [&]<class T>() {
    const std::int64_t width = x.shape().back();
    for_blocks_of_rows(x, [&](std::int64_t first, std::int64_t count) {
      T* const to = out.data<T>() + first;
      shift(in->data<T>() + first, to, count, width);
      std::vector<T, pool::Allocator<T>> powers(static_cast<std::size_t>(count));
      exponentials(to, powers.data(), count);
      std::vector<T, pool::Allocator<T>> totals(static_cast<std::size_t>(count / width));
      for (std::size_t row = 0; row < totals.size(); ++row)
        totals[row] = row_total(powers.data() + static_cast<std::int64_t>(row) * width, width);
      in_packs(totals.data(), totals.data(), count / width, [](auto v) { return logarithm(v); });
      for (std::int64_t i = 0; i < count; ++i) to[i] -= totals[static_cast<std::size_t>(i / width)];
    });
  });
  return out;
}

Array softmax_gradient(const Array& dy, const Array& y) {
  const Borrowed given(dy), value(y);
  const Array out = Array::empty(y.shape(), y.dtype());
  dispatch_floating(y.dtype(), [&]<class T>() {
    const std::int64_t width = y.shape().back();
    for_blocks_of_rows(y, [&](std::int64_t first, std::int64_t count) {
      T* const to = out.data<T>() + first;
      const T *const g = given->data<T>() + first, *const v = value->data<T>() + first;
      for (std::int64_t i = 0; i < count; ++i) to[i] = g[i] * v[i];
      for (std::int64_t row = 0; row < count; row += width) {
        const T along = row_total(to + row, width);
        for (std::int64_t k = row; k < row + width; ++k) to[k] = v[k] * (g[k] - along);
      }
    });
  });
  return out;
}

}  // namespace xg::kernels
