#pragma once

#include <functional>
#include <source_location>
#include <vector>

#include "nn/parameter_list.hpp"

namespace xg::nn {

/// The options of LBFGS.
struct LBFGSOptions {
  int max_iterations = 100;          ///< steps at most
  int history_size = 10;             ///< of how many steps the curvature is remembered
  double gradient_tolerance = 1e-7;  ///< ends when no element of the gradient is larger
  double loss_tolerance = 1e-10;     ///< ends when a step makes the loss smaller by no larger share of it
  int max_trials = 25;               ///< of a line search
};

/// What LBFGS::minimize() came to.
struct LBFGSResult {
  double loss = 0;         ///< at the end
  int iterations = 0;      ///< steps that were made
  int evaluations = 0;     ///< how often the loss was computed
  bool converged = false;  ///< a tolerance was met; false: out of steps, or no step makes the loss smaller
};

/// The method of Broyden, Fletcher, Goldfarb and Shanno with limited memory (Nocedal 1980; Nocedal and Wright,
/// Numerical Optimization, 2006, algorithms 7.4 and 7.5), for losses of all samples at once, of models of moderate
/// size: each step needs the loss several times. The line search looks for a step that satisfies the strong Wolfe
/// conditions (algorithms 3.5 and 3.6, with 1e-4 and 0.9). It computes in float64 whatever the parameters are.
/// ```cpp
/// nn::LBFGS lbfgs(net.parameters());
/// auto result = lbfgs.minimize([&] { return nn::mean_squared_error(y, net(x)); });
/// ```
class XG_API LBFGS {
 public:
  /// The loss at the parameters as they are: a scalar.
  using Loss = std::function<Tensor()>;

  /// For those of the parameters that are not frozen. A history or a number of steps or trials below 1, a tolerance
  /// that is negative or NaN, or a parameter with a constraint is a ValueError, as are parameters with elements that
  /// share their memory.
  explicit LBFGS(const ParameterList& parameters, const LBFGSOptions& options = {},
                 std::source_location where = std::source_location::current());

  /// Changes the parameters until the loss is smallest. A loss that is no number at the start is a ValueError. If the
  /// loss throws, the parameters are what they were before the call.
  LBFGSResult minimize(const Loss& loss, std::source_location where = std::source_location::current());

 private:
  class Run;

  std::vector<NamedTensor> parameters_;
  LBFGSOptions options_;
};

}  // namespace xg::nn
