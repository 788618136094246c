#pragma once

#include <functional>
#include <vector>

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {

/// What must hold for every operation alike.
struct Law {
  const char* name;
  /// Checks one sample of a case, and returns how many checks that took.
  std::function<int(const OpCase&, const Inputs&)> hold;
  /// Which cases it is about.
  std::function<bool(const OpCase&)> applies = [](const OpCase& op) { return op.differentiable; };
};

// Each from the file of tests that is about the same.
std::vector<Law> value_laws();
std::vector<Law> gradient_laws();
std::vector<Law> dtype_laws();
std::vector<Law> engine_laws();

}  // namespace xg::testing
