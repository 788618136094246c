#pragma once

#include <algorithm>
#include <cmath>
#include <ostream>

/// A number to compare with, up to a difference relative to the larger of the two. doctest's Approx adds 1 to that
/// scale: a small number is close to any other small one there.
struct Close {
  double value;
  double tolerance;

  Close(double number, double relative) : value(number), tolerance(relative) {}

  friend bool operator==(double found, const Close& expected) {
    const double scale = std::max(std::abs(found), std::abs(expected.value));
    return found == expected.value || std::abs(found - expected.value) <= expected.tolerance * scale;
  }
  friend std::ostream& operator<<(std::ostream& out, const Close& close) {
    return out << close.value << " (to " << close.tolerance << " of it)";
  }
};
