#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
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
#include "nn/copier.hpp"
#include "nn/initializers.hpp"
#include "nn/lookup.hpp"
#include "nn/mask.hpp"
#include "nn/parameter.hpp"
#include "nn/parameter_list.hpp"
#include "nn/regularizers.hpp"
#include "nn/tensors.hpp"

namespace xg::nn {

/// What a model is made of: a function of one tensor, or of several, with named parameters, buffers and children.
/// Declaring registers:
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
///
/// Calling a module changes nothing in it, but for the first call, which lets it and all below it make the parameters
/// that depend on the input. Any number of threads may call it at once; in training only if no layer keeps running
/// statistics, as BatchNormalization does, and never if one keeps its state, as recurrent layers do that are stateful.
class XG_API Module {
 public:
  Module();
  /// Takes over what the other declared, and its hooks.
  Module(Module&& other) noexcept;
  /// Takes over what the other declared, and its hooks. If one is a part of the other it is a ValueError.
  Module& operator=(Module&& other);
  virtual ~Module();

  /// The module's function. Call the module itself instead: `net(x)`. It must not change the module: many threads may
  /// be in it.
  virtual Tensor forward(const Tensor& x);
  /// The function of a module that takes or gives several tensors.
  virtual Tensors forward_many(const Tensors& inputs);
  /// forward() in a pass of its own, or in that of the module that calls it; errors inside layers name the caller's
  /// line. A call that fails leaves the module as it was: layers that were built for it are not, random numbers are
  /// drawn again. A module that is no part of the one in whose forward() it is called, is a ValueError if its
  /// parameters would get a gradient there.
  Tensor operator()(const Tensor& x, std::source_location where = std::source_location::current()) const;
  /// The same for several inputs or outputs.
  Tensors operator()(const Tensors& inputs, std::source_location where = std::source_location::current()) const;

  /// Every parameter, its own first, then the children's in order of declaration. Those of a module that is found in
  /// several places are listed once, at the first.
  ParameterList parameters() const;
  /// Every buffer: state that is no parameter.
  ParameterList buffers() const;
  /// The parameter or buffer of that path. An unknown one is a ValueError.
  Tensor operator[](const Name& path) const;
  /// Freezes every parameter whose path fits the pattern, in which * stands for any text: "features.*". It gets no
  /// gradient, no optimizer changes it, its regularizer is not counted, until unfreeze(). A pattern that no path fits
  /// is a ValueError.
  void freeze(const Name& pattern = "*");
  /// Undoes freeze().
  void unfreeze(const Name& pattern = "*");
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
  /// The same of a module that is not to be changed.
  std::vector<const Module*, pool::Allocator<const Module*>> modules() const;
  /// By which the module is found wherever it moves; no other module has the same.
  const std::shared_ptr<Anchor>& anchor() const { return state_.anchor; }
  /// True if it was declared a part of another module.
  bool is_part() const { return places_.load(std::memory_order_relaxed) > 0; }
  /// The one that declared it a part last; null if none has.
  const Anchor* whole() const { return whole_.get(); }

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
  /// Whether dropout acts: in a pass of fit(), evaluate() or predict() as that wants, else as train() or eval() set it.
  bool training() const;
  /// What train() or eval() set.
  bool mode() const { return state_.training; }

  /// What the regularizers add to the loss, a scalar: those of the parameters that are not frozen, and those of the
  /// outputs in the last pass on this thread. Make the pass in a statement before: C++ may compute `net.penalty()`
  /// first in `loss(net(x)) + net.penalty()`. If there are penalties on outputs, but no pass was made on this thread,
  /// it is a ValueError.
  Tensor penalty(std::source_location where = std::source_location::current()) const;
  /// The terms of the penalty that come from outputs in the last pass on this thread.
  std::vector<Tensor> pass_penalties() const;

  /// The kind of module, as summary() shows it: "Dense".
  virtual std::string type() const { return "Module"; }
  /// Declares what depends on the shape of a sample: the input without its first axis, if it has several. Called once,
  /// before the first pass; if it throws, what it declared is taken back. Children that it declares are in evaluation
  /// if the module is.
  virtual void build(const Shape& /*sample*/) {}
  /// The same for several inputs, a mask among them aside.
  virtual void build_many(const std::vector<Shape>& samples);
  /// What becomes of a mask beside the input; a Sequential asks too whether one is made.
  virtual MaskUse mask_use() const { return MaskUse::refuses; }
  /// Tells that passes may report penalties on outputs of this very module: for Pass.
  void reports_penalties() noexcept { has_pass_penalties_.store(true, std::memory_order_relaxed); }
  /// Makes the value, of any shape, that of the buffer of that name of this very module: for Pass.
  void put_buffer(const std::string& name, const Array& value) noexcept;
  /// Takes over the values of all parameters and buffers, the modes, what is frozen and the generators of add_weight(),
  /// of a module of the same structure; builds what is built there. Another structure is a ValueError.
  void assign_state(const Module& other, std::source_location where = std::source_location::current());
  /// A copy for those who know no more of it than that it is a module: for parts of a Sequential. A module of the
  /// user's overrides it by `return std::make_shared<Net>(nn::clone(*this));`, else it is a ValueError.
  virtual std::shared_ptr<Module> copy() const;

  /// Builds the module now, and all below it: what build() leaves open, a pass with a batch of one sample of zeros
  /// does.
  void build_for(const Shape& sample, std::source_location where = std::source_location::current());
  /// False as long as build() is still to be called.
  bool built() const { return built_.load(std::memory_order_acquire); }
  /// The shape of the output for a sample of that shape; nothing if only a pass can tell. A sample that does not fit is
  /// a ShapeError.
  virtual std::optional<Shape> output_shape(const Shape& /*sample*/) const { return std::nullopt; }
  /// The shape of the samples that the module expects, if it was told.
  virtual std::optional<Shape> input_shape() const { return std::nullopt; }
  /// The shape of the output of the first pass, batch axis included; nothing before.
  const std::optional<Shape>& first_output_shape() const { return state_.output_shape; }
  /// Counts what was declared or taken back in all modules so far: while it stays, so do their parameters.
  static std::uint64_t declarations();

  /// What was declared since, so that it can be taken back: for Pass.
  class Building;

 protected:
  /// Declares a parameter, and gives a handle to it. A name that is taken is a ValueError.
  Parameter parameter(const std::string& name, const Tensor& initial, Regularizer regularizer = {},
                      std::source_location where = std::source_location::current());
  /// The same with values that are taken over, unless somebody else holds them too.
  Parameter parameter_from(const std::string& name, Array initial, Regularizer regularizer = {},
                           Constraint constraint = {}, std::source_location where = std::source_location::current());
  /// Declares a parameter of that shape which starts as the initializer says, drawing from the module's own generator.
  Parameter add_weight(const std::string& name, const Shape& shape, const Initializer& initializer = "glorot_uniform",
                       Regularizer regularizer = {}, Constraint constraint = {}, DType dtype = float32,
                       std::source_location where = std::source_location::current());
  /// Declares a buffer, and gives a handle to it.
  Buffer buffer(const std::string& name, const Tensor& initial,
                std::source_location where = std::source_location::current());
  /// Declares a child, by default named after its type and its count: "dense_1". The reference stays good. A name that
  /// is taken is a ValueError, as is a child that this module is a part of; nothing is moved then.
  template <std::derived_from<Module> M>
  M& add(M&& child, std::string name = {}, std::source_location where = std::source_location::current()) {
    check_child(child, name, where);
    return adopt(shared<M>(std::move(child)), std::move(name), where);
  }
  /// The same of a child that somebody else may hold too: other modules, or this one under another name. Null is a
  /// ValueError.
  template <std::derived_from<Module> M>
  M& adopt(std::shared_ptr<M> child, std::string name = {},
           std::source_location where = std::source_location::current()) {
    declare_child(child, std::move(name), where);
    return *child;
  }
  /// A ValueError if the module was moved from.
  void check_here(std::source_location where) const;
  /// An error if adopt() would refuse the child; else what remains of it cannot fail.
  void check_child(const Module& child, const std::string& name, std::source_location where);
  /// The parameter or buffer of its own that has that name; null if none has.
  const Tensor* declared(std::string_view name) const;
  /// Takes back what build() noted beside its declarations, when what it was called for has failed.
  virtual void unbuild() noexcept {}
  /// Forgets the child at that place, and gives it back.
  std::shared_ptr<Module> disown(std::size_t index);
  /// Puts another child in the place of one.
  void replace_child(std::size_t index, std::shared_ptr<Module> child, std::source_location where);
  /// Adds a term to the penalty of this pass. Outside a pass it is a ValueError.
  void add_penalty(const Tensor& term);
  /// Writes into a buffer at the end of this pass, if it does not fail: running statistics. Another shape is a
  /// ShapeError.
  void update(const Buffer& buffer, const Tensor& value);
  /// What the buffer will hold then.
  Tensor latest(const Buffer& buffer) const;
  /// Makes the value, of any shape, that of the buffer of that name, at the end of this pass if it does not fail: the
  /// state of a batch. Without a pass it does so at once. Handles that buffer() gave are of the old one.
  void replace_buffer(const std::string& name, const Tensor& value);
  /// What the buffer of that name will hold then. There being none is a ValueError.
  Tensor latest(const std::string& name) const;
  /// The generator, to draw from in forward() or build(): if the pass fails, the same numbers are drawn again.
  Generator& drawn(Generator& generator) const;
  /// The same of the module's own generator.
  Generator& drawn() { return drawn(*state_.generator); }
  /// A module on the heap; what class it is, and so how it is copied, is not known later on.
  template <class M>
  static std::shared_ptr<M> shared(M module) {
    auto owned = std::make_shared<M>(std::move(module));
    static_cast<Module&>(*owned).copier_ = &copied_as<M, Module>;
    return owned;
  }
  /// A copy of a child, of its own class.
  static std::shared_ptr<Module> copy_of(const Module& child);
  /// A new module, with the state of this one.
  template <class M>
  M copied(M made) const {
    made.assign_state(*this);
    return made;
  }
  /// True if errors below this module should name the line that called it, not the line in its forward().
  virtual bool reports_caller() const { return false; }

 private:
  struct Hooks;
  static std::shared_ptr<Anchor> new_anchor();
  using List = std::vector<NamedTensor>;

  /// All that moves.
  struct State {
    std::shared_ptr<Anchor> anchor = new_anchor();
    List parameters = {};
    List buffers = {};
    std::vector<Child> children = {};
    std::shared_ptr<Hooks> hooks = {};
    std::vector<Shape> samples = {};  ///< that build() was called for
    std::optional<Shape> output_shape = {};
    std::optional<Generator> generator = {};  ///< of add_weight(); none once it was moved from
    bool training = true;
    bool is_moved_from = false;
  };

  void declare_child(std::shared_ptr<Module> child, std::string name, std::source_location where);
  static void count_declaration() noexcept;
  void take(Module& other) noexcept;
  bool has_below(const Module& other) const;
  std::string free_name(const std::string& type) const;
  Parameter declare(List& list, NamedTensor declared, std::source_location where);
  std::vector<NamedTensor> collect(List State::*list) const;
  void set_trainable(const char* call, const Name& pattern, bool trainable);
  template <class X>
  X call(const X& x, std::source_location where) const;
  template <class X>
  X pass_through(const X& x, std::source_location where);
  /// What f does inside of the module.
  template <class F>
  auto inside(std::source_location where, F f) const;
  Tensor apply(const Tensor& x, std::source_location where);
  Tensors apply(const Tensors& inputs, std::source_location where);
  const Tensor& buffer_of(const std::string& name) const;
  void check_registered(std::source_location where) const;
  void check_defined(const Tensors& outputs, std::source_location where) const;
  void check_mask(const Tensor& x, const Tensors& inputs, std::source_location where) const;
  Hooks& hooks();
  void enter(const std::shared_ptr<Anchor>& whole) noexcept;
  void leave(const std::shared_ptr<Anchor>& whole) noexcept;
  static void free(State& state) noexcept;

  State state_;
  std::atomic<bool> built_ = false;
  std::atomic<bool> called_ = false;                            ///< its first output is known
  std::atomic<bool> has_pass_penalties_ = false;                ///< add_penalty() was called
  std::atomic<std::uint32_t> places_ = 0;                       ///< in which this very object was adopted
  std::shared_ptr<Module> (*copier_)(const Module&) = nullptr;  ///< null: copy() is asked
  std::shared_ptr<const Anchor> whole_;                         ///< of the last of them
  std::shared_ptr<Module> next_to_free_;                        ///< links the modules that free() has still to do
};

}  // namespace xg::nn
