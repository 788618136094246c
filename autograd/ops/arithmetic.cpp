#include "autograd/ops/arithmetic.hpp"

#include "autograd/ops/activation.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/arithmetic.hpp"
#include "lib/kernels/elementwise.hpp"

namespace xg {
namespace {

void check_numeric(const char* op, const Operand& a, const Operand& b) {
  if (a.dtype() == boolean && b.dtype() == boolean)
    throw DTypeError(concat(op, ": no arithmetic on boolean tensors of shapes ", a.shape(), " and ", b.shape(),
                            ": convert with astype"),
                     a.where());
}

/// The share of the gradient that goes to `a` where it is chosen over `b`: 1, 1/2 on a tie, 0.
Tensor share(const Tensor& chosen, const Tensor& tie, const Tensor& dy) {
  return where(tie, dy * 0.5, where(chosen, dy, 0.0));
}

Tensor power_growth(const Tensor& a, const Tensor& b);

/// b a^(b - 1), an operation as those in slope.hpp.
Tensor power_slope(const Tensor& a, const Tensor& b) {
  return record(
      "pow_slope", [&] { return kernels::power_slope(a.array(), b.array()); },
      edge(a, [a = Saved(a), b = Saved(b)](const Tensor& dy) { return dy * b * power_slope(a, b.get() - 1.0); }),
      edge(b, [a = Saved(a), b = Saved(b)](const Tensor& dy) {
        return dy * (pow(a, b.get() - 1.0) + b * power_growth(a, b.get() - 1.0));
      }));
}

/// a^b ln a.
Tensor power_growth(const Tensor& a, const Tensor& b) {
  return record(
      "pow_growth", [&] { return kernels::power_growth(a.array(), b.array()); },
      edge(a, [a = Saved(a), b = Saved(b)](
                  const Tensor& dy) { return dy * (pow(a, b.get() - 1.0) + b * power_growth(a, b.get() - 1.0)); }),
      edge(b,
           [a = Saved(a)](const Tensor& dy, const Tensor& y) { return dy * y * log(where(a.get() == 0.0, 1.0, a)); }));
}

/// p / (p^2 + q^2).
Tensor atan2_slope(const Tensor& p, const Tensor& q) {
  return record(
      "atan2_slope", [&] { return kernels::atan2_slope(p.array(), q.array()); },
      edge(p, [p = Saved(p), q = Saved(q)](const Tensor& dy,
                                           const Tensor& y) { return dy * (square(atan2_slope(q, p)) - square(y)); }),
      edge(q, [p = Saved(p), q = Saved(q)](const Tensor& dy, const Tensor& y) {
        return dy * y * atan2_slope(q, p) * -2.0;
      }));
}

/// e^a / (e^a + e^b).
Tensor logaddexp_slope(const Tensor& a, const Tensor& b) {
  const auto product = [a = Saved(a), b = Saved(b)](const Tensor& dy, const Tensor& y) {
    return dy * y * logaddexp_slope(b, a);
  };
  return record(
      "logaddexp_slope", [&] { return kernels::logaddexp_slope(a.array(), b.array()); }, edge(a, product),
      edge(b, [product](const Tensor& dy, const Tensor& y) { return -product(dy, y); }));
}

}  // namespace

Tensor add(Operand a, Operand b) {
  align("add", a, b);
  check_numeric("add", a, b);
  return record(
      "add", [&] { return kernels::add(a.array(), b.array()); }, edge(a, [](const Tensor& dy) { return dy; }),
      edge(b, [](const Tensor& dy) { return dy; }));
}

Tensor subtract(Operand a, Operand b) {
  align("subtract", a, b);
  check_numeric("subtract", a, b);
  return record(
      "subtract", [&] { return kernels::subtract(a.array(), b.array()); }, edge(a, [](const Tensor& dy) { return dy; }),
      edge(b, [](const Tensor& dy) { return -dy; }));
}

Tensor multiply(Operand a, Operand b) {
  align("multiply", a, b);
  check_numeric("multiply", a, b);
  return record(
      "multiply", [&] { return kernels::multiply(a.array(), b.array()); },
      edge(a, [b = Saved(b)](const Tensor& dy) { return dy * b; }),
      edge(b, [a = Saved(a)](const Tensor& dy) { return dy * a; }));
}

Tensor divide(Operand a, Operand b) {
  align_floating("divide", a, b);
  check_numeric("divide", a, b);
  return record(
      "divide", [&] { return kernels::divide(a.array(), b.array()); },
      edge(a, [b = Saved(b)](const Tensor& dy) { return dy / b; }),
      edge(b, [b = Saved(b)](const Tensor& dy, const Tensor& y) { return -dy * y / b; }));
}

Tensor negative(const Operand& x) {
  if (x.dtype() == boolean)
    throw DTypeError(
        concat("negative: no arithmetic on a boolean tensor of shape ", x.shape(), ": convert with astype"), x.where());
  return record(
      "negative", [&] { return kernels::negative(x.array()); }, edge(x, [](const Tensor& dy) { return -dy; }));
}

Tensor pow(Operand a, Operand b) {
  align_floating("pow", a, b);
  check_numeric("pow", a, b);
  return record(
      "pow", [&] { return kernels::power(a.array(), b.array()); },
      edge(a, [a = Saved(a), b = Saved(b)](const Tensor& dy) { return dy * power_slope(a, b); }),
      edge(b, [a = Saved(a), b = Saved(b)](const Tensor& dy) { return dy * power_growth(a, b); }));
}

Tensor maximum(Operand a, Operand b) {
  align("maximum", a, b);
  check_numeric("maximum", a, b);
  return record(
      "maximum", [&] { return kernels::maximum(a.array(), b.array()); },
      edge(a, [a = Saved(a), b = Saved(b)](const Tensor& dy) { return share(a.get() > b, a.get() == b, dy); }),
      edge(b, [a = Saved(a), b = Saved(b)](const Tensor& dy) { return share(b.get() > a, a.get() == b, dy); }));
}

Tensor minimum(Operand a, Operand b) {
  align("minimum", a, b);
  check_numeric("minimum", a, b);
  return record(
      "minimum", [&] { return kernels::minimum(a.array(), b.array()); },
      edge(a, [a = Saved(a), b = Saved(b)](const Tensor& dy) { return share(a.get() < b, a.get() == b, dy); }),
      edge(b, [a = Saved(a), b = Saved(b)](const Tensor& dy) { return share(b.get() < a, a.get() == b, dy); }));
}

Tensor atan2(Operand y, Operand x) {
  align_floating("atan2", y, x);
  check_numeric("atan2", y, x);
  return record(
      "atan2", [&] { return kernels::atan2(y.array(), x.array()); },
      edge(y, [y = Saved(y), x = Saved(x)](const Tensor& dy) { return dy * atan2_slope(x, y); }),
      edge(x, [y = Saved(y), x = Saved(x)](const Tensor& dy) { return -dy * atan2_slope(y, x); }));
}

Tensor logaddexp(Operand a, Operand b) {
  align_floating("logaddexp", a, b);
  check_numeric("logaddexp", a, b);
  return record(
      "logaddexp", [&] { return kernels::logaddexp(a.array(), b.array()); },
      edge(a, [a = Saved(a), b = Saved(b)](const Tensor& dy) { return dy * logaddexp_slope(a, b); }),
      edge(b, [a = Saved(a), b = Saved(b)](const Tensor& dy) { return dy * logaddexp_slope(b, a); }));
}

Tensor remainder(Operand a, Operand b) {
  align("remainder", a, b);
  check_numeric("remainder", a, b);
  if (!is_floating(promote(a.dtype(), b.dtype())) && any(b == 0).item<bool>())
    throw ValueError(concat("remainder: a divisor in the integers of shape ", b.shape(), " is 0"), a.where());
  return record(
      "remainder", [&] { return kernels::remainder(a.array(), b.array()); },
      edge(a, [](const Tensor& dy) { return dy; }),
      edge(b, [a = Saved(a), b = Saved(b)](const Tensor& dy) { return -dy * floor(a.get() / b.get()); }));
}

Tensor lerp(Operand a, Operand b, Operand weight) {
  const CallerScope scope(a.where());
  adapt_numbers("lerp", {&a, &b, &weight});
  return a + (b - a) * weight;
}

Tensor addcmul(Operand x, Operand a, Operand b, const Scalar& scale) {
  const CallerScope scope(x.where());
  adapt_numbers("addcmul", {&x, &a, &b});
  return x + a * b * Operand(scale, x.where());
}

}  // namespace xg
