#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "lib/array.hpp"
#include "lib/kernels/borrowed.hpp"
#include "lib/kernels/pack.hpp"
#include "lib/parallel.hpp"

namespace xg::kernels {

/// About how many additions an exp, log or tanh is worth.
inline constexpr double formula_cost = 10;

/// How many elements fill 64 bytes: threads' parts are cut between them.
template <class T>
constexpr std::int64_t lanes = 64 / static_cast<std::int64_t>(sizeof(T));

/// to[i] = f(from[i]) for packs of elements, `count` a multiple of their size.
template <class T, class F>
[[gnu::noinline]] void whole_packs(const T* from, T* to, std::int64_t count, F f) {
  constexpr auto step = static_cast<std::int64_t>(sizeof(Pack<T>) / sizeof(T));
  for (std::int64_t i = 0; i < count; i += step) {
    Pack<T> pack;
    std::memcpy(&pack, from + i, sizeof pack);
    pack = f(pack);
    std::memcpy(to + i, &pack, sizeof pack);
  }
}

/// The same for any number of elements. The last ones are made a whole pack, so that every element goes through the
/// same instructions and its bits do not depend on its place. `from` and `to` may be the same.
template <class T, class F>
void in_packs(const T* from, T* to, std::int64_t count, F f) {
  constexpr auto step = static_cast<std::int64_t>(sizeof(Pack<T>) / sizeof(T));
  const std::int64_t whole = count / step * step, rest = count - whole;
  whole_packs(from, to, whole, f);
  if (rest == 0) return;
  T last[step] = {};
  std::copy_n(from + whole, rest, last);
  whole_packs(last, last, step, f);
  std::copy_n(last, rest, to + whole);
}

/// Calls loop(from, to, count) for parts of a floating array and of the result; integers and booleans become float32.
template <class Loop>
Array floating_loop(const Array& x, Loop loop) {
  const DType dtype = is_floating(x.dtype()) ? x.dtype() : float32;
  const Borrowed floating(x, dtype), in(*floating);
  const Array out = Array::empty(x.shape(), dtype);
  dispatch_floating(dtype, [&]<class T>() {
    parallel_for(x.size(), lanes<T>, formula_cost * static_cast<double>(x.size()),
                 [&](auto begin, auto end) { loop(in->data<T>() + begin, out.data<T>() + begin, end - begin); });
  });
  return out;
}

/// A function of a Pack for the elements of a floating array.
template <class F>
Array vectorised(const Array& x, F f) {
  return floating_loop(x, [&](const auto* from, auto* to, std::int64_t count) { in_packs(from, to, count, f); });
}

/// dy f(x) for a function of a Pack and a dy of x's shape and dtype, in blocks that stay in the first cache.
template <class F>
Array vectorised_gradient(const Array& dy, const Array& x, F f) {
  constexpr std::int64_t block = 1024;
  const Borrowed in(x), factor(dy);
  const Array out = Array::empty(x.shape(), x.dtype());
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T *from = in->data<T>(), *g = factor->data<T>();
    T* const to = out.data<T>();
    parallel_for(x.size(), lanes<T>, formula_cost * static_cast<double>(x.size()), [&](auto begin, auto end) {
      for (auto i = begin; i < end; i += block) {
        const auto count = std::min(block, end - i);
        in_packs(from + i, to + i, count, f);
        for (auto j = i; j < i + count; ++j) to[j] *= g[j];
      }
    });
  });
  return out;
}

/// A function of the C library for each element of a floating array.
template <class F>
Array library_function(const Array& x, F f) {
  return floating_loop(x, [&](const auto* from, auto* to, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) to[i] = f(from[i]);
  });
}

}  // namespace xg::kernels
