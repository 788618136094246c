#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autograd/tensor.hpp"
#include "nn/regularizers.hpp"

namespace xg::nn {

class Module;

/// A parameter or buffer, the path by which it is found ("dense_1.kernel"), and what its size adds to the loss.
struct NamedTensor {
  std::string name;              ///< the path by which it is found
  Tensor value;                  ///< the parameter itself
  Regularizer regularizer = {};  ///< what its size adds to the loss

  /// The parameter itself.
  operator const Tensor&() const { return value; }
};

/// Where a module is now, for those who follow it wherever it moves.
struct Anchor {
  Module* module = nullptr;  ///< null once it is gone
};

/// What Module::parameters() gives: the parameters there are now. An optimizer that is made of it follows the module:
/// layers that get their parameters later are trained too. One that is made of any other vector stays with that.
class ParameterList : public std::vector<NamedTensor> {
 public:
  ParameterList() = default;
  /// Those given, of no module.
  ParameterList(std::initializer_list<NamedTensor> parameters) : std::vector<NamedTensor>(parameters) {}
  /// Those given, of no module.
  ParameterList(std::vector<NamedTensor> parameters) : std::vector<NamedTensor>(std::move(parameters)) {}
  /// Those of a module.
  ParameterList(std::vector<NamedTensor> parameters, std::shared_ptr<const Anchor> source)
      : std::vector<NamedTensor>(std::move(parameters)), source_(std::move(source)) {}

  /// The module they are all parameters of; null if they were given one by one.
  const std::shared_ptr<const Anchor>& source() const { return source_; }

 private:
  std::shared_ptr<const Anchor> source_;
};

}  // namespace xg::nn
