#include "autograd/operand.hpp"

namespace xg {
namespace {

int kind(DType dtype) { return dtype == boolean ? 0 : is_floating(dtype) ? 2 : 1; }

}  // namespace

Operand::Operand(const Tensor& tensor, std::source_location where) : tensor_(&tensor), where_(where) {
  if (!tensor.defined())
    throw ValueError(
        "an undefined tensor was given to an operation: assign it a value first; a grad() has none before backward()",
        where);
}

Operand::Operand(const Array& array, std::source_location where) : own_(array), where_(where) {}

Operand::Operand(const Scalar& number, std::source_location where) : number_(number), is_number_(true), where_(where) {}

void Operand::adapt_to(const char* op, DType other) {
  if (!is_number_) return;
  const DType own = number_.dtype();
  materialize(op, kind(own) > kind(other) ? own : other);
  is_number_ = false;
}

void Operand::materialize(const char* op, DType dtype) const {
  check_fits(op, number_, dtype, where_);
  own_ = Tensor(Array::full({}, number_, dtype));
}

}  // namespace xg
