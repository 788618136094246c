#pragma once

#include <vector>

#include "lib/array.hpp"

namespace xg::nn {

class Module;

/// What the parameters and buffers of a module were.
class KeptWeights {
 public:
  /// None.
  KeptWeights() = default;
  /// What they are now. Those that the module does not have yet are not kept.
  explicit KeptWeights(const Module& module);

  /// True if there are none.
  bool empty() const { return weights_.empty(); }
  /// Puts them back.
  void restore();

 private:
  /// The elements of a parameter or buffer, and what they were.
  struct Weight {
    Array place, kept;
  };
  std::vector<Weight> weights_;
};

}  // namespace xg::nn
