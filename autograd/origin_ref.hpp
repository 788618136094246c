#pragma once

#include <utility>

#include "lib/export.hpp"

namespace xg {

struct Origin;

/// A counted pointer to an Origin. Few tensors have one, so that all but the test for it is out of line.
class XG_API OriginRef {
 public:
  OriginRef() = default;
  /// The first owner of one that was made by new.
  explicit OriginRef(Origin* origin) noexcept : origin_(origin) {}
  /// Counts one owner more.
  OriginRef(const OriginRef& other) noexcept : origin_(other.origin_) {
    if (origin_) share(origin_);
  }
  /// Takes the other's place.
  OriginRef(OriginRef&& other) noexcept : origin_(std::exchange(other.origin_, nullptr)) {}
  /// Drops the one it had.
  OriginRef& operator=(OriginRef other) noexcept {
    std::swap(origin_, other.origin_);
    return *this;
  }
  ~OriginRef() {
    if (origin_) drop(origin_);
  }

  /// Null if there is none.
  const Origin* get() const { return origin_; }

 private:
  static void share(Origin* origin) noexcept;
  static void drop(Origin* origin) noexcept;

  Origin* origin_ = nullptr;
};

}  // namespace xg
