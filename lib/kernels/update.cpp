#include "lib/kernels/update.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lib/parallel.hpp"

namespace xg::kernels {
namespace {

/// Runs a pass over the elements of `w` in parts that end between cache lines.
template <class Pass>
void over_elements(const Array& w, const Pass& pass) {
  parallel_for(w.size(), 64, static_cast<double>(w.size()), pass);
}

}  // namespace

void sgd(Array& w, const Array& g, double rate) {
  dispatch_floating(w.dtype(), [&]<class T>() {
    T* weight = w.data<T>();
    const T* gradient = g.data<T>();
    const T step = static_cast<T>(rate);
    over_elements(w, [=](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
      for (auto i = begin; i < end; ++i) weight[i] -= step * gradient[i];
    });
  });
  w.bump_version();
}

namespace {

constexpr std::int64_t block_size = 4096;

/// w = change(w, g) in a block; the sum of the squares of the old w, in as many lanes as keep the additions from
/// waiting for each other.
template <class T, class Change>
[[gnu::noinline]] T decayed_block(T* __restrict w, const T* __restrict g, std::int64_t count, Change change) {
  constexpr std::int64_t width = 64;
  T lane[width] = {};
  const auto element = [&](std::int64_t i, T& squares) {
    const T old = w[i];
    squares += old * old;
    w[i] = change(old, g[i]);
  };
  std::int64_t i = 0;
  for (; i + width <= count; i += width)
    for (std::int64_t l = 0; l < width; ++l) element(i + l, lane[l]);
  for (std::int64_t l = 0; i + l < count; ++l) element(i + l, lane[l]);
  for (std::int64_t half = width / 2; half > 0; half /= 2)
    for (std::int64_t l = 0; l < half; ++l) lane[l] += lane[l + half];
  return lane[0];
}

template <class T, class Change>
double decayed(Array& w, const Array& g, double* room, Change change) {
  parallel_for(w.size(), block_size, static_cast<double>(w.size()), [&](std::int64_t begin, std::int64_t end) {
    for (auto i = begin; i < end; i += block_size)
      room[i / block_size] =
          static_cast<double>(decayed_block(w.data<T>() + i, g.data<T>() + i, std::min(block_size, end - i), change));
  });
  w.bump_version();
  return std::accumulate(room, room + decay_room(w.size()), 0.0);
}

}  // namespace

std::size_t decay_room(std::int64_t size) { return static_cast<std::size_t>((size + block_size - 1) / block_size); }

double sgd_decayed(Array& w, const Array& g, double rate, double decay, double* room) {
  return dispatch_floating(w.dtype(), [&]<class T>() {
    const T step = static_cast<T>(rate), share = static_cast<T>(decay);
    return decayed<T>(w, g, room, [=](T old, T gradient) { return old - step * (gradient + share * old); });
  });
}

double decayed_gradient(Array& w, const Array& g, double decay, double* room) {
  return dispatch_floating(w.dtype(), [&]<class T>() {
    const T share = static_cast<T>(decay);
    return decayed<T>(w, g, room, [=](T old, T gradient) { return gradient + share * old; });
  });
}

void sgd_momentum(Array& w, const Array& g, Array& v, double rate, double momentum, bool nesterov) {
  dispatch_floating(w.dtype(), [&]<class T>() {
    T* weight = w.data<T>();
    T* velocity = v.data<T>();
    const T* gradient = g.data<T>();
    const T step = static_cast<T>(rate), keep = static_cast<T>(momentum);
    const T ahead = nesterov ? keep : T{1}, push = nesterov ? step : T{0};
    over_elements(w, [=](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
      for (auto i = begin; i < end; ++i) {
        velocity[i] = keep * velocity[i] - step * gradient[i];
        weight[i] += ahead * velocity[i] - push * gradient[i];
      }
    });
  });
  w.bump_version();
}

void adam(Array& w, const Array& g, Array& m, Array& v, const AdamStep& step) {
  dispatch_floating(w.dtype(), [&]<class T>() {
    T* weight = w.data<T>();
    T* first = m.data<T>();
    T* second = v.data<T>();
    const T* gradient = g.data<T>();
    const T rate = static_cast<T>(step.rate), epsilon = static_cast<T>(step.epsilon);
    const T b1 = static_cast<T>(step.beta_1), b2 = static_cast<T>(step.beta_2);
    // Not 1 - b2: in single precision that is off by 1e-5 of it.
    const T new_1 = static_cast<T>(1 - step.beta_1), new_2 = static_cast<T>(1 - step.beta_2);
    over_elements(w, [=](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
      for (auto i = begin; i < end; ++i) {
        first[i] = b1 * first[i] + new_1 * gradient[i];
        second[i] = b2 * second[i] + new_2 * gradient[i] * gradient[i];
        weight[i] -= rate * first[i] / (std::sqrt(second[i]) + epsilon);
      }
    });
  });
  w.bump_version();
}

}  // namespace xg::kernels
