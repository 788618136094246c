#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <vector>

#include "nn/module.hpp"

namespace xg::nn {

/// What was declared since, so that it can be taken back: for Pass.
class XG_API Module::Building {
 public:
  /// From now on.
  explicit Building(const Module& module) noexcept;
  /// Of which module; null once it is gone.
  Module* module() const { return anchor_->module; }
  /// Calls build_many().
  void make(const std::vector<Shape>& samples, std::source_location where);
  /// Takes it back.
  void take_back() noexcept;
  /// It stays; `output` is the shape of the first output, if there was one.
  void keep(std::optional<Shape> output) noexcept;

 private:
  std::shared_ptr<Anchor> anchor_;  ///< a hook may move the module
  std::size_t parameters_, buffers_, children_;
};

}  // namespace xg::nn
