#include "nn/metrics/mean.hpp"

#include <cmath>

#include "nn/check_number.hpp"

namespace xg::nn {

void Mean::add(double value, double weight, std::source_location where) {
  check_not_negative("Mean: a weight", weight, where);
  if (weight == 0) return;
  weight_ += weight;
  const double step = value - mean_;
  mean_ += step * weight / weight_;
  squares_ += weight * step * (value - mean_);
}

void Mean::add(const Tensor& values, std::source_location where) {
  for (const double value : values.to_vector<double>()) add(value, 1, where);
}

double Mean::deviation() const {
  return weight_ > 0 ? std::sqrt(squares_ / weight_) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace xg::nn
