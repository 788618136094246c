#include "lib/kernels/scan.hpp"

#include <algorithm>
#include <numeric>
#include <type_traits>
#include <vector>

#include "lib/kernels/exact.hpp"
#include "lib/kernels/wrapping.hpp"

namespace xg::kernels {
namespace {

/// How an axis is walked: `outer` times `extent` steps, each `inner` elements wide.
struct Lines {
  std::int64_t outer = 1, extent, inner = 1;

  Lines(const Shape& shape, std::size_t axis) : extent(shape[axis]) {
    for (std::size_t i = 0; i < axis; ++i) outer *= shape[i];
    for (std::size_t i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  }

  /// Calls f(place of the first element) for every line; its elements are `inner` apart.
  template <class F>
  void for_each(F f) const {
    if (extent == 0 || inner == 0) return;
    for (std::int64_t o = 0; o < outer; ++o)
      for (std::int64_t i = 0; i < inner; ++i) f(o * extent * inner + i);
  }
};

/// What a running sum or product is kept in: float32 in float64, whose rounding is lost in its own.
template <class T>
using Kept = std::conditional_t<std::is_same_v<T, float>, double, T>;

template <class T>
struct RunningSum {
  Kept<T> total = 0;

  T add(T x) {
    total = wrapping([](auto a, auto b) { return a + b; })(total, static_cast<Kept<T>>(x));
    return static_cast<T>(total);
  }
};

/// In float64 what rounding loses is added up beside it.
template <>
struct RunningSum<double> {
  double total = 0, lost = 0;

  double add(double x) {
    const Twofold<double> sum = exact_sum(total, x);
    total = sum.high;
    lost += sum.low;
    return lost == lost ? total + lost : total;  // nothing is lost next to infinity
  }
};

template <class T>
struct RunningProduct {
  Kept<T> total = 1;

  T add(T x) {
    total = wrapping([](auto a, auto b) { return a * b; })(total, static_cast<Kept<T>>(x));
    return static_cast<T>(total);
  }
};

template <template <class> class Running>
Array running(const Array& x, std::size_t axis) {
  const Array from = is_floating(x.dtype()) ? x.contiguous() : x.astype(int64).contiguous();
  const Array out = Array::empty(x.shape(), from.dtype());
  const Lines lines(x.shape(), axis);
  dispatch_numeric(from.dtype(), [&]<class T>() {
    const T* in = from.data<T>();
    T* to = out.data<T>();
    lines.for_each([&](std::int64_t at) {
      Running<T> so_far;
      for (std::int64_t i = 0; i < lines.extent; ++i, at += lines.inner) to[at] = so_far.add(in[at]);
    });
  });
  return out;
}

template <class Better>
Array running_index(const Array& x, std::size_t axis, Better better) {
  const Array from = x.contiguous(), out = Array::empty(x.shape(), int64);
  const Lines lines(x.shape(), axis);
  dispatch(x.dtype(), [&]<class T>() {
    const T* in = from.data<T>();
    lines.for_each([&](std::int64_t first) {
      std::int64_t best = 0;
      for (std::int64_t i = 0; i < lines.extent; ++i) {
        const T value = in[first + i * lines.inner], top = in[first + best * lines.inner];
        if (better(value, top) || (value != value && top == top)) best = i;
        out.data<std::int64_t>()[first + i * lines.inner] = best;
      }
    });
  });
  return out;
}

}  // namespace

Array cumsum(const Array& x, std::size_t axis) { return running<RunningSum>(x, axis); }

Array cumprod(const Array& x, std::size_t axis) { return running<RunningProduct>(x, axis); }

Array running_argmax(const Array& x, std::size_t axis) {
  return running_index(x, axis, [](auto a, auto b) { return a > b; });
}

Array running_argmin(const Array& x, std::size_t axis) {
  return running_index(x, axis, [](auto a, auto b) { return a < b; });
}

Array recurrence(const Array& a, const Array& b, std::size_t axis) {
  const Array factors = a.contiguous(), terms = b.contiguous(), out = Array::empty(b.shape(), b.dtype());
  const Lines lines(b.shape(), axis);
  dispatch_floating(b.dtype(), [&]<class T>() {
    const T *factor = factors.data<T>(), *term = terms.data<T>();
    T* to = out.data<T>();
    lines.for_each([&](std::int64_t at) {
      T value = 0;
      for (std::int64_t i = 0; i < lines.extent; ++i, at += lines.inner)
        to[at] = value = i == 0 ? term[at] : factor[at] * value + term[at];
    });
  });
  return out;
}

Array argsort(const Array& x, std::size_t axis, bool descending) {
  const Array from = x.contiguous(), out = Array::empty(x.shape(), int64);
  if (out.size() == 0) return out;
  const Lines lines(x.shape(), axis);
  std::vector<std::int64_t> order(static_cast<std::size_t>(lines.extent));
  dispatch(x.dtype(), [&]<class T>() {
    const T* in = from.data<T>();
    lines.for_each([&](std::int64_t first) {
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(), [&](std::int64_t i, std::int64_t j) {
        const T a = in[first + (descending ? j : i) * lines.inner], b = in[first + (descending ? i : j) * lines.inner];
        return a < b || (a == a && b != b);
      });
      for (std::int64_t i = 0; i < lines.extent; ++i)
        out.data<std::int64_t>()[first + i * lines.inner] = order[static_cast<std::size_t>(i)];
    });
  });
  return out;
}

}  // namespace xg::kernels
