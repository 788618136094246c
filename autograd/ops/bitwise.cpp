#include "autograd/ops/bitwise.hpp"

#include "autograd/ops/check.hpp"
#include "lib/kernels/bitwise.hpp"

namespace xg {
namespace {

void check_whole(const char* op, const Operand& x) {
  if (is_floating(x.dtype()))
    throw DTypeError(concat(op, ": integers or booleans expected, got ", x.dtype(), " of shape ", x.shape()),
                     x.where());
}

Tensor combined(const char* op, Operand& a, Operand& b, Array (*kernel)(const Array&, const Array&)) {
  align(op, a, b);
  check_whole(op, a);
  check_whole(op, b);
  return kernel(a.array(), b.array());
}

}  // namespace

Tensor bitwise_and(Operand a, Operand b) { return combined("bitwise_and", a, b, kernels::bitwise_and); }
Tensor bitwise_or(Operand a, Operand b) { return combined("bitwise_or", a, b, kernels::bitwise_or); }
Tensor bitwise_xor(Operand a, Operand b) { return combined("bitwise_xor", a, b, kernels::bitwise_xor); }

Tensor bitwise_not(const Operand& x) {
  check_whole("bitwise_not", x);
  return kernels::bitwise_not(x.array());
}

}  // namespace xg
