#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "autograd/operand.hpp"

namespace xg::testing {

/// What references are computed in: eleven bits more than float64.
using Wide = long double;

/// How exact a function has to be.
struct Bound {
  double ulps = 4;  ///< units in the last place
  /// What the units are those of, where it is more than the true value: the size of the terms that cancel near a root.
  std::function<Wide(Wide)> scale = {};
  std::string reason = {};  ///< why more than 4 units, or a scale
};

/// An elementwise function of one tensor over the whole range of numbers. The references are limits at infinities.
struct RangeCase {
  std::string name = {};
  std::function<Tensor(const Tensor&)> function = {};
  std::function<Wide(Wide)> value = {};
  std::function<Wide(Wide)> slope = {};
  std::vector<double> critical = {};  ///< thresholds, roots, poles, ends of the domain: all their neighbours are tried
  Wide first = -std::numeric_limits<Wide>::infinity();  ///< the ends of the domain of the derivative
  Wide last = std::numeric_limits<Wide>::infinity();
  bool smooth = true;  ///< false if pieces do not depend on x: their slope at NaN is a number
  Bound value_bound = {};
  Bound slope_bound = {};
  double widest = 1000;  ///< beyond it, and its negative, only every exponent is tried, and not all numbers evenly
};

/// One of two tensors; slopes with respect to either.
struct PairCase {
  std::string name = {};
  std::function<Tensor(const Tensor&, const Tensor&)> function = {};
  std::function<Wide(Wide, Wide)> value = {};
  std::function<Wide(Wide, Wide)> first_slope = {};
  std::function<Wide(Wide, Wide)> second_slope = {};
  std::function<Wide(Wide, Wide)> scale = {};  ///< as in Bound, of the value
  std::string reason = {};
};

std::vector<RangeCase> range_cases();
std::vector<PairCase> pair_cases();

}  // namespace xg::testing
