#pragma once

#include "lib/kernels/loops.hpp"
#include "lib/parallel.hpp"

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

/// out[i] = f(a[i], b[i]) over the shape of `out`, to which both broadcast. A row is cut for threads if it is long.
template <class In, class Out, class F>
void broadcast_loop(const Array& a, const Array& b, Array& out, F f) {
  const In *from_a = a.data<In>(), *from_b = b.data<In>();
  Out* to = out.data<Out>();
  const bool flat = a.is_contiguous() && b.is_contiguous() && out.is_contiguous();
  if (flat && a.shape() == out.shape() && b.shape() == out.shape())
    return parallel_for(out.size(), 64, static_cast<double>(out.size()), [&](std::int64_t begin, std::int64_t end) {
      broadcast_row(from_a + begin, from_b + begin, to + begin, end - begin, {1, 1, 1}, f);
    });
  const std::array<Strides, 3> strides{a.broadcast_to(out.shape()).strides(), b.broadcast_to(out.shape()).strides(),
                                       out.strides()};
  for_each_row<3>(out.shape(), strides, [&](const auto& offset, std::int64_t count, const auto& step) {
    parallel_for(count, 64, static_cast<double>(count), [&](std::int64_t begin, std::int64_t end) {
      broadcast_row(from_a + offset[0] + begin * step[0], from_b + offset[1] + begin * step[1],
                    to + offset[2] + begin * step[2], end - begin, step, f);
    });
  });
}

/// The shape two operands broadcast to. That they do is the caller's check.
inline Shape broadcast_shape(const Array& a, const Array& b) {
  if (a.shape() == b.shape()) return a.shape();
  const auto shape = broadcast_shapes(a.shape(), b.shape());
  if (!shape) throw ShapeError(concat("shapes ", a.shape(), " and ", b.shape(), " do not broadcast"));
  return *shape;
}

}  // namespace xg::kernels
