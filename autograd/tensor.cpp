#include "autograd/tensor.hpp"

#include <utility>

#include "autograd/indexed.hpp"
#include "autograd/node.hpp"

namespace xg {

Tensor& Tensor::set_requires_grad(bool value, std::source_location where) {
  if (!defined()) throw ValueError("set_requires_grad: an undefined tensor: assign it a value first", where);
  if (!is_leaf()) {
    if (value) return *this;
    throw GraphError(concat("set_requires_grad: the result of '", node_->op(),
                            "' cannot stop needing a gradient: "
                            "detach() it"),
                     where);
  }
  if (value && !is_floating(dtype()))
    throw DTypeError(
        concat("set_requires_grad: only float32 and float64 tensors have gradients, this one is ", dtype()), where);
  if (node_)
    node_->frozen.store(!value, std::memory_order_relaxed);
  else if (value)
    node_ = NodeRef(new Node("leaf", where, value_));
  return *this;
}

bool Tensor::is_leaf() const { return !node_ || node_->is_leaf(); }

Tensor Tensor::grad() const { return node_ && node_->attachments() ? node_->attachments()->gradient : Tensor(); }

void Tensor::set_grad(const Tensor& gradient, std::source_location where) {
  if (!node_) throw GraphError("set_grad: the tensor has no gradient: call set_requires_grad()", where);
  if (!gradient.defined()) throw ValueError("set_grad: an undefined tensor: zero_grad() forgets the gradient", where);
  if (gradient.shape() != shape() || gradient.dtype() != dtype())
    throw ShapeError(concat("set_grad: a ", gradient.dtype(), " gradient of shape ", gradient.shape(),
                            " does not fit a ", dtype(), " tensor of shape ", shape()),
                     where);
  node_->attach().gradient = gradient;
}

void Tensor::zero_grad() {
  if (!node_ || !node_->attachments()) return;
  if (Tensor& stored = node_->attachments()->gradient; stored.defined()) stored = Tensor();
}

void Tensor::retain_grad(std::source_location where) {
  if (!node_)
    throw GraphError("retain_grad: the tensor has no gradient: it depends on no leaf that requires one", where);
  node_->attach().retains_gradient = true;
}

HookHandle Tensor::register_hook(Hook hook, std::source_location where) {
  if (!node_)
    throw GraphError("register_hook: the tensor has no gradient: it depends on no leaf that requires one", where);
  check_given("register_hook", "function", hook, where);
  return node_->attach().hooks.add(std::move(hook));
}

void Tensor::check_assignable(std::source_location where) const {
  if (!is_leaf())
    throw GraphError(concat("assign: the result of '", node_->op(),
                            "' is part of a graph: assign to a leaf, or to a "
                            "detached clone"),
                     where);
  if (!defined()) throw ValueError("assign: the target is an undefined tensor", where);
  check_own_places("assign", value_, where);
}

void Tensor::assign(const Tensor& values, std::source_location where) {
  check_assignable(where);
  if (!values.defined()) throw ValueError("assign: the values are an undefined tensor", where);
  if (values.shape() != shape())
    throw ShapeError(concat("assign: values of shape ", values.shape(), " do not fit a tensor of shape ", shape()),
                     where);
  value_.assign(values.array().astype(dtype(), where), where);
}

void Tensor::assign_number(const Scalar& number, std::source_location where) {
  check_assignable(where);
  check_held("assign", number, dtype(), where);
  value_.assign(Array::full({}, number, dtype(), where).broadcast_to(shape()), where);
}

Array Tensor::from_number(const Scalar& number, std::source_location where) {
  check_fits("Tensor", number, number.dtype(), where);
  return Array::full({}, number, number.dtype(), where);
}

Array Tensor::from_list(const std::vector<Scalar>& values, const Shape& shape, DType dtype,
                        std::source_location where) {
  return Array::from_numbers("Tensor", values, shape, dtype, where);
}

void Tensor::check_single(std::source_location where) const {
  if (!defined()) throw ValueError("item: an undefined tensor: assign it a value first", where);
  if (size() != 1) throw ShapeError(concat("item: one element expected, got shape ", shape()), where);
}

std::string to_string(const Tensor& tensor) { return to_string(tensor.array()); }

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) { return out << tensor.array(); }

}  // namespace xg
