#pragma once

#include "nn/optimizers/optimizer.hpp"

namespace xg::nn {

/// The options of Adadelta.
struct AdadeltaOptions {
  LearningRate learning_rate = 1.0;  ///< of every step, or a function of the step
  double rho = 0.95;                 ///< how much of the running means is kept
  double epsilon = 1e-7;             ///< added under both roots
  double decay = 0;                  ///< the rate at step t (from 0) is learning_rate / (1 + decay t)
  std::vector<GradientTransform> gradient_transforms = {};  ///< between backward() and the update

  /// Names them all.
  void visit(Arguments& arguments) {
    learning_rate.visit(arguments);
    arguments("rho", rho)("epsilon", epsilon)("decay", decay);
  }
};

/// Adadelta (Zeiler 2012), as Keras: a = rho a + (1 - rho) g^2; u = g sqrt(d + epsilon) / sqrt(a + epsilon);
/// w -= rate u; d = rho d + (1 - rho) u^2.
class XG_API Adadelta : public Optimizer {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = Adadelta;

  /// A rate or decay that is negative, NaN or not finite in float32, a rho outside [0, 1), or an epsilon that is no
  /// positive normal number of float32, is a ValueError.
  explicit Adadelta(const AdadeltaOptions& options = {}, std::source_location where = std::source_location::current());
  /// For these parameters.
  explicit Adadelta(ParameterList parameters, const AdadeltaOptions& options = {},
                    std::source_location where = std::source_location::current());

  Spec spec() const override;

 protected:
  void update(Array& parameter, const Array& gradient, State& state) override;
  std::vector<Array> make_state(const Array& parameter) const override;

 private:
  AdadeltaOptions options_;
};

}  // namespace xg::nn
