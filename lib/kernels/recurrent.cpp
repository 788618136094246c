#include "lib/kernels/recurrent.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "lib/kernels/exponential.hpp"
#include "lib/kernels/formula.hpp"
#include "lib/parallel.hpp"

namespace xg::kernels {
namespace {

enum Gate : std::int64_t { input, forget, candidate, output };

/// sigmoid(x) and its derivative.
template <class V>
struct Sigmoid {
  V value, slope;

  [[gnu::always_inline]] explicit Sigmoid(V x) {
    using T = Element<V>;
    const V e = decay(negative_magnitude(x)).value();
    value = (x < T{0} ? e : V{} + T{1}) / (e + T{1});
    slope = e / square_of_one_more(e);
  }
};

/// 1 - y^2 for y = tanh(x).
template <class V>
[[gnu::always_inline]] inline V tanh_slope(V y) {
  return (Element<V>{1} - y) * (Element<V>{1} + y);
}

/// A matrix whose rows are side by side, or one gate of it.
template <class T>
struct Rows {
  T* data;
  std::int64_t step;

  explicit Rows(const Array& x, std::int64_t column = 0) : data(x.data<T>() + column), step(x.strides()[0]) {}
};

/// The array itself if its rows are side by side.
Array with_rows(const Array& x) { return x.strides()[1] == 1 ? x : x.contiguous(); }

/// out[i] = f(in[i]...) for `count` numbers from i on, which fill a pack or less of one.
template <class T, std::size_t Ins, std::size_t Outs, class F>
[[gnu::always_inline]] inline void one_pack(const std::array<const T*, Ins>& in, const std::array<T*, Outs>& out,
                                            std::int64_t i, std::size_t bytes, F f) {
  std::array<Pack<T>, Ins> from{};
#pragma GCC unroll 8
  for (std::size_t k = 0; k < Ins; ++k) std::memcpy(&from[k], in[k] + i, bytes);
  const std::array<Pack<T>, Outs> to = f(from);
#pragma GCC unroll 8
  for (std::size_t k = 0; k < Outs; ++k) std::memcpy(out[k] + i, &to[k], bytes);
}

/// out = f(in...) for `columns` of all rows. The last of a row are made a whole pack.
template <class T, std::size_t Ins, std::size_t Outs, class F>
void in_rows(std::int64_t rows, std::int64_t columns, const std::array<Rows<T>, Ins>& in,
             const std::array<Rows<T>, Outs>& out, F f) {
  constexpr auto lanes = static_cast<std::int64_t>(sizeof(Pack<T>) / sizeof(T));
  const double operations = formula_cost * static_cast<double>(rows * columns * (Ins + Outs)) / 2;
  parallel_for(rows, 1, operations, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      std::array<const T*, Ins> from;
      std::array<T*, Outs> to;
      for (std::size_t k = 0; k < Ins; ++k) from[k] = in[k].data + row * in[k].step;
      for (std::size_t k = 0; k < Outs; ++k) to[k] = out[k].data + row * out[k].step;
      std::int64_t i = 0;
      for (; i + lanes <= columns; i += lanes) one_pack<T>(from, to, i, sizeof(Pack<T>), f);
      if (i < columns) one_pack<T>(from, to, i, static_cast<std::size_t>(columns - i) * sizeof(T), f);
    }
  });
}

}  // namespace

Array lstm_state(const Array& gates, const Array& c) {
  const Array z = with_rows(gates), state = with_rows(c), next = Array::empty(c.shape(), c.dtype());
  const std::int64_t rows = c.shape()[0], n = c.shape()[1];
  dispatch_floating(c.dtype(), [&]<class T>() {
    using V = Pack<T>;
    in_rows<T, 4, 1>(
        rows, n, {Rows<T>(z, input * n), Rows<T>(z, forget * n), Rows<T>(z, candidate * n), Rows<T>(state)},
        {Rows<T>(next)}, [](const std::array<V, 4>& x) __attribute__((always_inline)) {
          return std::array<V, 1>{logistic(x[1]) * x[3] + logistic(x[0]) * hyperbolic_tangent(x[2])};
        });
  });
  return next;
}

void lstm_state_gradient(Array& total, const Array& dy, const Array& gates, const Array& c) {
  const Array z = with_rows(gates), state = with_rows(c), g = with_rows(dy);
  const std::int64_t rows = c.shape()[0], n = c.shape()[1];
  dispatch_floating(c.dtype(), [&]<class T>() {
    using V = Pack<T>;
    const Rows<T> i(total, input * n), f(total, forget * n), candidates(total, candidate * n);
    in_rows<T, 8, 3>(
        rows, n,
        {Rows<T>(z, input * n), Rows<T>(z, forget * n), Rows<T>(z, candidate * n), Rows<T>(state), Rows<T>(g), i, f,
         candidates},
        {i, f, candidates}, [](const std::array<V, 8>& x) __attribute__((always_inline)) {
          const Sigmoid<V> in(x[0]), keep(x[1]);
          const V now = hyperbolic_tangent(x[2]);
          return std::array<V, 3>{x[5] + x[4] * now * in.slope, x[6] + x[4] * x[3] * keep.slope,
                                  x[7] + x[4] * in.value * tanh_slope(now)};
        });
  });
}

Array lstm_state_back(const Array& dy, const Array& gates) {
  const Array z = with_rows(gates), g = with_rows(dy), result = Array::empty(dy.shape(), dy.dtype());
  const std::int64_t rows = dy.shape()[0], n = dy.shape()[1];
  dispatch_floating(dy.dtype(), [&]<class T>() {
    using V = Pack<T>;
    in_rows<T, 2, 1>(
        rows, n, {Rows<T>(z, forget * n), Rows<T>(g)}, {Rows<T>(result)},
        [](const std::array<V, 2>& x)
            __attribute__((always_inline)) { return std::array<V, 1>{x[1] * logistic(x[0])}; });
  });
  return result;
}

Array lstm_output(const Array& gates, const Array& c) {
  const Array z = with_rows(gates), state = with_rows(c), h = Array::empty(c.shape(), c.dtype());
  const std::int64_t rows = c.shape()[0], n = c.shape()[1];
  dispatch_floating(c.dtype(), [&]<class T>() {
    using V = Pack<T>;
    in_rows<T, 2, 1>(
        rows, n, {Rows<T>(z, output * n), Rows<T>(state)}, {Rows<T>(h)},
        [](const std::array<V, 2>& x)
            __attribute__((always_inline)) { return std::array<V, 1>{logistic(x[0]) * hyperbolic_tangent(x[1])}; });
  });
  return h;
}

void lstm_output_gradient(Array& total, const Array& dy, const Array& gates, const Array& c) {
  const Array z = with_rows(gates), state = with_rows(c), g = with_rows(dy);
  const std::int64_t rows = c.shape()[0], n = c.shape()[1];
  dispatch_floating(c.dtype(), [&]<class T>() {
    using V = Pack<T>;
    const Rows<T> o(total, output * n);
    in_rows<T, 4, 1>(
        rows, n, {Rows<T>(z, output * n), Rows<T>(state), Rows<T>(g), o}, {o},
        [](const std::array<V, 4>& x) __attribute__((always_inline)) {
          return std::array<V, 1>{x[3] + x[2] * hyperbolic_tangent(x[1]) * Sigmoid<V>(x[0]).slope};
        });
  });
}

Array lstm_output_back(const Array& dy, const Array& gates, const Array& c) {
  const Array z = with_rows(gates), state = with_rows(c), g = with_rows(dy);
  const Array result = Array::empty(c.shape(), c.dtype());
  const std::int64_t rows = c.shape()[0], n = c.shape()[1];
  dispatch_floating(c.dtype(), [&]<class T>() {
    using V = Pack<T>;
    in_rows<T, 3, 1>(
        rows, n, {Rows<T>(z, output * n), Rows<T>(state), Rows<T>(g)}, {Rows<T>(result)},
        [](const std::array<V, 3>& x) __attribute__((always_inline)) {
          return std::array<V, 1>{x[2] * logistic(x[0]) * tanh_slope(hyperbolic_tangent(x[1]))};
        });
  });
  return result;
}

}  // namespace xg::kernels
