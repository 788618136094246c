#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

#include "nn/arguments.hpp"
#include "nn/metrics/streaming.hpp"

namespace xg::nn {

/// The options of AUC.
struct AUCOptions {
  std::string curve = "ROC";      ///< "ROC", or "PR": precision over recall
  std::string average = "macro";  ///< of several classes, each against the others: "macro": the mean of their areas;
                                  ///< "micro": the area of all put together

  /// Names them all.
  void visit(Arguments& arguments) { arguments("curve", curve)("average", average); }
};

/// The area under a curve that is drawn by all thresholds, exact, without a grid of thresholds: scores are kept, 16
/// bytes for each, and sorted. ROC: the probability that a yes has a larger score than a no, ties counting half. PR:
/// the average precision, the sum over thresholds of precision times the rise of recall, without interpolation.
/// y_true as for the figures of classes; with several columns each class stands against the others, and a class that
/// was never true, or (ROC) always, is left out of the mean. Where nothing is left it is 0.
class XG_API AUC : public StreamingMetric {
 public:
  /// With these options. Unknown ones are a ValueError.
  explicit AUC(const AUCOptions& options = {}, std::source_location where = std::source_location::current());

  /// Adds a batch. Scores that are NaN are a ValueError, another number of columns is a ShapeError.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weights) override;
  double result() const override;
  void reset() override;
  Spec spec() const override;
  bool is_costly() const override { return true; }

 private:
  /// One score; the weight of a no is negative.
  struct Point {
    double score, weight;
  };
  using Points = std::vector<Point>;

  AUCOptions options_;
  std::vector<Points> columns_;
};

}  // namespace xg::nn
