#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/choices.hpp"
#include "nn/module.hpp"
#include "nn/optimizers/gradient.hpp"
#include "nn/optimizers/learning_rate.hpp"

namespace xg::nn {

/// How a group of parameters is changed otherwise than the rest.
struct ParameterGroup {
  double learning_rate_factor = 1;  ///< of what the learning rate is for them
  double weight_decay_factor = 1;   ///< of what the weight decay is for them; 0: none
};

/// Changes parameters by their gradients. A derived class says how one parameter is changed; the state it keeps for
/// each is made on the first step. Parameters may be views, such as a transposed leaf: their own elements change, and
/// no others. A step that fails changes nothing.
class XG_API Optimizer {
 public:
  virtual ~Optimizer();

  /// The parameters that step() changes: those given that need a gradient, each once, however often it is listed. Those
  /// that were among the earlier ones keep their state, that of the others is dropped. What parameters() of a module
  /// gives stays what it is there: layers that get theirs later are found by the next step. Parameters with elements
  /// that share their memory, such as broadcast ones, are a ValueError.
  void attach(ParameterList parameters, std::source_location where = std::source_location::current());
  /// True once parameters were given.
  bool attached() const { return source_ || !parameters_.empty(); }
  /// Those that step() changes.
  const std::vector<NamedTensor>& parameters();
  /// The module whose parameters they are, wherever it is; null if they were given one by one.
  const std::shared_ptr<const Anchor>& source() const { return source_; }

  /// One update of every parameter that has a gradient and is not frozen, in place, after the transforms. Without
  /// parameters it is a ValueError.
  void step(std::source_location where = std::source_location::current());
  /// As step(), with the gradients of the parameters' regularizers added first, and zero_grad() after it. Returns what
  /// the regularizers added to the loss before the step. The gradients of l2() are added by the update on its way.
  double step_with_penalties(std::source_location where = std::source_location::current());
  /// The trainer's step: backward() of the loss, which does not hold the penalties, and step_with_penalties().
  /// Gradients that were there before are not counted. If it fails, they are there again, and nothing has changed.
  double minimize(const Tensor& loss, std::source_location where = std::source_location::current());
  /// Forgets the gradients.
  void zero_grad();
  /// Adds a stage behind those there are. During a step it is a ValueError.
  void add_transform(GradientTransform transform, std::source_location where = std::source_location::current());

  /// Parameters whose path fits the pattern, in which * stands for any text, are changed in their own way; of several
  /// patterns that fit the last one counts:
  /// ```cpp
  /// nn::AdamW optimizer({.learning_rate = 1e-3, .weight_decay = 0.1});
  /// optimizer.add_group("*.bias", {.weight_decay_factor = 0});
  /// optimizer.add_group("features.*", {.learning_rate_factor = 0.1});
  /// ```
  /// A factor that is negative or not finite in float32 is a ValueError, as is one of the weight decay of an optimizer
  /// that has none; a pattern that no parameter fits is one in the next step. During a step the call is a ValueError.
  void add_group(const Name& pattern, const ParameterGroup& group);

  /// Of the next step; during the update of a parameter, for that one in this step.
  double learning_rate() const { return step_rate_ ? *step_rate_ : learning_rate_(iterations_); }
  /// A number for all steps from the next on, or a function of the step. A rate that is negative or NaN, or not finite
  /// in float32, is a ValueError: that of a function when it is used, before anything changes.
  void set_learning_rate(LearningRate learning_rate, std::source_location where = std::source_location::current());
  /// True for a number that is the same in every step.
  bool has_constant_rate() const { return learning_rate_.is_constant(); }
  /// What an optimizer has come to: its learning rate, its steps, and what it keeps for the parameters.
  struct Snapshot;
  /// A copy of that.
  std::shared_ptr<const Snapshot> snapshot() const;
  /// Goes back to it. One of another optimizer is a ValueError. During a step it is one, too.
  void restore(const Snapshot& snapshot, std::source_location where = std::source_location::current());
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
  Optimizer(const char* name, LearningRate learning_rate, std::source_location where,
            std::vector<GradientTransform> transforms = {});
  /// One for the same parameters, with a state of its own.
  Optimizer(const Optimizer& other);
  /// Leaves an optimizer without parameters behind.
  Optimizer(Optimizer&& other) noexcept;
  /// Takes the other's parameters and a copy of its state.
  Optimizer& operator=(const Optimizer& other);
  /// Leaves an optimizer without parameters behind.
  Optimizer& operator=(Optimizer&& other) noexcept;

  /// The rate of a step whose number is t, counted from 0, is learning_rate() / (1 + decay t).
  double decayed_rate(double decay) const { return learning_rate() / (1 + decay * static_cast<double>(iterations_)); }
  /// Of the parameter that is changed: that decay, by the factor of its group.
  double weight_decay(double decay) const { return decay * decay_factor_; }
  /// Changes a parameter, a contiguous array, in place. Must not fail: what it needs is in the state.
  virtual void update(Array& parameter, const Array& gradient, State& state) = 0;
  /// True if update() asks weight_decay().
  virtual bool decays_weights() const { return false; }
  /// True if update_decayed() adds a weight decay on the way; else the gradient is changed before update().
  virtual bool fuses_decay() const { return false; }
  /// update() by gradient + decay * parameter. Returns the sum of the squares of the old parameter. `room` has space
  /// for kernels::decay_room() numbers.
  virtual double update_decayed(Array&, const Array&, double /*decay*/, double* /*room*/) { return 0; }
  /// The arrays an update keeps for a parameter.
  virtual std::vector<Array> make_state(const Array&) const { return {}; }

 private:
  class Step;

  /// A group, and which parameters it is for.
  struct Group {
    Name pattern;
    ParameterGroup factors;
  };

  static State clone(State state);
  static std::vector<State> clones(std::vector<State> states);
  /// Looks again, if anything was declared or taken back since.
  void follow(std::source_location where);
  void take(std::vector<NamedTensor> parameters, std::source_location where);
  void sort_into_groups();
  void check_no_step(const char* call, std::source_location where) const;

  const char* name_;
  LearningRate learning_rate_;
  std::optional<double> step_rate_;  ///< while parameters are changed
  double decay_factor_ = 1;          ///< of the parameter that is changed
  std::int64_t iterations_ = 0;
  std::shared_ptr<const Anchor> source_;
  std::uint64_t declarations_ = 0;  ///< when source_ was last asked
  std::vector<NamedTensor> parameters_;
  std::vector<State> states_;
  std::vector<Group> groups_;
  std::vector<ParameterGroup> factors_;  ///< of each parameter; none if there are no groups, or until a step asks
  std::vector<GradientTransform> transforms_;
  bool in_step_ = false;  ///< transforms and regularizers are called: what they look at stays
};

/// An optimizer as an option: an object, a shared pointer to one, or a name ("sgd", "adam", ...) for its defaults.
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
