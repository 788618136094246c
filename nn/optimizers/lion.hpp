#pragma once

#include "nn/optimizers/optimizer.hpp"

namespace xg::nn {

/// The options of Lion.
struct LionOptions {
  LearningRate learning_rate = 1e-4;  ///< of every step, or a function of the step
  double beta_1 = 0.9;                ///< how much of the mean goes into the step
  double beta_2 = 0.99;               ///< how much of the gradients' mean is kept
  double weight_decay = 0;            ///< w loses learning_rate * weight_decay of itself in each step
  std::vector<GradientTransform> gradient_transforms = {};  ///< between backward() and the update

  /// Names them all.
  void visit(Arguments& arguments) {
    learning_rate.visit(arguments);
    arguments("beta_1", beta_1)("beta_2", beta_2)("weight_decay", weight_decay);
  }
};

/// Lion (Chen et al. 2023), the sign of a mix of the gradient and its mean: w -= learning_rate (sign(beta_1 m + (1 -
/// beta_1) g) + weight_decay w); m = beta_2 m + (1 - beta_2) g.
class XG_API Lion : public Optimizer {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = Lion;

  /// A rate or weight decay that is negative, NaN or not finite in float32, or a beta outside [0, 1), is a ValueError.
  explicit Lion(const LionOptions& options = {}, std::source_location where = std::source_location::current());
  /// For these parameters.
  explicit Lion(ParameterList parameters, const LionOptions& options = {},
                std::source_location where = std::source_location::current());

  Spec spec() const override;

 protected:
  void update(Array& parameter, const Array& gradient, State& state) override;
  bool decays_weights() const override { return true; }
  std::vector<Array> make_state(const Array& parameter) const override;

 private:
  LionOptions options_;
};

}  // namespace xg::nn
