#include "autograd/ops/gradient.hpp"

#include "autograd/ops/arithmetic.hpp"
#include "autograd/record.hpp"

namespace xg {

Tensor stop_gradient(const Operand& x) { return x.tensor().detach(); }

Tensor reverse_gradient(const Operand& x, double scale) {
  return record(
      "reverse_gradient", [&] { return x.array(); }, edge(x, [scale](const Tensor& dy) { return dy * -scale; }));
}

}  // namespace xg
