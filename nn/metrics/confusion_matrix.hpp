#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

#include "nn/arguments.hpp"
#include "nn/metrics/streaming.hpp"

namespace xg::nn {

// Figures of classes. Predictions of one column, (N) or (N, ..., 1), are probabilities of a yes, y_true is 0 or 1 then;
// of several columns (N, ..., classes) the first largest is what was predicted, and y_true is one-hot in the same
// shape, or a class number for each row.

/// How often class numbers y_pred stand beside y_true: int64 (classes, classes), rows are what was true, columns what
/// was predicted. Both are whole numbers in [0, classes), of the same number of elements; anything else is an error.
/// With 0 classes there are as many as the largest number tells.
XG_API Tensor confusion_matrix(const Tensor& y_true, const Tensor& y_pred, std::int64_t classes = 0,
                               std::source_location where = std::source_location::current());

/// The options of ConfusionMatrix and MeanIoU.
struct ConfusionMatrixOptions {
  double threshold = 0.5;  ///< a probability above it is a yes

  /// Names them all.
  void visit(Arguments& arguments) { arguments("threshold", threshold); }
};

/// Counts what was predicted of what was true. As a figure it is the share on the diagonal.
/// ```cpp
/// nn::ConfusionMatrix matrix;
/// model.compile({.optimizer = "sgd", .loss = "categorical_crossentropy", .metrics = {std::ref(matrix)}});
/// model.evaluate(x, y);
/// std::cout << matrix.counts();
/// ```
class XG_API ConfusionMatrix : public StreamingMetric {
 public:
  /// With these options. A threshold that is NaN is a ValueError.
  explicit ConfusionMatrix(const ConfusionMatrixOptions& options = {},
                           std::source_location where = std::source_location::current());

  /// (classes, classes) in float64: rows are what was true, columns what was predicted. Samples count what they weigh.
  /// Before the first batch it is (0, 0).
  Tensor counts() const;
  /// How many classes there are; 0 before the first batch.
  std::int64_t classes() const { return classes_; }

  /// Adds a batch. One of another number of classes, or columns, is a ShapeError.
  void update(const Tensor& y_true, const Tensor& y_pred, const Tensor& weights) override;
  double result() const override;
  void reset() override;
  Spec spec() const override;

 protected:
  /// For derived classes: the name is for errors.
  ConfusionMatrix(const char* name, double threshold, std::source_location where);
  /// True if predictions have one column.
  bool binary() const { return binary_; }
  /// How much class `truth` was taken for class `guess`.
  double at(std::int64_t truth, std::int64_t guess) const {
    return counts_[static_cast<std::size_t>(truth * classes_ + guess)];
  }

  /// Of one class, or of several added up.
  struct Hits {
    double right = 0;   ///< what was predicted, and true
    double wrong = 0;   ///< what was predicted, and not true
    double missed = 0;  ///< what was true, and not predicted
  };
  /// Those of a class.
  Hits hits(std::int64_t of_class) const;

 private:
  const char* name_;
  double threshold_;
  bool binary_ = false;
  std::int64_t classes_ = 0;
  std::vector<double> counts_;
};

/// The mean over classes of right / (right + wrong + missed), over those that were true or predicted.
class XG_API MeanIoU : public ConfusionMatrix {
 public:
  /// With these options. A threshold that is NaN is a ValueError.
  explicit MeanIoU(const ConfusionMatrixOptions& options = {},
                   std::source_location where = std::source_location::current());
  double result() const override;
  Spec spec() const override;

 private:
  ConfusionMatrixOptions options_;
};

/// The options of Precision, Recall and F1.
struct ClassFigureOptions {
  double threshold = 0.5;        ///< a probability above it is a yes
  std::string average = "auto";  ///< "binary": of class 1 alone; "macro": the mean over the classes that were true or
                                 ///< predicted; "weighted": the same, each counting as often as it was true; "micro":
                                 ///< of all classes added up; "auto": binary for one column, else macro

  /// Names them all.
  void visit(Arguments& arguments) { arguments("threshold", threshold)("average", average); }
};

/// A figure of what was predicted rightly, averaged over classes; where nothing is to be divided by, it is 0.
class XG_API ClassFigure : public ConfusionMatrix {
 public:
  double result() const override;
  Spec spec() const override;

 protected:
  /// For derived classes. A threshold that is NaN and an unknown average are a ValueError.
  ClassFigure(const char* name, const ClassFigureOptions& options, std::source_location where);
  /// That of a class, or of all.
  virtual double figure(const Hits& hits) const = 0;

 private:
  const char* name_;
  ClassFigureOptions options_;
};

/// right / (right + wrong): which share of what was predicted is true.
class XG_API Precision : public ClassFigure {
 public:
  /// With these options. A threshold that is NaN and an unknown average are a ValueError.
  explicit Precision(const ClassFigureOptions& options = {},
                     std::source_location where = std::source_location::current())
      : ClassFigure("precision", options, where) {}

 protected:
  double figure(const Hits& hits) const override;
};

/// right / (right + missed): which share of what is true was predicted.
class XG_API Recall : public ClassFigure {
 public:
  /// With these options. A threshold that is NaN and an unknown average are a ValueError.
  explicit Recall(const ClassFigureOptions& options = {}, std::source_location where = std::source_location::current())
      : ClassFigure("recall", options, where) {}

 protected:
  double figure(const Hits& hits) const override;
};

/// 2 right / (2 right + wrong + missed): the harmonic mean of precision and recall.
class XG_API F1 : public ClassFigure {
 public:
  /// With these options. A threshold that is NaN and an unknown average are a ValueError.
  explicit F1(const ClassFigureOptions& options = {}, std::source_location where = std::source_location::current())
      : ClassFigure("f1", options, where) {}

 protected:
  double figure(const Hits& hits) const override;
};

}  // namespace xg::nn
