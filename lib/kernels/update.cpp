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

void blend(Array& a, const Array& w, double share) {
  dispatch_floating(a.dtype(), [&]<class T>() {
    T* mean = a.data<T>();
    const T* value = w.data<T>();
    const T part = static_cast<T>(share);
    over_elements(a, [=](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
      for (auto i = begin; i < end; ++i) mean[i] += part * (value[i] - mean[i]);
    });
  });
  a.bump_version();
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

namespace {

/// The running means of a gradient and of its square.
template <class T>
struct Moments {
  T b1, b2, new_1, new_2;

  explicit Moments(const AdamStep& step)
      : b1(static_cast<T>(step.beta_1)),
        b2(static_cast<T>(step.beta_2)),
        // Not 1 - b2: in single precision that is off by 1e-5 of it.
        new_1(static_cast<T>(1 - step.beta_1)),
        new_2(static_cast<T>(1 - step.beta_2)) {}

  T first(T m, T g) const { return b1 * m + new_1 * g; }
  T second(T v, T g) const { return b2 * v + new_2 * g * g; }
};

/// With the largest mean of the squares so far in the place of the mean, or without.
template <class T, bool keeps_largest>
void adam_as(Array& w, const Array& g, Array& m, Array& v, Array* largest, const AdamStep& step) {
  T* weight = w.data<T>();
  T* first = m.data<T>();
  T* second = v.data<T>();
  T* most = keeps_largest ? largest->data<T>() : nullptr;
  const T* gradient = g.data<T>();
  const T rate = static_cast<T>(step.rate), epsilon = static_cast<T>(step.epsilon), decay = static_cast<T>(step.decay);
  const Moments<T> moments(step);
  over_elements(w, [=](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
    for (auto i = begin; i < end; ++i) {
      first[i] = moments.first(first[i], gradient[i]);
      T variance = second[i] = moments.second(second[i], gradient[i]);
      if constexpr (keeps_largest) variance = most[i] = std::max(most[i], variance);
      weight[i] -= decay * weight[i] + rate * first[i] / (std::sqrt(variance) + epsilon);
    }
  });
}

}  // namespace

void adam(Array& w, const Array& g, Array& m, Array& v, const AdamStep& step) {
  dispatch_floating(w.dtype(), [&]<class T>() { adam_as<T, false>(w, g, m, v, nullptr, step); });
  w.bump_version();
}

void amsgrad(Array& w, const Array& g, Array& m, Array& v, Array& largest, const AdamStep& step) {
  dispatch_floating(w.dtype(), [&]<class T>() { adam_as<T, true>(w, g, m, v, &largest, step); });
  w.bump_version();
}

void adamax(Array& w, const Array& g, Array& m, Array& u, const AdamStep& step) {
  dispatch_floating(w.dtype(), [&]<class T>() {
    T* weight = w.data<T>();
    T* first = m.data<T>();
    T* largest = u.data<T>();
    const T* gradient = g.data<T>();
    const T rate = static_cast<T>(step.rate), epsilon = static_cast<T>(step.epsilon);
    const Moments<T> moments(step);
    over_elements(w, [=](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
      for (auto i = begin; i < end; ++i) {
        first[i] = moments.first(first[i], gradient[i]);
        largest[i] = std::max(moments.b2 * largest[i], std::abs(gradient[i]));
        weight[i] -= rate * first[i] / (largest[i] + epsilon);
      }
    });
  });
  w.bump_version();
}

void nadam(Array& w, const Array& g, Array& m, Array& v, const AdamStep& step, double gradient_rate,
           double correction) {
  dispatch_floating(w.dtype(), [&]<class T>() {
    T* weight = w.data<T>();
    T* first = m.data<T>();
    T* second = v.data<T>();
    const T* gradient = g.data<T>();
    const T rate = static_cast<T>(step.rate), direct = static_cast<T>(gradient_rate);
    const T epsilon = static_cast<T>(step.epsilon), scale = static_cast<T>(correction);
    const Moments<T> moments(step);
    over_elements(w, [=](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
      for (auto i = begin; i < end; ++i) {
        first[i] = moments.first(first[i], gradient[i]);
        second[i] = moments.second(second[i], gradient[i]);
        weight[i] -= (direct * gradient[i] + rate * first[i]) / (std::sqrt(scale * second[i]) + epsilon);
      }
    });
  });
  w.bump_version();
}

void lion(Array& w, const Array& g, Array& m, const LionStep& step) {
  dispatch_floating(w.dtype(), [&]<class T>() {
    T* weight = w.data<T>();
    T* mean = m.data<T>();
    const T* gradient = g.data<T>();
    const T rate = static_cast<T>(step.rate), decay = static_cast<T>(step.decay);
    const T b1 = static_cast<T>(step.beta_1), new_1 = static_cast<T>(1 - step.beta_1);
    const T b2 = static_cast<T>(step.beta_2), new_2 = static_cast<T>(1 - step.beta_2);
    over_elements(w, [=](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
      for (auto i = begin; i < end; ++i) {
        const T mixed = b1 * mean[i] + new_1 * gradient[i];
        const T sign = mixed > 0 ? T{1} : mixed < 0 ? T{-1} : mixed;  // that of NaN is NaN
        weight[i] -= decay * weight[i] + rate * sign;
        mean[i] = b2 * mean[i] + new_2 * gradient[i];
      }
    });
  });
  w.bump_version();
}

namespace {

/// RMSprop with the mean of the gradients, with a velocity, with both or neither.
template <class T, bool centered, bool heavy>
void rmsprop_as(Array& w, const Array& g, Array& v, Array* a, Array* b, const RMSpropStep& step) {
  T* weight = w.data<T>();
  T* square = v.data<T>();
  T* mean = centered ? a->data<T>() : nullptr;
  T* velocity = heavy ? b->data<T>() : nullptr;
  const T* gradient = g.data<T>();
  const T rate = static_cast<T>(step.rate), epsilon = static_cast<T>(step.epsilon);
  const T rho = static_cast<T>(step.rho), share = static_cast<T>(1 - step.rho);
  const T momentum = static_cast<T>(step.momentum);
  over_elements(w, [=](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
    for (auto i = begin; i < end; ++i) {
      square[i] = rho * square[i] + share * gradient[i] * gradient[i];
      T variance = square[i];
      if constexpr (centered) {
        mean[i] = rho * mean[i] + share * gradient[i];
        const T rest = variance - mean[i] * mean[i];
        variance = rest < 0 ? T{0} : rest;
      }
      T change = rate * gradient[i] / (std::sqrt(variance) + epsilon);
      if constexpr (heavy) change = velocity[i] = momentum * velocity[i] + change;
      weight[i] -= change;
    }
  });
}

}  // namespace

void rmsprop(Array& w, const Array& g, Array& v, Array* mean, Array* velocity, const RMSpropStep& step) {
  dispatch_floating(w.dtype(), [&]<class T>() {
    if (mean && velocity)
      rmsprop_as<T, true, true>(w, g, v, mean, velocity, step);
    else if (mean)
      rmsprop_as<T, true, false>(w, g, v, mean, velocity, step);
    else if (velocity)
      rmsprop_as<T, false, true>(w, g, v, mean, velocity, step);
    else
      rmsprop_as<T, false, false>(w, g, v, mean, velocity, step);
  });
  w.bump_version();
}

void adagrad(Array& w, const Array& g, Array& a, double rate, double epsilon) {
  dispatch_floating(w.dtype(), [&]<class T>() {
    T* weight = w.data<T>();
    T* total = a.data<T>();
    const T* gradient = g.data<T>();
    const T step = static_cast<T>(rate), least = static_cast<T>(epsilon);
    over_elements(w, [=](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
      for (auto i = begin; i < end; ++i) {
        total[i] += gradient[i] * gradient[i];
        weight[i] -= step * gradient[i] / (std::sqrt(total[i]) + least);
      }
    });
  });
  w.bump_version();
}

void adadelta(Array& w, const Array& g, Array& a, Array& d, double rate, double rho, double epsilon) {
  dispatch_floating(w.dtype(), [&]<class T>() {
    T* weight = w.data<T>();
    T* square = a.data<T>();
    T* changes = d.data<T>();
    const T* gradient = g.data<T>();
    const T step = static_cast<T>(rate), least = static_cast<T>(epsilon);
    const T keep = static_cast<T>(rho), share = static_cast<T>(1 - rho);
    over_elements(w, [=](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
      for (auto i = begin; i < end; ++i) {
        square[i] = keep * square[i] + share * gradient[i] * gradient[i];
        const T change = gradient[i] * std::sqrt(changes[i] + least) / std::sqrt(square[i] + least);
        weight[i] -= step * change;
        changes[i] = keep * changes[i] + share * change * change;
      }
    });
  });
  w.bump_version();
}

namespace {

/// What LAMB changes a weight by, but for the rate.
template <class T>
struct LambDirection {
  Moments<T> moments;
  T epsilon, decay, first, second;

  explicit LambDirection(const LambStep& step)
      : moments(step.adam),
        epsilon(static_cast<T>(step.adam.epsilon)),
        decay(static_cast<T>(step.adam.decay)),
        first(static_cast<T>(step.first_correction)),
        second(static_cast<T>(step.second_correction)) {}

  T operator()(T w, T m, T v) const { return first * m / (std::sqrt(second * v) + epsilon) + decay * w; }
};

/// The moments of a block; the sums of the squares of its weights and of their directions, in lanes as above.
template <class T>
[[gnu::noinline]] void lamb_block(const T* __restrict w, const T* __restrict g, T* __restrict m, T* __restrict v,
                                  std::int64_t count, LambDirection<T> direction, double* sums) {
  constexpr std::int64_t width = 32;
  T weights[width] = {}, directions[width] = {};
  const auto element = [&](std::int64_t i, T& weight_squares, T& direction_squares) {
    m[i] = direction.moments.first(m[i], g[i]);
    v[i] = direction.moments.second(v[i], g[i]);
    const T change = direction(w[i], m[i], v[i]);
    weight_squares += w[i] * w[i];
    direction_squares += change * change;
  };
  std::int64_t i = 0;
  for (; i + width <= count; i += width)
    for (std::int64_t l = 0; l < width; ++l) element(i + l, weights[l], directions[l]);
  for (std::int64_t l = 0; i + l < count; ++l) element(i + l, weights[l], directions[l]);
  sums[0] = std::accumulate(weights, weights + width, 0.0);
  sums[1] = std::accumulate(directions, directions + width, 0.0);
}

}  // namespace

void lamb(Array& w, const Array& g, Array& m, Array& v, const LambStep& step, double* room) {
  dispatch_floating(w.dtype(), [&]<class T>() {
    T* weight = w.data<T>();
    T* first = m.data<T>();
    T* second = v.data<T>();
    const T* gradient = g.data<T>();
    const LambDirection<T> direction(step);
    parallel_for(w.size(), block_size, static_cast<double>(w.size()), [=](std::int64_t begin, std::int64_t end) {
      for (auto i = begin; i < end; i += block_size)
        lamb_block(weight + i, gradient + i, first + i, second + i, std::min(block_size, end - i), direction,
                   room + i / block_size * 2);
    });
    double weights = 0, directions = 0;
    for (std::size_t block = 0; block < decay_room(w.size()); ++block) {
      weights += room[2 * block];
      directions += room[2 * block + 1];
    }
    const double trust = weights > 0 && directions > 0 ? std::sqrt(weights / directions) : 1;
    const T rate = static_cast<T>(step.adam.rate * trust);
    over_elements(w, [=](std::int64_t begin, std::int64_t end) {
#pragma GCC ivdep
      for (auto i = begin; i < end; ++i) weight[i] -= rate * direction(weight[i], first[i], second[i]);
    });
  });
  w.bump_version();
}

}  // namespace xg::kernels
