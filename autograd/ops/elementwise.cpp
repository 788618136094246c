#include "autograd/ops/elementwise.hpp"

#include <limits>
#include <type_traits>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/slope.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/arithmetic.hpp"
#include "lib/kernels/compare.hpp"
#include "lib/kernels/elementwise.hpp"
#include "lib/kernels/place.hpp"

namespace xg {
namespace {

void check_numeric(const char* op, const Operand& x) {
  if (x.dtype() == boolean)
    throw DTypeError(concat(op, ": no arithmetic on a boolean tensor of shape ", x.shape(), ": convert with astype"),
                     x.where());
}

/// A function whose slope is 0 wherever it has one.
Tensor stepwise(const char* op, const Operand& x, Array (*function)(const Array&)) {
  check_numeric(op, x);
  return record(
      op, [&] { return function(x.array()); }, edge(x, [](const Tensor& dy) { return dy * 0.0; }));
}

/// The slope of erf.
Tensor bell(const Tensor& x) {
  return slope(
      "bell", x, [&] { return kernels::bell(x.array()); },
      [](const Tensor& at, const Tensor& y) { return at * y * -2.0; });
}

/// The element next to a number from below or, if `up`, from above; beyond the range of the dtype the last one there.
Array bound(const Scalar& number, bool up, DType dtype) {
  return dispatch_numeric(dtype, [&]<class T>() {
    kernels::Placed<T> placed = kernels::place<T>(number);
    if constexpr (std::is_integral_v<T>)
      if (up && placed.order > 0 && placed.element < std::numeric_limits<T>::max()) ++placed.element;
    return Array::full({}, placed.element, dtype);
  });
}

}  // namespace

Tensor exp(const Operand& x) {
  return record(
      "exp", [&] { return kernels::exp(x.array()); },
      edge(x, [](const Tensor& dy, const Tensor& y) { return dy * y; }));
}

Tensor log(const Operand& x) {
  return record(
      "log", [&] { return kernels::log(x.array()); }, edge(x, [x = Saved(x)](const Tensor& dy) { return dy / x; }));
}

Tensor log1p(const Operand& x) {
  return record(
      "log1p", [&] { return kernels::log1p(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy / (x.get() + 1.0); }));
}

Tensor expm1(const Operand& x) {
  return record(
      "expm1", [&] { return kernels::expm1(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * exp(x.get()); }));
}

Tensor sqrt(const Operand& x) {
  return record(
      "sqrt", [&] { return kernels::sqrt(x.array()); },
      edge(x, [](const Tensor& dy, const Tensor& y) { return dy * 0.5 / y; }));
}

Tensor rsqrt(const Operand& x) {
  return record(
      "rsqrt", [&] { return kernels::rsqrt(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy, const Tensor& y) { return dy * -0.5 * y / x; }));
}

Tensor square(const Operand& x) {
  check_numeric("square", x);
  return record(
      "square", [&] { return kernels::square(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * 2.0 * x; }));
}

Tensor cube(const Operand& x) {
  check_numeric("cube", x);
  return record(
      "cube", [&] { return kernels::multiply(kernels::square(x.array()), x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * 3.0 * square(x.get()); }));
}

Tensor abs(const Operand& x) {
  check_numeric("abs", x);
  return record(
      "abs", [&] { return kernels::abs(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * sign(x); }));
}

Tensor sign(const Operand& x) { return stepwise("sign", x, kernels::sign); }

Tensor reciprocal(const Operand& x) {
  check_numeric("reciprocal", x);
  return record(
      "reciprocal", [&] { return kernels::divide(Array::full({}, 1, x.dtype()), x.array()); },
      edge(x, [](const Tensor& dy, const Tensor& y) { return -dy * y * y; }));
}

Tensor floor(const Operand& x) { return stepwise("floor", x, kernels::floor); }

Tensor ceil(const Operand& x) { return stepwise("ceil", x, kernels::ceil); }

Tensor round(const Operand& x) { return stepwise("round", x, kernels::round); }

Tensor erf(const Operand& x) {
  return record(
      "erf", [&] { return kernels::erf(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * bell(x.get()); }));
}

Tensor erfc(const Operand& x) {
  return record(
      "erfc", [&] { return kernels::erfc(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return -dy * bell(x.get()); }));
}

Tensor clip(const Operand& x, const Scalar& low, const Scalar& high) {
  check_numeric("clip", x);
  if (!(low <= high)) throw ValueError(concat("clip: low ", low, " is not at most high ", high), x.where());
  const Array bottom = bound(low, true, x.dtype()), top = bound(high, false, x.dtype());
  return record(
      "clip", [&] { return kernels::minimum(kernels::maximum(x.array(), bottom), top); },
      edge(x, [x = Saved(x), low, high](const Tensor& dy) {
        return where(x.get() < low, 0.0, where(x.get() > high, 0.0, dy));
      }));
}

Tensor nan_to_num(const Operand& x, const NanToNumOptions& options) {
  check_numeric("nan_to_num", x);
  const auto number = [&](double value) { return bound(value, false, x.dtype()); };
  const Array finite = kernels::isfinite(x.array());
  const auto kernel = [&] {
    const Array large = kernels::where(kernels::less(Array::zeros({}, x.dtype()), x.array()), number(options.infinity),
                                       number(options.negative_infinity));
    const Array nan = kernels::isnan(x.array());
    return kernels::where(finite, x.array(), kernels::where(nan, number(options.nan), large));
  };
  return record("nan_to_num", kernel,
                edge(x, [finite = Saved(Tensor(finite))](const Tensor& dy) { return where(finite, dy, 0.0); }));
}

Tensor astype(const Operand& x, DType dtype) {
  if (dtype == x.dtype()) return x.tensor();
  if (!is_floating(dtype)) return x.array().astype(dtype);
  return record(
      "astype", [&] { return x.array().astype(dtype); }, edge(x, [](const Tensor& dy) { return dy; }));
}

}  // namespace xg
