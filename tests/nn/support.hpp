#pragma once

#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "autograd/tensor.hpp"
#include "nn/callbacks/progress_line.hpp"

/// What the tests of nn share.

using Numbers = std::vector<double>;

inline Numbers numbers(const xg::Tensor& x) { return x.to_vector<double>(); }

/// The largest |a - b|; infinite for different shapes or if there is a NaN.
inline double largest_difference(const Numbers& a, const Numbers& b) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (a.size() != b.size()) return infinity;
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = std::isnan(difference) ? infinity : difference;
  }
  return largest;
}

inline bool same_bits(const xg::Array& a, const xg::Array& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(a.contiguous().raw(), b.contiguous().raw(), a.bytes()) == 0;
}

/// A stream to draw progress on, and a clock that stands still until it is set.
struct Screen {
  double now = 0;
  std::ostringstream out;

  xg::nn::Display display(bool terminal = true) {
    return {.out = &out, .clock = [this] { return now; }, .terminal = terminal};
  }
};
