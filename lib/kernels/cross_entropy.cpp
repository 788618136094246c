#include "lib/kernels/cross_entropy.hpp"

#include <cmath>

namespace xg::kernels {
namespace {

/// The largest logit of a row, or NaN if there is one.
template <class T>
T largest(const T* z, std::int64_t classes) {
  T top = z[0];
  for (std::int64_t k = 1; k < classes; ++k) top = z[k] > top || z[k] != z[k] ? z[k] : top;
  return top;
}

template <class T>
T row_loss(const T* z, const T* y, std::int64_t classes) {
  const T top = largest(z, classes);
  T powers = 0, weight = 0, hit = 0;
  for (std::int64_t k = 0; k < classes; ++k) {
    powers += std::exp(z[k] - top);
    weight += y[k];
    // A class that is not the target may have the logit -inf.
    if (y[k] != 0) hit += y[k] * (z[k] - top);
  }
  return weight * std::log(powers) - hit;
}

template <class T>
void row_gradient(T dy, const T* z, const T* y, std::int64_t classes, T* out) {
  const T top = largest(z, classes);
  T powers = 0, weight = 0;
  for (std::int64_t k = 0; k < classes; ++k) {
    powers += out[k] = std::exp(z[k] - top);
    weight += y[k];
  }
  for (std::int64_t k = 0; k < classes; ++k) out[k] = (out[k] / powers * weight - y[k]) * dy;
}

}  // namespace

Array cross_entropy(const Array& logits, const Array& targets) {
  const Array z = logits.contiguous(), y = targets.contiguous();
  const std::int64_t classes = z.shape().back();
  Shape shape = z.shape();
  shape.erase(shape.rank() - 1);
  const Array out = Array::empty(shape, z.dtype());
  dispatch_floating(z.dtype(), [&]<class T>() {
    for (std::int64_t row = 0; row < out.size(); ++row)
      out.data<T>()[row] = row_loss(z.data<T>() + row * classes, y.data<T>() + row * classes, classes);
  });
  return out;
}

Array cross_entropy_gradient(const Array& dy, const Array& logits, const Array& targets) {
  const Array g = dy.contiguous(), z = logits.contiguous(), y = targets.contiguous();
  const std::int64_t classes = z.shape().back();
  const Array out = Array::empty(z.shape(), z.dtype());
  dispatch_floating(z.dtype(), [&]<class T>() {
    for (std::int64_t row = 0; row < g.size(); ++row)
      row_gradient(g.data<T>()[row], z.data<T>() + row * classes, y.data<T>() + row * classes, classes,
                   out.data<T>() + row * classes);
  });
  return out;
}

}  // namespace xg::kernels
