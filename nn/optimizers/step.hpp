#pragma once

#include <optional>
#include <source_location>
#include <vector>

#include "nn/optimizers/optimizer.hpp"

namespace xg::nn {

/// A step in two parts: the constructor takes all the memory, make() changes the parameters and cannot fail unless it
/// does so before the first change.
class Optimizer::Step {
 public:
  /// With penalties: as step_with_penalties().
  Step(Optimizer& optimizer, bool with_penalties, std::source_location where);
  /// Makes the step with the gradients there are now. Returns what the l2 regularizers added to the loss.
  double make();

 private:
  struct Change {
    std::optional<Array> flat = {};  ///< room for the elements of a parameter that is a view
    std::optional<Array> gradient = {};
    std::optional<Array> decayed = {};  ///< room for the gradient of the penalty too
    std::vector<Array> state = {};      ///< a first state
    double decay = 0;
  };

  void prepare(std::size_t index);
  void take_gradient(std::size_t index);
  double apply(std::size_t index);

  Optimizer& optimizer_;
  bool with_penalties_;
  std::source_location where_;
  std::vector<Change, pool::Allocator<Change>> changes_;
  std::vector<double, pool::Allocator<double>> room_;
};

}  // namespace xg::nn
