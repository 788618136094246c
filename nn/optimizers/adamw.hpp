#pragma once

#include "nn/optimizers/optimizer.hpp"

namespace xg::nn {

/// The options of AdamW.
struct AdamWOptions {
  LearningRate learning_rate = 0.001;  ///< of every step, or a function of the step
  double beta_1 = 0.9;                 ///< how much of the gradients' mean is kept
  double beta_2 = 0.999;               ///< how much of their squares' mean is kept
  double epsilon = 1e-7;               ///< added to the root
  double weight_decay = 0.004;         ///< w loses learning_rate * weight_decay of itself in each step
  bool amsgrad = false;                ///< whether the largest mean of squares there was stands in the root
  std::vector<GradientTransform> gradient_transforms = {};  ///< between backward() and the update

  /// Names them all.
  void visit(Arguments& arguments) {
    learning_rate.visit(arguments);
    arguments("beta_1", beta_1)("beta_2", beta_2)("epsilon", epsilon)("weight_decay", weight_decay)("amsgrad", amsgrad);
  }
};

/// Adam with a decay of the weights that does not go through the moments (Loshchilov and Hutter 2019): the update of
/// Adam, and w -= learning_rate weight_decay w, both from the same w.
class XG_API AdamW : public Optimizer {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = AdamW;

  /// A rate or weight decay that is negative, NaN or not finite in float32, a beta outside [0, 1), or an epsilon that
  /// is no positive normal number of float32, is a ValueError.
  explicit AdamW(const AdamWOptions& options = {}, std::source_location where = std::source_location::current());
  /// For these parameters.
  explicit AdamW(ParameterList parameters, const AdamWOptions& options = {},
                 std::source_location where = std::source_location::current());

  Spec spec() const override;

 protected:
  void update(Array& parameter, const Array& gradient, State& state) override;
  bool decays_weights() const override { return true; }
  std::vector<Array> make_state(const Array& parameter) const override;

 private:
  AdamWOptions options_;
};

}  // namespace xg::nn
