#pragma once

#include "nn/optimizers/optimizer.hpp"

namespace xg::nn {

/// The options of SGD.
struct SGDOptions {
  LearningRate learning_rate = 0.01;  ///< of every step, or a function of the step
  double momentum = 0;                ///< how much of the last step is made again
  double decay = 0;                   ///< the rate at step t (from 0) is learning_rate / (1 + decay t)
  bool nesterov = false;              ///< whether the gradient is looked up ahead
  std::vector<GradientTransform> gradient_transforms = {};  ///< between backward() and the update

  /// Names them all.
  void visit(Arguments& arguments) {
    learning_rate.visit(arguments);
    arguments("momentum", momentum)("decay", decay)("nesterov", nesterov);
  }
};

/// Stochastic gradient descent: v = momentum v - rate g; w += v, or with nesterov w += momentum v - rate g
/// (Keras 2.2.4; Nesterov's form as in Sutskever et al. 2013).
class XG_API SGD : public Optimizer {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = SGD;

  /// A rate or decay that is negative, NaN or not finite in float32, or a momentum outside [0, 1), is a ValueError.
  explicit SGD(const SGDOptions& options = {}, std::source_location where = std::source_location::current());
  /// For these parameters.
  explicit SGD(ParameterList parameters, const SGDOptions& options = {},
               std::source_location where = std::source_location::current());

  Spec spec() const override;

 protected:
  void update(Array& parameter, const Array& gradient, State& state) override;
  bool fuses_decay() const override { return options_.momentum == 0; }
  double update_decayed(Array& parameter, const Array& gradient, double decay, double* room) override;
  std::vector<Array> make_state(const Array& parameter) const override;

 private:
  SGDOptions options_;
};

}  // namespace xg::nn
