#pragma once

#include "lib/kernels/loops.hpp"

namespace xg::kernels {

/// out[i] = f(a[i], b[i]) over `out`'s shape, to which both broadcast. Rows that lie next to each other, or repeat one
/// element, run as plain loops that the compiler vectorises.
template <class In, class Out, class F>
void broadcast_loop(const Array& a, const Array& b, Array& out, F f) {
  const In* from_a = a.data<In>();
  const In* from_b = b.data<In>();
  Out* to = out.data<Out>();
  const std::array<Strides, 3> strides{a.broadcast_to(out.shape()).strides(), b.broadcast_to(out.shape()).strides(),
                                       out.strides()};
  for_each_row<3>(out.shape(), strides, [&](const auto& offset, std::int64_t count, const auto& step) {
    const In* x = from_a + offset[0];
    const In* y = from_b + offset[1];
    Out* z = to + offset[2];
    if (step[0] == 1 && step[1] == 1 && step[2] == 1)
      for (std::int64_t i = 0; i < count; ++i) z[i] = f(x[i], y[i]);
    else if (step[0] == 1 && step[1] == 0 && step[2] == 1)
      for (std::int64_t i = 0; i < count; ++i) z[i] = f(x[i], *y);
    else if (step[0] == 0 && step[1] == 1 && step[2] == 1)
      for (std::int64_t i = 0; i < count; ++i) z[i] = f(*x, y[i]);
    else
      for (std::int64_t i = 0; i < count; ++i) z[i * step[2]] = f(x[i * step[0]], y[i * step[1]]);
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
