#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lib/error.hpp"

namespace xg {

/// The number of an axis, with the user's line. Negative ones count from the end.
struct AxisIndex {
  std::int64_t number;         ///< counted from 0, or from the end
  std::source_location where;  ///< the user's line

  /// A number of any integer type.
  template <std::integral T>
  constexpr AxisIndex(T axis, std::source_location line = std::source_location::current())
      : number(std::in_range<std::int64_t>(axis) ? static_cast<std::int64_t>(axis)
                                                 : std::numeric_limits<std::int64_t>::max()),
        where(line) {}
};

/// The extent of every axis: up to eight of them, kept inside the object. Also used for strides, in elements.
///
/// The product of the extents of an array, those of 0 counted as 1, must fit the address space, so that the product of
/// any of them and every stride fit 64 bits.
class XG_API Shape {
 public:
  static constexpr std::size_t max_rank = 8;  ///< how many axes there may be

  Shape() = default;
  /// More than eight extents are a ShapeError.
  Shape(std::initializer_list<std::int64_t> sizes);
  /// The same for a list.
  explicit Shape(const std::vector<std::int64_t>& sizes);
  /// The same extents.
  Shape(const Shape&) = default;
  /// Takes the other's extents and leaves it without axes.
  Shape(Shape&& other) noexcept : sizes_(other.sizes_), rank_(std::exchange(other.rank_, 0)) {}
  /// The same extents.
  Shape& operator=(const Shape&) = default;
  /// Takes the other's extents and leaves it without axes.
  Shape& operator=(Shape&& other) noexcept {
    sizes_ = other.sizes_;
    rank_ = std::exchange(other.rank_, 0);
    return *this;
  }
  /// `rank` axes of extent `value`.
  static Shape filled(std::size_t rank, std::int64_t value);

  /// How many axes there are.
  std::size_t rank() const { return rank_; }
  /// The extent of an axis. One out of range is a ShapeError.
  std::int64_t operator[](AxisIndex axis) const { return sizes_[position(axis)]; }
  /// The extent of an axis, to be changed.
  std::int64_t& operator[](AxisIndex axis) { return sizes_[position(axis)]; }
  /// The extent of the last axis. Without axes it is a ShapeError.
  std::int64_t back(std::source_location where = std::source_location::current()) const {
    return sizes_[position({-1, where})];
  }
  /// The first extent.
  const std::int64_t* begin() const { return sizes_.data(); }
  /// Behind the last extent.
  const std::int64_t* end() const { return sizes_.data() + rank_; }

  /// A new last axis. A ninth is a ShapeError.
  void push_back(std::int64_t size);
  /// A new axis at a position up to rank().
  void insert(std::size_t axis, std::int64_t size);
  /// Takes an axis away.
  void erase(AxisIndex axis);

  /// The product of the extents, 1 without axes. A negative extent, and a product that overflows where extents of 0
  /// count as 1, are a ShapeError.
  std::int64_t elements(std::source_location where = std::source_location::current()) const;

  /// True if all extents are the same.
  bool operator==(const Shape& other) const {
    bool same = rank_ == other.rank_;
    for (std::size_t axis = 0; same && axis < rank_; ++axis) same = sizes_[axis] == other.sizes_[axis];
    return same;
  }

 private:
  /// Where an axis stands, counted from the front: numbers from the end wrap around, and what is outside does not.
  std::size_t position(AxisIndex axis) const {
    const std::size_t at = static_cast<std::size_t>(axis.number) + (axis.number < 0 ? rank_ : 0);
    if (at >= rank_) out_of_range(axis);
    return at;
  }
  [[noreturn, gnu::cold]] void out_of_range(AxisIndex axis) const;

  std::array<std::int64_t, max_rank> sizes_{};
  std::size_t rank_ = 0;
};

/// The distance of neighbours along every axis, in elements.
using Strides = Shape;

/// "(32, 784)", "(10,)", "()".
XG_API std::string to_string(const Shape& shape);
/// Prints it as to_string() gives it.
XG_API std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// Row-major strides, in elements. A shape whose elements() is an error has none.
XG_API Strides contiguous_strides(const Shape& shape);

/// The shape both broadcast to by NumPy's rule (axes aligned at the end, extent 1 stretches); nothing if they do not.
XG_API std::optional<Shape> broadcast_shapes(const Shape& a, const Shape& b);

/// True if `from` broadcasts to exactly `to`.
XG_API bool broadcasts_to(const Shape& from, const Shape& to);

/// A list of axes, or "all of them" when it was never set. Negative axes count from the end.
class XG_API Axes {
 public:
  Axes() = default;
  /// One axis.
  Axes(int axis) : Axes({axis}) {}
  /// These axes.
  Axes(std::initializer_list<int> axes) : Axes(std::span(axes.begin(), axes.size())) {}
  /// More axes than an array can have are a ShapeError.
  explicit Axes(std::span<const int> axes);

  /// True if none was named.
  bool all() const { return all_; }
  /// Those that were named.
  std::span<const int> list() const { return {axes_.data(), count_}; }

 private:
  std::array<int, Shape::max_rank> axes_{};
  std::size_t count_ = 0;
  bool all_ = true;
};

/// The axes as one flag each for an array of `rank` axes. An axis out of range or named twice is a ShapeError that
/// names `op`.
XG_API std::array<bool, Shape::max_rank> axis_mask(const char* op, const Axes& axes, const Shape& shape,
                                                   std::source_location where);

/// `axis` counted from the front. Out of [-rank, rank) it is a ShapeError that names `op`.
XG_API std::size_t normalize_axis(const char* op, std::int64_t axis, std::size_t rank, std::source_location where);

}  // namespace xg
