#pragma once

#include <source_location>

#include "autograd/operand.hpp"
#include "autograd/tensor.hpp"

namespace xg::nn {

/// A handle to a parameter or a buffer of a module, as Module::parameter() and buffer() give it: a Tensor that stays
/// what it is. Assigning a tensor or a number writes into its elements, which the module, optimizers and all other
/// handles see:
/// ```cpp
/// const xg::NoGrad values_only;
/// net.scale = xg::full({10}, 2.0);
/// net.scale -= 0.1 * net.scale.grad();
/// ```
/// Values broadcast to its shape. While a change would have to be recorded (the parameter or the values need a
/// gradient, and no NoGrad lives) it is a GraphError. Only what parameter() and buffer() return, and what is moved,
/// makes a variable of this type the handle of another parameter: layers that build late begin with an empty one.
class XG_API Parameter : public Tensor {
 public:
  /// Of no parameter.
  Parameter() = default;
  /// Of one that was declared.
  explicit Parameter(Tensor declared) : Tensor(std::move(declared)) {}
  /// The same parameter.
  Parameter(const Parameter&) = default;
  /// The same parameter.
  Parameter(Parameter&&) = default;

  /// Writes the values into its elements. To an empty handle it is a ValueError.
  Parameter& operator=(const Operand& values) &;
  /// Writes the values of the other into its elements.
  Parameter& operator=(const Parameter& other) & { return *this = Operand(other); }
  /// Becomes a handle of the other's parameter.
  Parameter& operator=(Parameter&& other) & noexcept;

  /// Adds to its elements.
  Parameter& operator+=(const Operand& change) &;
  /// Subtracts from its elements.
  Parameter& operator-=(const Operand& change) &;
  /// Multiplies its elements.
  Parameter& operator*=(const Operand& factor) &;
  /// Divides its elements.
  Parameter& operator/=(const Operand& divisor) &;

  /// Tensor's, for declarations: `nn::Parameter w = parameter("w", start).set_requires_grad(false)`.
  Parameter& set_requires_grad(bool value = true, std::source_location where = std::source_location::current());

 private:
  Parameter& change(const char* sign, Tensor (*f)(Operand, Operand), const Operand& other);
  void check_changes(const char* what, const Operand& values) const;
};

/// A handle to a buffer: state that is no parameter.
using Buffer = Parameter;

}  // namespace xg::nn
