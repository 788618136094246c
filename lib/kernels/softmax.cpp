#include "lib/kernels/softmax.hpp"

#include "lib/kernels/elementwise.hpp"
#include "lib/kernels/reduce.hpp"
#include "lib/kernels/arithmetic.hpp"

namespace xg::kernels {
namespace {

AxisMask last_axis(const Array& x) {
  AxisMask mask{};
  mask[x.rank() - 1] = true;
  return mask;
}

/// x minus the largest element of its row.
Array shifted(const Array& x) { return subtract(x, max(x, last_axis(x))); }

}  // namespace

Array softmax(const Array& x) {
  const Array powers = exp(shifted(x));
  return divide(powers, sum(powers, last_axis(x)));
}

Array log_softmax(const Array& x) {
  const Array row = shifted(x);
  return subtract(row, log(sum(exp(row), last_axis(x))));
}

Array softmax_gradient(const Array& dy, const Array& y) {
  return multiply(y, subtract(dy, sum(multiply(dy, y), last_axis(y))));
}

}  // namespace xg::kernels
