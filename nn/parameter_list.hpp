#pragma once

#include <atomic>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autograd/tensor.hpp"
#include "nn/constraints.hpp"
#include "nn/regularizers.hpp"

namespace xg::nn {

class Module;

/// A parameter or buffer, the path by which it is found ("dense_1.kernel"), and what its size adds to the loss.
struct NamedTensor {
  std::string name;              ///< the path by which it is found
  Tensor value;                  ///< the parameter itself
  Regularizer regularizer = {};  ///< what its size adds to the loss
  Constraint constraint = {};    ///< what it is brought back to after every update

  /// The parameter itself.
  operator const Tensor&() const { return value; }
};

/// Where a module is now, for those who follow it wherever it moves, in other threads too.
struct Anchor {
  std::atomic<Module*> module = nullptr;  ///< null once it is gone
};

/// What Module::parameters() gives: the parameters there are now. An optimizer that is made of it follows the module:
/// layers that get their parameters later are trained too. One that is made of any other list stays with that, as of
/// one from which parameters were taken away, or to which some were added.
class ParameterList : public std::vector<NamedTensor> {
 public:
  ParameterList() = default;
  /// Those given, of no module.
  ParameterList(std::initializer_list<NamedTensor> parameters) : std::vector<NamedTensor>(parameters) {}
  /// Those given, of no module.
  ParameterList(std::vector<NamedTensor> parameters) : std::vector<NamedTensor>(std::move(parameters)) {}
  /// Those of a module.
  ParameterList(std::vector<NamedTensor> parameters, std::shared_ptr<const Anchor> source)
      : std::vector<NamedTensor>(std::move(parameters)), source_(std::move(source)), listed_(size()) {}

  /// The module that they are the parameters of; null if they were given one by one, or are not all of that list.
  std::shared_ptr<const Anchor> source() const { return size() == listed_ ? source_ : nullptr; }

 private:
  std::shared_ptr<const Anchor> source_;
  std::size_t listed_ = 0;  ///< how many the module gave
};

}  // namespace xg::nn
