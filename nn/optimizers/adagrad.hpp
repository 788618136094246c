#pragma once

#include "nn/optimizers/optimizer.hpp"

namespace xg::nn {

/// The options of Adagrad.
struct AdagradOptions {
  LearningRate learning_rate = 0.01;     ///< of every step, or a function of the step
  double initial_accumulator_value = 0;  ///< what the sums of squares begin with
  double epsilon = 1e-7;                 ///< added to the root
  double decay = 0;                      ///< the rate at step t (from 0) is learning_rate / (1 + decay t)
  std::vector<GradientTransform> gradient_transforms = {};  ///< between backward() and the update

  /// Names them all.
  void visit(Arguments& arguments) {
    learning_rate.visit(arguments);
    arguments("initial_accumulator_value", initial_accumulator_value)("epsilon", epsilon)("decay", decay);
  }
};

/// Adagrad (Duchi, Hazan and Singer 2011), as Keras: a += g^2; w -= rate g / (sqrt(a) + epsilon).
class XG_API Adagrad : public Optimizer {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = Adagrad;

  /// A rate, decay or first sum that is negative, NaN or not finite in float32, or an epsilon that is no positive
  /// normal number of float32, is a ValueError.
  explicit Adagrad(const AdagradOptions& options = {}, std::source_location where = std::source_location::current());
  /// For these parameters.
  explicit Adagrad(ParameterList parameters, const AdagradOptions& options = {},
                   std::source_location where = std::source_location::current());

  Spec spec() const override;

 protected:
  void update(Array& parameter, const Array& gradient, State& state) override;
  std::vector<Array> make_state(const Array& parameter) const override;

 private:
  AdagradOptions options_;
};

}  // namespace xg::nn
