#include "lib/kernels/softmax.hpp"

#include "lib/kernels/arithmetic.hpp"
#include "lib/kernels/elementwise.hpp"
#include "lib/kernels/exponential.hpp"
#include "lib/kernels/formula.hpp"
#include "lib/kernels/reduce.hpp"

namespace xg::kernels {
namespace {

AxisMask last_axis(const Array& x) {
  AxisMask mask{};
  mask[x.rank() - 1] = true;
  return mask;
}

/// The largest element of a row, or NaN if there is one.
template <class T>
T largest(const T* x, std::int64_t count) {
  T top = x[0];
  for (std::int64_t k = 1; k < count; ++k) top = x[k] > top || x[k] != x[k] ? x[k] : top;
  return top;
}

/// x minus the largest element of its row.
Array shifted(const Array& x) {
  const Array in = x.contiguous(), out = Array::empty(x.shape(), x.dtype());
  const std::int64_t width = x.shape().back();
  dispatch_floating(x.dtype(), [&]<class T>() {
    for (std::int64_t start = 0; start < in.size(); start += width) {
      const T* from = in.data<T>() + start;
      T* to = out.data<T>() + start;
      const T top = largest(from, width);
      for (std::int64_t k = 0; k < width; ++k) to[k] = from[k] - top;
    }
  });
  return out;
}

}  // namespace

Array softmax(const Array& x) {
  const Array out = shifted(x);
  const std::int64_t width = x.shape().back();
  dispatch_floating(x.dtype(), [&]<class T>() {
    in_packs(out.data<T>(), out.data<T>(), out.size(), [](auto v) { return exponential(v); });
    for (std::int64_t start = 0; start < out.size(); start += width) {
      T* row = out.data<T>() + start;
      T sum = 0;
      for (std::int64_t k = 0; k < width; ++k) sum += row[k];
      for (std::int64_t k = 0; k < width; ++k) row[k] /= sum;
    }
  });
  return out;
}

Array log_softmax(const Array& x) {
  const Array row = shifted(x);
  return subtract(row, log(sum(exp(row), last_axis(x))));
}

Array softmax_gradient(const Array& dy, const Array& y) {
  return multiply(y, subtract(dy, sum(multiply(dy, y), last_axis(y))));
}

}  // namespace xg::kernels
