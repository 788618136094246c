#pragma once

#include <cstdint>
#include <limits>
#include <source_location>

#include "autograd/tensor.hpp"

namespace xg::nn {

/// The running mean and standard deviation of numbers, in double precision: of losses in a training loop of one's own,
/// of the pixels of a data set, ...
class XG_API Mean {
 public:
  /// Adds a number that counts as much as `weight`. A weight that is negative or not finite is a ValueError.
  void add(double value, double weight = 1, std::source_location where = std::source_location::current());
  /// Adds all elements.
  void add(const Tensor& values, std::source_location where = std::source_location::current());
  /// Forgets them.
  void reset() { *this = Mean(); }

  /// The sum of the weights.
  double weight() const { return weight_; }
  /// The mean; NaN if there is none.
  double mean() const { return weight_ > 0 ? mean_ : std::numeric_limits<double>::quiet_NaN(); }
  /// The square root of the mean of the squares of what differs from the mean: divided by the weight, not by one less.
  /// NaN if there is none.
  double deviation() const;

 private:
  double weight_ = 0, mean_ = 0, squares_ = 0;
};

}  // namespace xg::nn
