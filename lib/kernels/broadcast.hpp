#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/array.hpp"

namespace xg::kernels {

/// One row of out = f(a, b). Operands that lie next to each other, or repeat one element, run as plain loops that the
/// compiler vectorises: an output may be an operand itself, but never overlaps one otherwise, which the pragma says.
/// Kept a function of its own, as g++ 12 does not vectorise it inside its callers.
template <class In, class Out, class F>
[[gnu::noinline]] void broadcast_row(const In* x, const In* y, Out* z, std::int64_t count,
                                     const std::array<std::int64_t, 3>& step, F f) {
  if (step[0] == 1 && step[1] == 1 && step[2] == 1) {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) z[i] = f(x[i], y[i]);
  } else if (step[0] == 1 && step[1] == 0 && step[2] == 1) {
    const In value = *y;
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) z[i] = f(x[i], value);
  } else if (step[0] == 0 && step[1] == 1 && step[2] == 1) {
    const In value = *x;
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) z[i] = f(value, y[i]);
  } else {
    for (std::int64_t i = 0; i < count; ++i) z[i * step[2]] = f(x[i * step[0]], y[i * step[1]]);
  }
}

/// What broadcast_rows() calls for a part of a row: where the operands' and the result's elements start, how many there
/// are and how far apart, in elements.
using BroadcastRow = void (*)(const void* function, const std::byte* x, const std::byte* y, std::byte* z,
                              std::int64_t count, const std::array<std::int64_t, 3>& step);

/// Calls `row` for all rows of the shape of `out`, to which both operands broadcast; one that is long is cut for
/// threads. The same code for all dtypes and functions, which would make most of the library otherwise.
void broadcast_rows(const Array& a, const Array& b, Array& out, BroadcastRow row, const void* function);

/// out[i] = f(a[i], b[i]) over the shape of `out`, to which both broadcast.
template <class In, class Out, class F>
void broadcast_loop(const Array& a, const Array& b, Array& out, F f) {
  const BroadcastRow row = [](const void* function, const std::byte* x, const std::byte* y, std::byte* z,
                              std::int64_t count, const std::array<std::int64_t, 3>& step) {
    broadcast_row(reinterpret_cast<const In*>(x), reinterpret_cast<const In*>(y), reinterpret_cast<Out*>(z), count,
                  step, *static_cast<const F*>(function));
  };
  broadcast_rows(a, b, out, row, &f);
}

/// The shape two operands broadcast to. That they do is the caller's check.
Shape broadcast_shape(const Array& a, const Array& b);

}  // namespace xg::kernels
