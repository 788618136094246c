#include "lib/kernels/cross_entropy.hpp"

#include "lib/kernels/softmax.hpp"

namespace xg::kernels {

Array cross_entropy(const Array& logits, const Array& targets) {
  const Array logarithms = log_softmax(logits), weights = targets.contiguous();
  const std::int64_t classes = logits.shape().back();
  Shape shape = logits.shape();
  shape.erase(shape.rank() - 1);
  const Array out = Array::empty(shape, logits.dtype());
  dispatch_floating(logits.dtype(), [&]<class T>() {
    const T *l = logarithms.data<T>(), *y = weights.data<T>();
    for (std::int64_t row = 0; row < out.size(); ++row, l += classes, y += classes) {
      T loss = 0;
      // A class that is not the target may have the logarithm -inf.
      for (std::int64_t k = 0; k < classes; ++k) loss -= y[k] != 0 || l[k] != l[k] ? y[k] * l[k] : T{0};
      out.data<T>()[row] = loss;
    }
  });
  return out;
}

Array cross_entropy_gradient(const Array& dy, const Array& logits, const Array& targets) {
  const Array out = softmax(logits), g = dy.contiguous(), weights = targets.contiguous();
  const std::int64_t classes = logits.shape().back();
  dispatch_floating(logits.dtype(), [&]<class T>() {
    const T* y = weights.data<T>();
    T* p = out.data<T>();
    for (std::int64_t row = 0; row < g.size(); ++row, y += classes, p += classes) {
      const T scale = g.data<T>()[row];
      T weight = 0;
      for (std::int64_t k = 0; k < classes; ++k) weight += y[k];
      for (std::int64_t k = 0; k < classes; ++k) p[k] = (p[k] * weight - y[k]) * scale;
    }
  });
  return out;
}

}  // namespace xg::kernels
