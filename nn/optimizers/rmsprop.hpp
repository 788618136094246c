#pragma once

#include "nn/optimizers/optimizer.hpp"

namespace xg::nn {

/// The options of RMSprop.
struct RMSpropOptions {
  LearningRate learning_rate = 0.001;  ///< of every step, or a function of the step
  double rho = 0.9;                    ///< how much of the running means is kept
  double epsilon = 1e-7;               ///< added to the root
  double momentum = 0;                 ///< how much of the last step is made again
  bool centered = false;               ///< whether the root is that of the variance
  double decay = 0;                    ///< the rate at step t (from 0) is learning_rate / (1 + decay t)
  std::vector<GradientTransform> gradient_transforms = {};  ///< between backward() and the update

  /// Names them all.
  void visit(Arguments& arguments) {
    learning_rate.visit(arguments);
    arguments("rho", rho)("epsilon", epsilon)("momentum", momentum)("centered", centered)("decay", decay);
  }
};

/// RMSprop (Tieleman and Hinton 2012), as Keras 2.2.4: v = rho v + (1 - rho) g^2; w -= rate g / (sqrt(v) + epsilon).
/// Centered (Graves 2013), a = rho a + (1 - rho) g, and v - a^2 stands in the root. With momentum the change without it
/// is added to momentum times the last one, as in Keras 3.
class XG_API RMSprop : public Optimizer {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = RMSprop;

  /// A rate or decay that is negative, NaN or not finite in float32, a rho or momentum outside [0, 1), or an epsilon
  /// that is no positive normal number of float32, is a ValueError.
  explicit RMSprop(const RMSpropOptions& options = {}, std::source_location where = std::source_location::current());
  /// For these parameters.
  explicit RMSprop(ParameterList parameters, const RMSpropOptions& options = {},
                   std::source_location where = std::source_location::current());

  Spec spec() const override;

 protected:
  void update(Array& parameter, const Array& gradient, State& state) override;
  std::vector<Array> make_state(const Array& parameter) const override;

 private:
  RMSpropOptions options_;
};

}  // namespace xg::nn
