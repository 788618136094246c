#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <source_location>
#include <utility>

#include "lib/shape.hpp"

namespace xg {

/// A number for every spatial axis: one for all of them, or a list.
class XG_API PerAxis {
 public:
  /// The same for all axes.
  PerAxis(std::int64_t all) : PerAxis({all}) {}
  /// One for each.
  PerAxis(std::initializer_list<std::int64_t> list) : numbers_(list) {}

  /// For `axes` axes. A list of another length, or a number below `least`, is a ValueError that names `op` and `what`.
  std::array<std::int64_t, 3> resolve(const char* op, const char* what, std::size_t axes, std::int64_t least,
                                      std::source_location where) const;

 private:
  Shape numbers_;
};

/// What surrounds the spatial axes: "valid" (nothing), "same" (as much as makes the output as large as the input over
/// the stride, the odd one behind), "causal" (all of it in front, so that no output sees what comes later: for conv1d),
/// a number for all sides, or one for each axis.
class XG_API Padding {
 public:
  /// "valid", "same" or "causal"; another name is a ValueError.
  Padding(const char* name, std::source_location where = std::source_location::current());
  /// So many on every side.
  Padding(int all) : sides_(all) {}
  /// So many on every side.
  Padding(std::int64_t all) : sides_(all) {}
  /// So many on both sides of each axis.
  Padding(std::initializer_list<std::int64_t> axes) : sides_(axes) {}

  /// Whether it was named so.
  bool same() const { return same_; }
  /// Whether it was named so.
  bool causal() const { return causal_; }
  /// Otherwise how many there are on both sides of each axis.
  const PerAxis& sides() const { return sides_; }

 private:
  PerAxis sides_ = 0;
  bool same_ = false, causal_ = false;
};

}  // namespace xg
