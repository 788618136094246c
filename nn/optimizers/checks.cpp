#include "nn/optimizers/checks.hpp"

#include <limits>

#include "nn/check_number.hpp"

namespace xg::nn {

void check_share(const std::string& what, double share, std::source_location where) {
  if (!(share >= 0 && share < 1)) throw ValueError(concat(what, " must lie in [0, 1), got ", share), where);
}

void check_epsilon(const std::string& optimizer, double epsilon, std::source_location where) {
  if (!(epsilon > 0)) throw ValueError(concat(optimizer, ": epsilon must be greater than 0, got ", epsilon), where);
  check_finite(optimizer + ": epsilon", epsilon, where);
  if (constexpr double least = std::numeric_limits<float>::min(); epsilon < least)
    throw ValueError(
        concat(optimizer, ": epsilon must be at least ", least, ", as smaller ones vanish in float32, got ", epsilon),
        where);
}

}  // namespace xg::nn
