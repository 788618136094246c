#pragma once

#include "lib/export.hpp"

namespace xg {

/// True if operations on this thread are recorded now.
XG_API bool grad_enabled();

/// Switches recording on this thread for the lifetime of the object.
class XG_API GradMode {
 public:
  /// Switches recording on or off until the object goes.
  explicit GradMode(bool enabled);
  ~GradMode();
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;

 private:
  bool outer_;
};

/// Nothing is recorded while one lives.
class NoGrad : public GradMode {
 public:
  NoGrad() : GradMode(false) {}
};

/// Records again inside a NoGrad.
class WithGrad : public GradMode {
 public:
  WithGrad() : GradMode(true) {}
};

}  // namespace xg
