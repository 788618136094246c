#include "lib/kernels/elementwise.hpp"

#include <cmath>
#include <numbers>

#include "lib/kernels/borrowed.hpp"
#include "lib/kernels/exact.hpp"
#include "lib/kernels/exponential.hpp"
#include "lib/kernels/formula.hpp"
#include "lib/kernels/wrapping.hpp"

namespace xg::kernels {
namespace {

/// A plain loop, for what needs no vector mathematics and keeps integer dtypes.
template <class F>
Array numeric(const Array& x, F f) {
  const Borrowed in(x);
  const Array out = Array::empty(x.shape(), x.dtype());
  dispatch_numeric(x.dtype(), [&]<class T>() {
    parallel_for(x.size(), lanes<T>, static_cast<double>(x.size()), [&](auto begin, auto end) {
      const T* from = in->data<T>();
      T* to = out.data<T>();
      for (auto i = begin; i < end; ++i) to[i] = static_cast<T>(f(from[i]));
    });
  });
  return out;
}

/// The same for a gradient and what it is computed from.
template <class F>
Array gradient(const Array& dy, const Array& y, F f) {
  const Borrowed given(dy), value(y);
  const Array out = Array::empty(dy.shape(), dy.dtype());
  dispatch_floating(dy.dtype(), [&]<class T>() {
    parallel_for(dy.size(), lanes<T>, static_cast<double>(dy.size()), [&](auto begin, auto end) {
      const T *a = given->data<T>(), *b = value->data<T>();
      T* to = out.data<T>();
      for (auto i = begin; i < end; ++i) to[i] = f(a[i], b[i]);
    });
  });
  return out;
}

}  // namespace

Array exp(const Array& x) {
  return vectorised(x, [](auto v) { return exponential(v); });
}

Array expm1(const Array& x) {
  return vectorised(x, [](auto v) { return exponential_less_one(v); });
}

Array log(const Array& x) {
  return vectorised(x, [](auto v) { return logarithm(v); });
}

Array log1p(const Array& x) {
  return vectorised(x, [](auto v) { return logarithm_plus_one(v); });
}

Array sqrt(const Array& x) {
  return library_function(x, [](auto v) { return std::sqrt(v); });
}

Array rsqrt(const Array& x) {
  return library_function(x, [](auto v) { return 1 / std::sqrt(v); });
}

Array tanh(const Array& x) {
  return vectorised(x, [](auto v) { return hyperbolic_tangent(v); });
}

Array sigmoid(const Array& x) {
  return vectorised(x, [](auto v) { return logistic(v); });
}

Array sigmoid_slope(const Array& x) {
  return vectorised(x, []<class V>(V v) {
    const Decay<V> e = decay(negative_magnitude(v));
    return e.over(square_of_one_more(e.value()));
  });
}

Array softplus(const Array& x) {
  return vectorised(x, [](auto v) { return log_one_plus_power(v); });
}

Array bell(const Array& x) {
  return vectorised(x, []<class V>(V v) {
    using T = Element<V>;
    const Twofold<V> square = exact_square(limited(v, T{-30}, T{30}));
    return decay(-square.high, -square.low).times(V{} + 2 * std::numbers::inv_sqrtpi_v<T>);
  });
}

Array erf(const Array& x) {
  return library_function(x, [](auto v) { return std::erf(v); });
}

Array erfc(const Array& x) {
  return library_function(x, [](auto v) { return std::erfc(v); });
}

Array negative(const Array& x) {
  return numeric(x, wrapping([](auto v) { return -v; }));
}

Array square(const Array& x) {
  return numeric(x, wrapping([](auto v) { return v * v; }));
}

Array abs(const Array& x) {
  const auto opposite = wrapping([](auto v) { return decltype(v){0} - v; });
  return numeric(x, [=](auto v) { return v > 0 ? v : opposite(v); });
}

Array sign(const Array& x) {
  return numeric(x, [](auto v) { return v != v ? v : static_cast<decltype(v)>((v > 0) - (v < 0)); });
}

Array relu(const Array& x) {
  return numeric(x, [](auto v) { return v < 0 ? decltype(v){0} : v; });
}

Array floor(const Array& x) {
  return is_floating(x.dtype()) ? library_function(x, [](auto v) { return std::floor(v); }) : x;
}

Array ceil(const Array& x) {
  return is_floating(x.dtype()) ? library_function(x, [](auto v) { return std::ceil(v); }) : x;
}

Array round(const Array& x) {
  return is_floating(x.dtype()) ? library_function(x, [](auto v) { return std::nearbyint(v); }) : x;
}

Array tanh_gradient(const Array& dy, const Array& y) {
  return gradient(dy, y, [](auto g, auto v) { return g * ((1 - v) * (1 + v)); });
}

Array relu_gradient(const Array& dy, const Array& y) {
  return gradient(dy, y, [](auto g, auto v) { return v > 0 ? g : v != v ? v : decltype(v){0}; });
}

}  // namespace xg::kernels
