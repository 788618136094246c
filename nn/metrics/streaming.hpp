#pragma once

#include <functional>
#include <memory>
#include <string>

#include "autograd/tensor.hpp"
#include "nn/spec.hpp"

namespace xg::nn {

/// A metric that is no mean over samples: it collects what it needs batch by batch. Derive from it:
/// ```cpp
/// struct Worst : nn::StreamingMetric {
///   double worst = 0;
///   void update(const Tensor& y, const Tensor& p, const Tensor&) override {
///     worst = std::max(worst, xg::max(xg::abs(y - p)).item());
///   }
///   double result() const override { return worst; }
///   void reset() override { worst = 0; }
/// };
/// ```
/// Every epoch and every evaluation has a copy of its own, which is reset first: the class must be copyable.
class XG_API StreamingMetric {
 public:
  virtual ~StreamingMetric();
  /// Adds a batch. `weights` has a number for each sample (N) or each of its steps (N, steps); undefined, all count 1.
  virtual void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weights) = 0;
  /// The figure of what was collected. It may be asked for after every batch.
  virtual double result() const = 0;
  /// Forgets what was collected.
  virtual void reset() = 0;
  /// The name it is shown by.
  virtual std::string name() const { return spec().name; }
  /// Its name and its options; `custom` for classes of users, unless they say it themselves.
  virtual Spec spec() const { return {Spec::custom}; }
  /// True if result() takes much longer than update(): during an epoch it is then asked for when the number of samples
  /// has grown by a quarter, and at the end.
  virtual bool is_costly() const { return false; }
};

/// A streaming metric that copies are made of, and how.
struct XG_API StreamingChoice {
  std::shared_ptr<StreamingMetric> original = {};                                  ///< null for none
  std::shared_ptr<StreamingMetric> (*copy)(const StreamingMetric& original) = {};  ///< another one of its class
  void (*assign)(StreamingMetric& kept, const StreamingMetric& copy) = {};         ///< null unless the user keeps it

  /// Copies of a copy of this one.
  template <class M>
  static StreamingChoice copy_of(const M& metric) {
    return {std::make_shared<M>(metric), copied<M>, nullptr};
  }
  /// Copies of one that the user reads.
  template <class M>
  static StreamingChoice kept(std::shared_ptr<M> metric) {
    return {std::move(metric), copied<M>, [](StreamingMetric& target, const StreamingMetric& source) {
              static_cast<M&>(target) = static_cast<const M&>(source);
            }};
  }

 private:
  template <class M>
  static std::shared_ptr<StreamingMetric> copied(const StreamingMetric& original) {
    return std::make_shared<M>(static_cast<const M&>(original));
  }
};

}  // namespace xg::nn
