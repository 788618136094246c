#pragma once

#include "nn/optimizers/optimizer.hpp"

namespace xg::nn {

/// The options of Nadam.
struct NadamOptions {
  LearningRate learning_rate = 0.002;                       ///< of every step, or a function of the step
  double beta_1 = 0.9;                                      ///< how much of the gradients' mean is kept
  double beta_2 = 0.999;                                    ///< how much of their squares' mean is kept
  double epsilon = 1e-7;                                    ///< added to the root
  double schedule_decay = 0.004;                            ///< how fast the momentum grows to beta_1
  std::vector<GradientTransform> gradient_transforms = {};  ///< between backward() and the update

  /// Names them all.
  void visit(Arguments& arguments) {
    learning_rate.visit(arguments);
    arguments("beta_1", beta_1)("beta_2", beta_2)("epsilon", epsilon)("schedule_decay", schedule_decay);
  }
};

/// Nadam, Adam with Nesterov's momentum (Dozat 2016), as Keras 2.2.4: with t counted from 1 for each parameter, and
/// mu_t = beta_1 (1 - 0.96^(t schedule_decay) / 2), S = mu_1 ... mu_t, S' = S mu_{t+1}: m = beta_1 m + (1 - beta_1) g;
/// v = beta_2 v + (1 - beta_2) g^2; w -= rate ((1 - mu_t) g / (1 - S) + mu_{t+1} m / (1 - S')) / (sqrt(v / (1 -
/// beta_2^t)) + epsilon).
class XG_API Nadam : public Optimizer {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = Nadam;

  /// A rate or schedule_decay that is negative, NaN or not finite in float32, a beta outside [0, 1), or an epsilon that
  /// is no positive normal number of float32, is a ValueError.
  explicit Nadam(const NadamOptions& options = {}, std::source_location where = std::source_location::current());
  /// For these parameters.
  explicit Nadam(ParameterList parameters, const NadamOptions& options = {},
                 std::source_location where = std::source_location::current());

  Spec spec() const override;

 protected:
  void update(Array& parameter, const Array& gradient, State& state) override;
  std::vector<Array> make_state(const Array& parameter) const override;

 private:
  NadamOptions options_;
};

}  // namespace xg::nn
