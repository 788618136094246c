#pragma once

#include <vector>

#include "nn/metrics/streaming.hpp"

namespace xg::nn {

/// 1 - sum (y_true - y_pred)^2 / sum (y_true - mean y_true)^2, the share of the variance that is explained: of each
/// element of a sample, and then their mean. y_true and y_pred have one shape (else a ShapeError); weights are of whole
/// samples. An element of y_true that was always the same counts 1 if it was predicted exactly, else 0.
class XG_API R2Score : public StreamingMetric {
 public:
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weights) override;
  double result() const override;
  void reset() override;
  Spec spec() const override { return {"r2_score"}; }

 private:
  /// Of one element of the samples.
  struct Column {
    double mean = 0, squares = 0;  ///< of y_true: its mean, and the sum of the squares of what differs from it
    double errors = 0;             ///< the sum of the squares of what predictions differ from y_true
  };
  double weight_ = 0;
  std::vector<Column> columns_;
};

}  // namespace xg::nn
