#include "lib/kernels/softmax.hpp"

#include <algorithm>

#include "lib/kernels/arithmetic.hpp"
#include "lib/kernels/best_of_row.hpp"
#include "lib/kernels/borrowed.hpp"
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

/// The sum of a row, block by block, so that its error does not grow with the row's length.
template <class T>
T row_total(const T* x, std::int64_t count) {
  constexpr std::int64_t block = 1024;
  double total = 0;
  for (std::int64_t start = 0; start < count; start += block) {
    T part = 0;
    for (std::int64_t k = start; k < std::min(count, start + block); ++k) part += x[k];
    total += static_cast<double>(part);
  }
  return static_cast<T>(total);
}

/// x minus the largest element of its row.
Array shifted(const Array& x) {
  const Borrowed in(x);
  const Array out = Array::empty(x.shape(), x.dtype());
  const std::int64_t width = x.shape().back();
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T* from = in->data<T>();
    T* to = out.data<T>();
    for (std::int64_t left = x.size(); left > 0; left -= width, from += width, to += width) {
      const T top = best_of_row(from, width, greater);
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
    T* row = out.data<T>();
    for (std::int64_t left = out.size(); left > 0; left -= width, row += width) {
      const T sum = row_total(row, width);
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
