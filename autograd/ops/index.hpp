#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <source_location>
#include <type_traits>
#include <variant>
#include <vector>

#include "autograd/operand.hpp"

namespace xg {

/// The bounds of a slice, as in Python: negative positions count from the end, bounds outside are cut off, a negative
/// step walks backwards.
struct SliceOptions {
  std::optional<std::int64_t> start = {};  ///< the first position
  std::optional<std::int64_t> stop = {};   ///< the first position that is left out
  std::int64_t step = 1;                   ///< from one position to the next
};

/// A range of an axis, as Python's start:stop:step: `Slice()` all, `Slice(1, -1)`, `Slice({}, {}, -1)` backwards.
struct Slice {
  std::optional<std::int64_t> start;  ///< the first position
  std::optional<std::int64_t> stop;   ///< the first position that is left out
  std::int64_t step;                  ///< from one position to the next

  /// Python's from:to:by.
  Slice(std::optional<std::int64_t> from = {}, std::optional<std::int64_t> to = {}, std::int64_t by = 1)
      : start(from), stop(to), step(by) {}
};
/// A new axis of extent 1.
struct Newaxis {};
/// A new axis of extent 1, in a list of indices.
inline constexpr Newaxis newaxis{};
/// As many whole axes as are not named otherwise.
struct Ellipsis {};
/// The axes that are not named, in a list of indices.
inline constexpr Ellipsis ellipsis{};

/// What is taken of the axes, from the first: a number (the axis goes away), a Slice, newaxis or ellipsis. Axes that
/// are not named are taken whole.
class XG_API Indices {
 public:
  /// What one of them may be.
  using Index = std::variant<std::int64_t, Slice, Newaxis, Ellipsis>;

  /// One of the above, as a list's element: numbers of any integer type.
  struct Element : Index {
    /// A number of any integer type. One beyond int64 is beyond any axis, too.
    template <class T>
    requires std::is_integral_v<T> Element(T number)
        : Index(Scalar(number).fits(int64) ? static_cast<std::int64_t>(number)
                                           : std::numeric_limits<std::int64_t>::max()) {}
    /// A range.
    Element(Slice range) : Index(range) {}
    /// A new axis.
    Element(Newaxis axis) : Index(axis) {}
    /// The rest.
    Element(Ellipsis rest) : Index(rest) {}
  };

  /// What is taken of the axes, from the first.
  Indices(std::initializer_list<Element> list, std::source_location where = std::source_location::current())
      : list_(list.begin(), list.end()), where_(where) {}
  /// What is taken of the first axis.
  template <class T>
  requires std::is_constructible_v<Element, T> Indices(T only,
                                                       std::source_location where = std::source_location::current())
      : Indices({Element(only)}, where) {}

  /// One for each that was given.
  const std::vector<Index>& list() const { return list_; }
  /// The user's line.
  const std::source_location& where() const { return where_; }

 private:
  std::vector<Index> list_;
  std::source_location where_;
};

/// x[indices], as NumPy's basic indexing: a view. Gradient: dy in its place, zeros elsewhere. Also written
/// `x[{Slice(1, -1, 2), newaxis, ellipsis, 3}]`. A number out of range is a ValueError, too many a ShapeError.
XG_API Tensor index(const Operand& x, const Indices& indices);
/// x with `values`, which broadcast to x[indices], there: x itself does not change. Gradients: dy with zeros there, and
/// dy[indices] for the values.
XG_API Tensor index_update(const Operand& x, const Indices& indices, Operand values);
/// The parts of x where `mask` holds, one behind the other along a new first axis; the boolean mask has the shape of
/// x's first axes. Gradient: dy in its place, zeros elsewhere.
XG_API Tensor boolean_mask(const Operand& x, const Operand& mask);
/// `value` where the boolean mask holds, else x; both broadcast. The result keeps x's dtype: a value that is no element
/// of it is a ValueError. Gradient: dy where the mask does not hold.
XG_API Tensor masked_fill(const Operand& x, const Operand& mask, const Scalar& value);
/// x with every element of `values` added at its index along an axis, where x has the shape of both but for the extent
/// of `axis`: y[indices[i][j]][j] += values[i][j] along axis 0, in order. Gradients: dy, and gather(dy, indices).
XG_API Tensor scatter_add(const Operand& x, const Operand& indices, const Operand& values, int axis);
/// x[..., start:stop:step, ...] along one axis: a view. Gradient: dy in its place, zeros elsewhere.
XG_API Tensor slice(const Operand& x, int axis, const SliceOptions& bounds = {});
/// x[index] along the first axis, which goes away: a view.
XG_API Tensor select(const Operand& x, std::int64_t index, int axis = 0);
/// The elements in reverse order along some axes, or all: a view.
XG_API Tensor flip(const Operand& x, const Axes& axes = {});
/// The lower triangles of the matrices in the last two axes, zeros above the diagonal `offset` places right of the main
/// one. Gradient: the same triangle of dy. A tensor with fewer axes is a ShapeError.
XG_API Tensor tril(const Operand& x, std::int64_t offset = 0);
/// The upper triangles, zeros below that diagonal; as tril.
XG_API Tensor triu(const Operand& x, std::int64_t offset = 0);
/// The parts of x at integer `indices` along an axis; the indices' shape replaces the axis. Negative indices count from
/// the end, one out of range is a ValueError. Gradient: dy added up at the indices.
XG_API Tensor take(const Operand& x, const Operand& indices, int axis = 0);
/// For every position of `indices` (integers, x's shape but for the extent of `axis`) the element x[..., index, ...] of
/// that position: out[i][j] = x[indices[i][j]][j] along axis 0. Gradient: dy added up at the indices.
XG_API Tensor gather(const Operand& x, const Operand& indices, int axis);
/// A new last axis of extent `depth` with 1 at the integer index and 0 elsewhere; an index outside [0, depth) is a
/// ValueError. No gradient.
XG_API Tensor one_hot(const Operand& indices, std::int64_t depth, DType dtype = float32);

}  // namespace xg
