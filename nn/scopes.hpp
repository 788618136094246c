#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "nn/module.hpp"

namespace xg::nn {

/// An attempt at something that builds a module and all below it, or passes through them. Unless it succeeds, its end
/// takes everything back: what was built is not, generators draw the same numbers again, penalties are those of before.
class Attempt {
 public:
  /// What is tried: a pass begins by forgetting the penalties of the last one.
  enum class At { build, pass };

  /// Begins it.
  Attempt(Module& root, At what);
  ~Attempt();
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  /// What was done stays.
  void succeed() { succeeded_ = true; }

 private:
  struct Before {
    Module* module;
    bool built;
    std::uint64_t draws;
    std::optional<Shape> last_output_shape;
    std::uint64_t penalty_pass = 0;
    std::vector<Tensor> penalties = {};
  };

  std::vector<Before, pool::Allocator<Before>> before_;
  At what_;
  bool succeeded_ = false;
};

/// Puts a module and all below it into one mode, and back into those they were in.
class ModeScope {
 public:
  /// Into that mode.
  ModeScope(Module& root, bool training);
  ~ModeScope();
  ModeScope(const ModeScope&) = delete;
  ModeScope& operator=(const ModeScope&) = delete;

 private:
  std::vector<std::pair<Module*, bool>> modes_;
};

}  // namespace xg::nn
