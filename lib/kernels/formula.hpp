#pragma once

#include <cstdint>

#include "lib/kernels/flat.hpp"
#include "lib/parallel.hpp"

namespace xg::kernels {

/// About how many additions an exp, log or tanh is worth.
inline constexpr double formula_cost = 10;

/// One xtensor expression over the elements of a floating array.
template <class Formula>
Array floating(const Array& x, Formula formula) {
  const Array in = (is_floating(x.dtype()) ? x : x.astype(float32)).contiguous();
  const Array out = Array::empty(in.shape(), in.dtype());
  dispatch_floating(in.dtype(), [&]<class T>() {
    parallel_for(in.size(), lanes<T>, formula_cost * static_cast<double>(in.size()), [&](auto begin, auto end) {
      auto to = flat<T>(out, begin, end);
      xt::noalias(to) = formula(flat<T>(in, begin, end), T{1});
    });
  });
  return out;
}

/// A function of the C library for each element of a floating array; integers and booleans become float32.
template <class F>
Array library_function(const Array& x, F f) {
  const Array in = (is_floating(x.dtype()) ? x : x.astype(float32)).contiguous();
  const Array out = Array::empty(in.shape(), in.dtype());
  dispatch_floating(in.dtype(), [&]<class T>() {
    parallel_for(in.size(), lanes<T>, formula_cost * static_cast<double>(in.size()), [&](auto begin, auto end) {
      const T* from = in.data<T>();
      T* to = out.data<T>();
      for (auto i = begin; i < end; ++i) to[i] = f(from[i]);
    });
  });
  return out;
}

}  // namespace xg::kernels
