#include "lib/kernels/update.hpp"

#include <cmath>

namespace xg::kernels {

void sgd(Array& w, const Array& g, double rate) {
  dispatch_floating(w.dtype(), [&]<class T>() {
    T* __restrict weight = w.data<T>();
    const T* __restrict gradient = g.data<T>();
    const T step = static_cast<T>(rate);
    for (std::int64_t i = 0; i < w.size(); ++i) weight[i] -= step * gradient[i];
  });
  w.bump_version();
}

void sgd_momentum(Array& w, const Array& g, Array& v, double rate, double momentum, bool nesterov) {
  dispatch_floating(w.dtype(), [&]<class T>() {
    T* __restrict weight = w.data<T>();
    T* __restrict velocity = v.data<T>();
    const T* __restrict gradient = g.data<T>();
    const T step = static_cast<T>(rate), keep = static_cast<T>(momentum);
    const T ahead = nesterov ? keep : T{1}, push = nesterov ? step : T{0};
    for (std::int64_t i = 0; i < w.size(); ++i) {
      velocity[i] = keep * velocity[i] - step * gradient[i];
      weight[i] += ahead * velocity[i] - push * gradient[i];
    }
  });
  w.bump_version();
}

void adam(Array& w, const Array& g, Array& m, Array& v, const AdamStep& step) {
  dispatch_floating(w.dtype(), [&]<class T>() {
    T* __restrict weight = w.data<T>();
    T* __restrict first = m.data<T>();
    T* __restrict second = v.data<T>();
    const T* __restrict gradient = g.data<T>();
    const T rate = static_cast<T>(step.rate), epsilon = static_cast<T>(step.epsilon);
    const T b1 = static_cast<T>(step.beta_1), b2 = static_cast<T>(step.beta_2);
    for (std::int64_t i = 0; i < w.size(); ++i) {
      first[i] = b1 * first[i] + (1 - b1) * gradient[i];
      second[i] = b2 * second[i] + (1 - b2) * gradient[i] * gradient[i];
      weight[i] -= rate * first[i] / (std::sqrt(second[i]) + epsilon);
    }
  });
  w.bump_version();
}

}  // namespace xg::kernels
