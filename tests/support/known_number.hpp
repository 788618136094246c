#pragma once

#include "lib/scalar.hpp"

namespace xg::testing {

/// A number and its value, which a long double holds exactly: it has 64 digits at least.
struct Known {
  Scalar number;
  long double value;

  template <class T>
  Known(T exact) : number(exact), value(static_cast<long double>(exact)) {}
};

}  // namespace xg::testing
