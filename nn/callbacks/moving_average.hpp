#pragma once

#include <source_location>
#include <vector>

#include "autograd/tensor.hpp"
#include "nn/callbacks/callback.hpp"

namespace xg::nn {

class Module;

/// The options of ExponentialMovingAverage.
struct MovingAverageOptions {
  double momentum = 0.99;  ///< how much of the mean stays in each step
  bool overwrite = true;   ///< whether the means become the parameters when a run of fit() ends

  /// Names them all.
  void visit(Arguments& arguments) { arguments("momentum", momentum)("overwrite", overwrite); }
};

/// Running means of the parameters, which often do better than the last values: after each batch mean = momentum mean +
/// (1 - momentum) parameter (Polyak and Juditsky 1992, with a decay). They begin with the values before the first step.
/// Give it to fit() among the callbacks, by std::ref if it is needed afterwards, or call update() in a loop of your
/// own:
/// ```cpp
/// nn::ExponentialMovingAverage average({.momentum = 0.999});
/// for (auto [x, y] : batches) {
///   optimizer.minimize(nn::mean_squared_error(y, net(x)));
///   average.update(net);
/// }
/// average.swap(net);  // evaluate with the means; swap() again to go on
/// ```
/// A parameter that comes later begins with the value it has then. Buffers are not averaged.
class XG_API ExponentialMovingAverage : public Callback {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = ExponentialMovingAverage;

  /// A momentum outside [0, 1) is a ValueError.
  explicit ExponentialMovingAverage(const MovingAverageOptions& options = {},
                                    std::source_location where = std::source_location::current());
  /// With means of its own.
  ExponentialMovingAverage(const ExponentialMovingAverage& other);
  /// Takes a copy of the other's means.
  ExponentialMovingAverage& operator=(const ExponentialMovingAverage& other);

  /// After a step: takes the parameters of the module into the means.
  void update(const Module& module);
  /// Exchanges the parameters and their means. A parameter that has none keeps its value.
  void swap(Module& module);
  /// Writes the means into the parameters. One that has none keeps its value.
  void apply(Module& module) const;

  Spec spec() const override;
  void on_train_begin(TrainingRun& run) override;
  void on_batch_end(TrainingRun& run, std::int64_t batch, std::int64_t seen, const Logs& logs) override;
  void on_train_end(TrainingRun& run) override;

 private:
  /// A parameter and its mean.
  struct Mean {
    Tensor parameter;
    Array mean;
  };

  const Array* mean_of(const Tensor& parameter, std::size_t likely) const;
  void begin(const Module& module);

  MovingAverageOptions options_;
  std::vector<Mean> means_;
};

}  // namespace xg::nn
