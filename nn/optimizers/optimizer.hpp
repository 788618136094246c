#pragma once

#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/choices.hpp"
#include "nn/module.hpp"

namespace xg::nn {

/// The result of parameters() as an optimizer's argument, which braced options cannot be mistaken for.
class ParameterList {
 public:
  /// All of them.
  ParameterList(std::vector<NamedTensor> parameters) : parameters_(std::move(parameters)) {}
  /// The list itself.
  std::vector<NamedTensor> take() && { return std::move(parameters_); }

 private:
  std::vector<NamedTensor> parameters_;
};

/// Changes parameters by their gradients. A derived class says how one parameter is changed; the state it keeps for
/// each is made on the first step. Parameters may be views, such as a transposed leaf: their own elements change, and
/// no others. A step that fails changes nothing.
class XG_API Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// The parameters that step() changes: those given that need a gradient, each once, however often it is listed. Those
  /// that were among the earlier ones keep their state, that of the others is dropped. Parameters with elements that
  /// share their memory, such as broadcast ones, are a ValueError.
  void attach(std::vector<NamedTensor> parameters, std::source_location where = std::source_location::current());
  /// True once parameters were given.
  bool attached() const { return !parameters_.empty(); }
  /// Those that step() changes.
  const std::vector<NamedTensor>& parameters() const { return parameters_; }
  /// One update of every parameter that has a gradient and was not frozen since, in place. Without parameters it is a
  /// ValueError.
  void step(std::source_location where = std::source_location::current());
  /// Forgets the gradients.
  void zero_grad();
  /// The trainer's step: as step() and zero_grad(), with the gradients of the parameters' l2 regularizers added on the
  /// way, which saves the graph from holding them. Returns what those regularizers added to the loss before the step.
  double step_with_penalties(std::source_location where = std::source_location::current());

  /// Of the next step.
  double learning_rate() const { return learning_rate_; }
  /// A rate that is negative or NaN is a ValueError.
  void set_learning_rate(double learning_rate, std::source_location where = std::source_location::current());
  /// Its name and its options as they are now; `custom` for classes of users, unless they say it themselves.
  virtual Spec spec() const { return {Spec::custom}; }
  /// How many steps were made, with whatever parameters.
  std::int64_t iterations() const { return iterations_; }

 protected:
  /// What an optimizer keeps for one parameter.
  struct State {
    std::vector<Array> arrays = {};  ///< what make_state() returned
    std::int64_t steps = 0;          ///< how often the parameter was changed
  };

  /// For derived classes: the name is for errors.
  Optimizer(const char* name, double learning_rate, std::source_location where);
  /// One for the same parameters, with a state of its own.
  Optimizer(const Optimizer& other);
  /// Leaves an optimizer without parameters behind.
  Optimizer(Optimizer&& other) noexcept;
  /// Takes the other's parameters and a copy of its state.
  Optimizer& operator=(const Optimizer& other);
  /// Leaves an optimizer without parameters behind.
  Optimizer& operator=(Optimizer&& other) noexcept;

  /// Changes a parameter, a contiguous array, in place. Must not fail: what it needs is in the state.
  virtual void update(Array& parameter, const Array& gradient, State& state) = 0;
  /// True if update_decayed() adds a weight decay on the way; else the gradient is changed before update().
  virtual bool fuses_decay() const { return false; }
  /// update() by gradient + decay * parameter. Returns the sum of the squares of the old parameter. `room` has space
  /// for kernels::decay_room() numbers.
  virtual double update_decayed(Array&, const Array&, double /*decay*/, double* /*room*/) { return 0; }
  /// The arrays an update keeps for a parameter.
  virtual std::vector<Array> make_state(const Array&) const { return {}; }

 private:
  friend class Model;
  class Step;

  static std::vector<State> clones(std::vector<State> states);
  void detach() noexcept;

  const char* name_;
  double learning_rate_;
  std::int64_t iterations_ = 0;
  std::vector<NamedTensor> parameters_;
  std::vector<State> states_;
};

/// An optimizer as an option: an object, a shared pointer to one, or a name ("sgd", "adam") for its defaults.
class XG_API OptimizerChoice : public ObjectChoice<OptimizerChoice, Optimizer> {
 public:
  /// What errors call it.
  static constexpr const char* kind = "optimizer";

  /// By name, by Spec, or as an object.
  using ObjectChoice::ObjectChoice;
  /// None.
  OptimizerChoice() = default;
};

}  // namespace xg::nn
