#include "nn/parameter.hpp"

#include "autograd/grad_mode.hpp"
#include "autograd/indexed.hpp"
#include "autograd/ops/arithmetic.hpp"

namespace xg::nn {

void Parameter::check_changes(const char* what, const Operand& values) const {
  if (!defined()) throw ValueError(concat(what, ": the handle is of no parameter"), values.where());
  const bool others = !values.is_number() && values.tensor().requires_grad();
  if (grad_enabled() && (requires_grad() || others))
    throw GraphError(concat(what, ": ", requires_grad() ? "the parameter" : "the value", ", of shape ",
                            requires_grad() ? shape() : values.shape(),
                            ", needs a gradient, and a change of a parameter's elements is not recorded: use "
                            "xg::NoGrad, or another variable for the result"),
                     values.where());
}

Parameter& Parameter::operator=(const Operand& values) & {
  check_changes("parameter = y", values);
  Indexed(*this) = values;
  return *this;
}

Parameter& Parameter::operator=(Parameter&& other) & noexcept {
  static_cast<Tensor&>(*this) = std::move(static_cast<Tensor&>(other));
  return *this;
}

Parameter& Parameter::change(const char* sign, Tensor (*f)(Operand, Operand), const Operand& other) {
  check_changes(concat("parameter ", sign, " y").c_str(), other);
  detail::change(*this, sign, f, other);
  return *this;
}

Parameter& Parameter::operator+=(const Operand& other) & { return change("+=", add, other); }
Parameter& Parameter::operator-=(const Operand& other) & { return change("-=", subtract, other); }
Parameter& Parameter::operator*=(const Operand& factor) & { return change("*=", multiply, factor); }
Parameter& Parameter::operator/=(const Operand& divisor) & { return change("/=", divide, divisor); }

Parameter& Parameter::set_requires_grad(bool value, std::source_location where) {
  Tensor::set_requires_grad(value, where);
  return *this;
}

}  // namespace xg::nn
