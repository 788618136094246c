#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/array.hpp"

namespace xg::nn {

class Module;
struct Anchor;

/// What the parameters and buffers of a module were.
class XG_API KeptWeights {
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
  /// The elements of a parameter or buffer, its path, and what they were.
  struct Weight {
    Array place;
    std::string path;
    Array kept;
  };
  std::shared_ptr<const Anchor> module_;
  std::vector<Weight> weights_;
};

}  // namespace xg::nn
