#pragma once

#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "nn/optimizers/gradient.hpp"
#include "nn/optimizers/optimizer.hpp"

namespace xg::nn {

/// The way from the gradients that backward() left to the update: the penalties, the transforms, the change. All that
/// may fail comes before the first change.
class Optimizer::Step {
 public:
  /// Collects the gradients; with those of the regularizers, if they are wanted.
  Step(Optimizer& optimizer, bool with_penalties, std::source_location where);
  ~Step() {
    optimizer_.in_step_ = was_in_step_;
    optimizer_.step_rate_ = earlier_rate_;
    optimizer_.decay_factor_ = 1;
  }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  /// Makes the step. Returns what the regularizers added to the loss.
  double make();

 private:
  /// What a constraint that fails is undone by.
  struct Before {
    Array elements;
    State state;
  };
  struct Change {
    std::optional<Array> flat = {};     ///< room for the elements of a parameter that is a view
    std::vector<Array> state = {};      ///< a first state
    std::optional<Before> before = {};  ///< of a parameter with a constraint
    ParameterGroup group = {};          ///< that the parameter belongs to
  };

  void collect(std::size_t index);
  void add_penalty(Gradient& gradient, const NamedTensor& target);
  void add_lost_penalties();
  double penalty() const;
  /// That rate, for that parameter or, if the name is empty, for all. A negative or infinite one is a ValueError.
  double checked_rate(double rate, const std::string& parameter) const;
  void prepare();
  void apply(std::size_t i);
  void apply_constrained(std::size_t i);
  void undo_constrained() noexcept;
  void apply_all();

  Optimizer& optimizer_;
  bool was_in_step_;
  std::optional<double> earlier_rate_;
  double rate_ = 0;  ///< of this step
  bool with_penalties_;
  std::source_location where_;
  Gradients gradients_;
  std::vector<Change, pool::Allocator<Change>> changes_;
  std::vector<double, pool::Allocator<double>> room_;
  double penalty_ = 0;  ///< but for what the update finds on its way
};

}  // namespace xg::nn
