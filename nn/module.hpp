#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autograd/tensor.hpp"
#include "lib/random.hpp"
#include "nn/lookup.hpp"
#include "nn/parameter.hpp"
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
///   nn::Parameter scale = parameter("scale", xg::ones({10}));
///   Tensor forward(const Tensor& x) override { return output(hidden(x)) * scale; }
/// };
/// ```
/// A module owns what it declares; it can be moved, not copied. One that was moved from has nothing left: calling it,
/// or declaring anything in it, is a ValueError until another one is assigned to it.
class XG_API Module {
 public:
  Module() = default;
  /// Takes over what the other declared, and its hooks.
  Module(Module&& other) noexcept;
  /// Takes over what the other declared, and its hooks. If one is a part of the other it is a ValueError.
  Module& operator=(Module&& other);
  virtual ~Module();

  /// The module's function. Call the module itself instead: `net(x)`.
  virtual Tensor forward(const Tensor& x) = 0;
  /// forward(), with the penalties of the last pass forgotten first; errors inside layers name the caller's line. A
  /// call that fails leaves the module as it was: layers that were built for it are not, random numbers are drawn
  /// again.
  Tensor operator()(const Tensor& x, std::source_location where = std::source_location::current());

  /// Every parameter, its own first, then the children's in order of declaration. Those of a module that is found in
  /// several places are listed once, at the first.
  std::vector<NamedTensor> parameters() const;
  /// Every buffer: state that is no parameter.
  std::vector<NamedTensor> buffers() const;
  /// The parameter or buffer of that path. An unknown one is a ValueError.
  Tensor operator[](const Name& path) const;
  /// How many numbers the parameters hold.
  std::int64_t parameter_count() const;
  /// A child and its name.
  using Child = std::pair<std::string, std::shared_ptr<Module>>;
  /// The children with their names, in order of declaration.
  const std::vector<Child>& children() const { return state_.children; }
  /// A list of modules.
  using Modules = std::vector<Module*, pool::Allocator<Module*>>;
  /// The module itself and all below it, each once, parents before their children.
  Modules modules();

  /// Called after every pass of this module; a defined result replaces the output.
  using ForwardHook = std::function<Tensor(Module& module, const Tensor& x, const Tensor& y)>;
  /// Called with the gradient of the output each time a backward pass has computed it; a defined result replaces it.
  /// A module that was moved in the meantime is the one it was moved to; one that is gone is not called for any more.
  using BackwardHook = std::function<Tensor(Module& module, const Tensor& output_gradient)>;
  /// Adds a forward hook. A null function is a ValueError.
  HookHandle register_forward_hook(ForwardHook hook, std::source_location where = std::source_location::current());
  /// Adds a backward hook, for the passes that follow. A null function is a ValueError.
  HookHandle register_backward_hook(BackwardHook hook, std::source_location where = std::source_location::current());

  /// Switches this module and all below it between training (dropout acts) and evaluation. New modules are in training.
  void train(bool on = true);
  /// As train(false).
  void eval() { train(false); }
  /// True unless eval() was called last.
  bool training() const { return state_.training; }

  /// What the regularizers add to the loss, a scalar: those of the parameters, and those of the outputs in the last
  /// pass. Make the pass in a statement before: C++ may compute `net.penalty()` first in `loss(net(x)) +
  /// net.penalty()`.
  Tensor penalty(std::source_location where = std::source_location::current()) const;

  /// The kind of module, as summary() shows it: "Dense".
  virtual std::string type() const { return "Module"; }
  /// Makes the parameters for samples of that shape (without the batch axis), if that is still to be done, and returns
  /// the shape of an output sample; nothing if only a pass can tell. All or nothing: if it fails, none are made.
  virtual std::optional<Shape> build(const Shape&, std::source_location) { return std::nullopt; }
  /// False as long as build() has something to do.
  virtual bool built() const { return true; }
  /// The shape of the samples that the module expects, if it was told.
  virtual std::optional<Shape> input_shape() const { return std::nullopt; }
  /// The terms of the penalty that come from outputs in the last pass.
  std::vector<Tensor> pass_penalties() const;
  /// The shape of the last output, batch axis included; nothing before the first pass.
  const std::optional<Shape>& last_output_shape() const { return state_.last_output_shape; }

 protected:
  /// Declares a parameter, and gives a handle to it. A name that is taken is a ValueError.
  Parameter parameter(const std::string& name, const Tensor& initial, Regularizer regularizer = {},
                      std::source_location where = std::source_location::current());
  /// Declares a buffer, and gives a handle to it.
  Buffer buffer(const std::string& name, const Tensor& initial,
                std::source_location where = std::source_location::current());
  /// Declares a child, by default named after its type and its count: "dense_1". The reference stays good. A name that
  /// is taken is a ValueError, as is a child that this module is a part of; nothing is moved then.
  template <std::derived_from<Module> M>
  M& add(M&& child, std::string name = {}, std::source_location where = std::source_location::current()) {
    check_child(child, name, where);
    auto owned = std::make_shared<M>(std::move(child));
    adopt(owned, std::move(name), where);
    return *owned;
  }
  /// Declares a child that somebody else may hold too. Null is a ValueError.
  void adopt(std::shared_ptr<Module> child, std::string name, std::source_location where);
  /// A ValueError if the module was moved from.
  void check_here(std::source_location where) const;
  /// An error if adopt() would refuse the child; else what remains of it cannot fail.
  void check_child(const Module& child, const std::string& name, std::source_location where);
  /// The parameter or buffer of its own that has that name; null if none has.
  const Tensor* declared(std::string_view name) const;
  /// Takes back a declaration, for those who build and fail half way.
  void undeclare(std::string_view name) noexcept;
  /// Takes back what build() made.
  virtual void unbuild() noexcept {}
  /// What passes draw random numbers from, if the module has a generator: it is set back when a pass fails.
  virtual Generator* generator() { return nullptr; }
  /// Adds a term to the penalty of this pass.
  void add_penalty(const Tensor& term);
  /// True if errors below this module should name the line that called it, not the line in its forward().
  virtual bool reports_caller() const { return false; }

 private:
  friend class Attempt;
  friend class ModeScope;
  struct Hooks;
  using List = std::vector<NamedTensor>;

  /// All that moves.
  struct State {
    List parameters = {};
    List buffers = {};
    std::vector<Child> children = {};
    std::shared_ptr<Hooks> hooks = {};
    std::vector<Tensor> pass_penalties = {};
    std::uint64_t penalty_pass = 0;
    std::optional<Shape> last_output_shape = {};
    bool training = true;
    bool is_moved_from = false;
  };

  bool has_below(const Module& other) const;
  Parameter declare(List& list, const std::string& name, Tensor value, Regularizer regularizer,
                    std::source_location where);
  std::vector<NamedTensor> collect(List State::*list) const;
  Tensor pass_through(const Tensor& x, std::source_location where);
  Tensor hooked(const Tensor& x, Tensor y, std::source_location where);
  Hooks& hooks();
  static void free(std::vector<Child> children) noexcept;

  State state_;
  bool is_child_ = false;                 ///< somebody has adopted this very object
  std::shared_ptr<Module> next_to_free_;  ///< links the modules that free() has still to do
};

/// A module of the library, composed of operations: errors inside it name the line that called it.
class XG_API Layer : public Module {
 protected:
  bool reports_caller() const override { return true; }
};

}  // namespace xg::nn
