#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace xg::kernels {

constexpr auto greater = [](auto a, auto b) { return a > b; };
constexpr auto smaller = [](auto a, auto b) { return a < b; };

/// The element of a row that none is better than, or NaN if there is one: found in lanes that the compiler keeps in
/// vector registers.
template <class T, class Better>
T best_of_row(const T* x, std::int64_t count, Better better) {
  constexpr std::int64_t lanes = 64;
  const auto pick = [&](T value, T best) { return better(value, best) || value != value ? value : best; };
  T best = x[0];
  std::int64_t i = 0;
  if (count >= lanes) {
    T lane[lanes];
    std::copy_n(x, lanes, lane);
    for (i = lanes; i + lanes <= count; i += lanes)
      for (std::int64_t l = 0; l < lanes; ++l) lane[l] = pick(x[i + l], lane[l]);
    for (std::int64_t width = lanes / 2; width > 0; width /= 2)
      for (std::int64_t l = 0; l < width; ++l) lane[l] = pick(lane[l + width], lane[l]);
    best = lane[0];
  }
  bool has_nan = false;  // behind x[0]; apart from the comparisons, whose chain takes the time
  for (; i < count; ++i) {
    best = better(x[i], best) ? x[i] : best;
    has_nan |= x[i] != x[i];
  }
  return has_nan ? std::numeric_limits<T>::quiet_NaN() : best;
}

}  // namespace xg::kernels
