#pragma once

#include "nn/optimizers/optimizer.hpp"

namespace xg::nn {

/// The options of LAMB.
struct LAMBOptions {
  LearningRate learning_rate = 0.001;                       ///< of every step, or a function of the step
  double beta_1 = 0.9;                                      ///< how much of the gradients' mean is kept
  double beta_2 = 0.999;                                    ///< how much of their squares' mean is kept
  double epsilon = 1e-7;                                    ///< added to the root
  double weight_decay = 0;                                  ///< how much of w is added to the direction
  std::vector<GradientTransform> gradient_transforms = {};  ///< between backward() and the update

  /// Names them all.
  void visit(Arguments& arguments) {
    learning_rate.visit(arguments);
    arguments("beta_1", beta_1)("beta_2", beta_2)("epsilon", epsilon)("weight_decay", weight_decay);
  }
};

/// LAMB, steps that are as large as the parameter is (You et al. 2020): with t counted from 1 for each parameter,
/// m = beta_1 m + (1 - beta_1) g; v = beta_2 v + (1 - beta_2) g^2; r = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) +
/// epsilon) + weight_decay w; w -= rate |w| / |r| r, with Euclidean norms over the parameter, or rate r if one is 0.
class XG_API LAMB : public Optimizer {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = LAMB;

  /// A rate or weight decay that is negative, NaN or not finite in float32, a beta outside [0, 1), or an epsilon that
  /// is no positive normal number of float32, is a ValueError.
  explicit LAMB(const LAMBOptions& options = {}, std::source_location where = std::source_location::current());
  /// For these parameters.
  explicit LAMB(ParameterList parameters, const LAMBOptions& options = {},
                std::source_location where = std::source_location::current());

  Spec spec() const override;

 protected:
  void update(Array& parameter, const Array& gradient, State& state) override;
  bool decays_weights() const override { return true; }
  std::vector<Array> make_state(const Array& parameter) const override;

 private:
  LAMBOptions options_;
};

}  // namespace xg::nn
