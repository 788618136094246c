#pragma once

#include "nn/optimizers/optimizer.hpp"

namespace xg::nn {

/// The options of Adam.
struct AdamOptions {
  LearningRate learning_rate = 0.001;  ///< of every step, or a function of the step
  double beta_1 = 0.9;                 ///< how much of the gradients' mean is kept
  double beta_2 = 0.999;               ///< how much of their squares' mean is kept
  double epsilon = 1e-7;               ///< added to the root
  double decay = 0;                    ///< the rate at step t (from 0) is learning_rate / (1 + decay t)
  bool amsgrad = false;                ///< whether the largest mean of squares there was stands in the root
  std::vector<GradientTransform> gradient_transforms = {};  ///< between backward() and the update

  /// Names them all.
  void visit(Arguments& arguments) {
    learning_rate.visit(arguments);
    arguments("beta_1", beta_1)("beta_2", beta_2)("epsilon", epsilon)("decay", decay)("amsgrad", amsgrad);
  }
};

/// Adam (Kingma and Ba 2015), in the form of the paper's last line before section 2.1, as Keras: with t counted from 1
/// for each parameter, rate = learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t); m = beta_1 m + (1 - beta_1) g; v =
/// beta_2 v + (1 - beta_2) g^2; w -= rate m / (sqrt(v) + epsilon). With amsgrad (Reddi, Kale and Kumar 2018) the
/// largest v there was stands in the root.
class XG_API Adam : public Optimizer {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = Adam;

  /// A rate or decay that is negative, NaN or not finite in float32, a beta outside [0, 1), or an epsilon that is no
  /// positive normal number of float32, is a ValueError.
  explicit Adam(const AdamOptions& options = {}, std::source_location where = std::source_location::current());
  /// For these parameters.
  explicit Adam(ParameterList parameters, const AdamOptions& options = {},
                std::source_location where = std::source_location::current());

  Spec spec() const override;

 protected:
  void update(Array& parameter, const Array& gradient, State& state) override;
  std::vector<Array> make_state(const Array& parameter) const override;

 private:
  AdamOptions options_;
};

}  // namespace xg::nn
