#pragma once

#include <cmath>
#include <limits>
#include <source_location>
#include <string>

#include "lib/error.hpp"

namespace xg::nn {

// Options are doubles, but what they act on are mostly float32: a number that is finite there is finite everywhere.

/// A ValueError for a number that is NaN or infinite, or becomes so in float32.
inline void check_finite(const std::string& what, double number, std::source_location where) {
  if (!(std::abs(number) <= std::numeric_limits<float>::max()))
    throw ValueError(concat(what, " must be finite in float32, got ", number), where);
}

/// The same for a negative number too.
inline void check_not_negative(const std::string& what, double number, std::source_location where) {
  if (!(number >= 0)) throw ValueError(concat(what, " must be at least 0, got ", number), where);
  check_finite(what, number, where);
}

}  // namespace xg::nn
