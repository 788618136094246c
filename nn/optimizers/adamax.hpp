#pragma once

#include "nn/optimizers/optimizer.hpp"

namespace xg::nn {

/// The options of Adamax.
struct AdamaxOptions {
  LearningRate learning_rate = 0.002;  ///< of every step, or a function of the step
  double beta_1 = 0.9;                 ///< how much of the gradients' mean is kept
  double beta_2 = 0.999;               ///< how much of their largest size is kept
  double epsilon = 1e-7;               ///< added to the largest size
  double decay = 0;                    ///< the rate at step t (from 0) is learning_rate / (1 + decay t)
  std::vector<GradientTransform> gradient_transforms = {};  ///< between backward() and the update

  /// Names them all.
  void visit(Arguments& arguments) {
    learning_rate.visit(arguments);
    arguments("beta_1", beta_1)("beta_2", beta_2)("epsilon", epsilon)("decay", decay);
  }
};

/// Adamax (Kingma and Ba 2015, section 7.1), as Keras: with t counted from 1 for each parameter, m = beta_1 m + (1 -
/// beta_1) g; u = max(beta_2 u, |g|); w -= rate / (1 - beta_1^t) m / (u + epsilon).
class XG_API Adamax : public Optimizer {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = Adamax;

  /// A rate or decay that is negative, NaN or not finite in float32, a beta outside [0, 1), or an epsilon that is no
  /// positive normal number of float32, is a ValueError.
  explicit Adamax(const AdamaxOptions& options = {}, std::source_location where = std::source_location::current());
  /// For these parameters.
  explicit Adamax(ParameterList parameters, const AdamaxOptions& options = {},
                  std::source_location where = std::source_location::current());

  Spec spec() const override;

 protected:
  void update(Array& parameter, const Array& gradient, State& state) override;
  std::vector<Array> make_state(const Array& parameter) const override;

 private:
  AdamaxOptions options_;
};

}  // namespace xg::nn
