#include "autograd/ops/special.hpp"

#include <limits>

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/check.hpp"
#include "autograd/record.hpp"
#include "lib/kernels/special.hpp"

namespace xg {

Tensor lgamma(const Operand& x) {
  check_floating("lgamma", x);
  return record(
      "lgamma", [&] { return kernels::lgamma(x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * digamma(x); }));
}

Tensor digamma(const Operand& x) {
  check_floating("digamma", x);
  return record(
      "digamma", [&] { return kernels::polygamma(0, x.array()); },
      edge(x, [x = Saved(x)](const Tensor& dy) { return dy * polygamma(1, x); }));
}

Tensor polygamma(int n, const Operand& x) {
  check_floating("polygamma", x);
  if (n < 0) throw ValueError(concat("polygamma: the order must not be negative, got ", n), x.where());
  const int next = n == std::numeric_limits<int>::max() ? n : n + 1;  // NaN, both
  return record(
      "polygamma", [&] { return kernels::polygamma(n, x.array()); },
      edge(x, [x = Saved(x), next](const Tensor& dy) { return dy * polygamma(next, x); }));
}

}  // namespace xg
