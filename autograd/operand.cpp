#include "autograd/operand.hpp"

namespace xg {
namespace {

int kind(DType dtype) { return dtype == boolean ? 0 : is_floating(dtype) ? 2 : 1; }

}  // namespace

Operand::Operand(const Tensor& tensor, std::source_location where) : tensor_(&tensor), where_(where), line_(where) {
  if (!tensor.defined())
    throw ValueError("an undefined tensor was given to an operation: assign it a value first", where);
}

void Operand::adapt_to(DType other) {
  if (!is_number_) return;
  materialize(kind(number_dtype_) > kind(other) ? number_dtype_ : other);
  is_number_ = false;
}

void Operand::materialize(DType dtype) const { own_ = Tensor(Array::full({}, number_, dtype)); }

}  // namespace xg
