#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "autograd/tensor.hpp"
#include "nn/lookup.hpp"
#include "nn/regularizers.hpp"

namespace xg::nn {

/// A parameter or buffer, the path by which it is found ("dense_1.kernel"), and what its size adds to the loss.
struct NamedTensor {
  std::string name;              ///< the path by which it is found
  Tensor value;                  ///< the parameter itself
  Regularizer regularizer = {};  ///< what its size adds to the loss
};

/// What a model is made of: a function of one tensor with named parameters, buffers and children. Declaring registers:
/// ```cpp
/// struct Net : nn::Model {
///   nn::Dense& hidden = add(nn::Dense({.units = 64, .activation = "relu"}));
///   nn::Dense& output = add(nn::Dense({.units = 10}), "output");
///   Tensor& scale = parameter("scale", xg::ones({10}));
///   Tensor forward(const Tensor& x) override { return output(hidden(x)) * scale; }
/// };
/// ```
/// A module owns what it declares; it can be moved, not copied.
class XG_API Module {
 public:
  Module() = default;
  /// Takes over what the other declared.
  Module(Module&&) = default;
  /// Takes over what the other declared.
  Module& operator=(Module&&) = default;
  virtual ~Module() = default;

  /// The module's function. Call the module itself instead: `net(x)`.
  virtual Tensor forward(const Tensor& x) = 0;
  /// forward(), with the penalties of the last pass forgotten first; errors inside layers name the caller's line.
  Tensor operator()(const Tensor& x, std::source_location where = std::source_location::current());

  /// Every parameter, its own first, then the children's in order of declaration.
  std::vector<NamedTensor> parameters() const;
  /// Every buffer: state that is no parameter.
  std::vector<NamedTensor> buffers() const;
  /// The parameter or buffer of that path. An unknown one is a ValueError.
  Tensor operator[](const Name& path) const;
  /// How many numbers the parameters hold.
  std::int64_t parameter_count() const;
  /// The children with their names, in order of declaration.
  const std::vector<std::pair<std::string, std::shared_ptr<Module>>>& children() const { return children_; }

  /// Called after every pass of this module; a defined result replaces the output.
  using ForwardHook = std::function<Tensor(Module& module, const Tensor& x, const Tensor& y)>;
  /// Called with the gradient of the output each time a backward pass has computed it; a defined result replaces it.
  using BackwardHook = std::function<Tensor(Module& module, const Tensor& output_gradient)>;
  /// Adds a forward hook. A null one is a ValueError.
  void register_forward_hook(ForwardHook hook, std::source_location where = std::source_location::current()) {
    check_given("register_forward_hook", "function", hook, where);
    forward_hooks_.push_back(std::move(hook));
  }
  /// Adds a backward hook. A null one is a ValueError.
  void register_backward_hook(BackwardHook hook, std::source_location where = std::source_location::current()) {
    check_given("register_backward_hook", "function", hook, where);
    backward_hooks_.push_back(std::move(hook));
  }

  /// Switches this module and its children between training (dropout acts) and evaluation. New modules are in training.
  void train(bool on = true);
  /// As train(false).
  void eval() { train(false); }
  /// True unless eval() was called last.
  bool training() const { return training_; }

  /// What the regularizers add to the loss, a scalar: those of the parameters, and those of the outputs in the last
  /// pass. Make the pass in a statement before: C++ may compute `net.penalty()` first in `loss(net(x)) +
  /// net.penalty()`.
  Tensor penalty(std::source_location where = std::source_location::current()) const;

  /// The kind of module, as summary() shows it: "Dense".
  virtual std::string type() const { return "Module"; }
  /// Makes the parameters for samples of that shape (without the batch axis), if that is still to be done, and returns
  /// the shape of an output sample; nothing if only a pass can tell.
  virtual std::optional<Shape> build(const Shape&, std::source_location) { return std::nullopt; }
  /// The shape of the samples that the module expects, if it was told.
  virtual std::optional<Shape> input_shape() const { return std::nullopt; }
  /// The terms of the penalty that come from outputs in the last pass.
  std::vector<Tensor> pass_penalties() const;
  /// The shape of the last output, batch axis included; nothing before the first pass.
  const std::optional<Shape>& last_output_shape() const { return last_output_shape_; }

 protected:
  /// Declares a parameter. A name that is taken is a ValueError. The reference stays good for the module's lifetime.
  Tensor& parameter(const std::string& name, const Tensor& initial, Regularizer regularizer = {},
                    std::source_location where = std::source_location::current());
  /// Declares a buffer.
  Tensor& buffer(const std::string& name, const Tensor& initial,
                 std::source_location where = std::source_location::current());
  /// Declares a child, by default named after its type and its count: "dense_1". The reference stays good.
  template <class M>
  M& add(M child, std::string name = {}, std::source_location where = std::source_location::current()) {
    auto owned = std::make_shared<M>(std::move(child));
    adopt(owned, std::move(name), where);
    return *owned;
  }
  /// Declares a child that somebody else may hold too.
  void adopt(std::shared_ptr<Module> child, std::string name, std::source_location where);
  /// Adds a term to the penalty of this pass.
  void add_penalty(const Tensor& term);
  /// True if errors below this module should name the line that called it, not the line in its forward().
  virtual bool reports_caller() const { return false; }

 private:
  using List = std::vector<std::unique_ptr<NamedTensor>>;

  Tensor& declare(List& list, const std::string& name, Tensor value, Regularizer regularizer,
                  std::source_location where);
  void collect(List Module::*list, const std::string& prefix, std::vector<NamedTensor>& found) const;
  void forget_penalties();

  List parameters_;
  List buffers_;
  std::vector<std::pair<std::string, std::shared_ptr<Module>>> children_;
  Tensor hooked(const Tensor& x, Tensor y);

  std::vector<ForwardHook> forward_hooks_;
  std::vector<BackwardHook> backward_hooks_;
  std::vector<Tensor> pass_penalties_;
  std::uint64_t penalty_pass_ = 0;
  std::optional<Shape> last_output_shape_;
  bool training_ = true;
};

/// A module of the library, composed of operations: errors inside it name the line that called it.
class XG_API Layer : public Module {
 protected:
  bool reports_caller() const override { return true; }
};

}  // namespace xg::nn
