#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/fuzz/source.hpp"

namespace xg::testing {

/// A public operation with random arguments.
struct FuzzedOp {
  std::string name;
  std::function<std::vector<Tensor>(Source&)> call;
};

/// All of them.
const std::vector<FuzzedOp>& fuzzed_ops();

}  // namespace xg::testing
