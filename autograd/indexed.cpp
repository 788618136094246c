#include "autograd/indexed.hpp"

#include "autograd/grad_mode.hpp"
#include "autograd/node.hpp"

namespace xg {
namespace {

bool needs_gradient(const Operand& x) { return !x.is_number() && x.tensor().requires_grad(); }

/// Writes values into the elements of x, all or nothing.
void write(const char* op, Array& x, const Array& values, std::source_location where) {
  if (!broadcasts_to(values.shape(), x.shape()))
    throw ShapeError(concat(op, ": values of shape ", values.shape(), " do not broadcast to the ", x.shape(),
                            " elements that are written"),
                     where);
  if (values.dtype() > x.dtype() && !is_floating(x.dtype()))
    throw DTypeError(concat(op, ": ", x.dtype(), " elements cannot hold ", values.dtype(),
                            " values: convert one of them with astype"),
                     where);
  check_own_places(op, x, where);
  x.assign(values.astype(x.dtype()).broadcast_to(x.shape()));
}

}  // namespace

void check_own_places(const char* op, const Array& x, std::source_location where) {
  for (std::size_t axis = 0; axis < x.rank(); ++axis)
    if (x.strides()[axis] == 0 && x.shape()[axis] > 1)
      throw ValueError(concat(op, ": one element stands at several places of a broadcast tensor of shape ", x.shape(),
                              ": write to what it was broadcast from, or to a contiguous copy"),
                       where);
}

void Indexed::operator=(const Operand& given) && {
  if (grad_enabled() && (requires_grad() || needs_gradient(given)))
    throw GraphError(concat("x[...] = y: an assignment is not recorded, and ", requires_grad() ? "x" : "y",
                            " needs a gradient: use xg::NoGrad to change elements, or x = "
                            "index_update(x, {...}, y), which is recorded"),
                     given.where());
  Operand values = given;
  values.adapt_to("x[...] = y", dtype());
  write("x[...] = y", array(), values.array(), given.where());
}

Tensor& detail::change(Tensor& a, const char* sign, Tensor (*f)(Operand, Operand), const Operand& b) {
  const Operand target(a, b.where());
  const bool recorded = grad_enabled() && (a.requires_grad() || needs_gradient(b));
  if (recorded && a.requires_grad() && a.is_leaf())
    throw GraphError(concat("a ", sign, " b: a, a leaf of shape ", a.shape(),
                            ", needs a gradient, and a change of its "
                            "elements is not recorded: use xg::NoGrad to change them, or another variable for the "
                            "result"),
                     b.where());
  Tensor result = f(target, b);
  if (recorded) return a = std::move(result);
  const std::string op = concat("a ", sign, " b");
  if (result.shape() != a.shape())
    throw ShapeError(concat(op, ": a has shape ", a.shape(), ", and the result ", result.shape(),
                            ", which its elements cannot hold: write a = a ", sign[0], " b"),
                     b.where());
  if (result.dtype() != a.dtype() && !(is_floating(result.dtype()) && is_floating(a.dtype())))
    throw DTypeError(
        concat(op, ": a is ", a.dtype(), ", and the result ", result.dtype(), ": write a = a ", sign[0], " b"),
        b.where());
  write(op.c_str(), a.array(), result.array(), b.where());
  return a;
}

}  // namespace xg
