#include "lib/kernels/reduce.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "lib/kernels/best_of_row.hpp"
#include "lib/kernels/loops.hpp"

namespace xg::kernels {
namespace {

/// An array as a matrix whose rows are reduced or, if the folded axes come first, whose columns are.
struct Folding {
  Array matrix;
  bool columns = false;
  std::int64_t kept = 1, folded = 1;
  Shape result;
};

/// The matrix with the kept axes on one side and the folded ones on the other; a copy only where they are mixed.
Array split_axes(const Array& x, const AxisMask& axes, bool columns) {
  std::vector<std::size_t> order, rest;
  for (std::size_t axis = 0; axis < x.rank(); ++axis) (axes[axis] == columns ? order : rest).push_back(axis);
  order.insert(order.end(), rest.begin(), rest.end());
  return x.permute(order).contiguous();
}

Folding fold(const Array& x, const AxisMask& axes) {
  Folding folding;
  int changes = 0;
  for (std::size_t axis = 0; axis < x.rank(); ++axis) {
    (axes[axis] ? folding.folded : folding.kept) *= x.shape()[axis];
    folding.result.push_back(axes[axis] ? 1 : x.shape()[axis]);
    changes += axis > 0 && axes[axis] != axes[axis - 1];
  }
  folding.columns = changes > 0 && axes[0];
  folding.matrix = changes <= 1 ? x.contiguous() : split_axes(x, axes, folding.columns);
  return folding;
}

constexpr std::int64_t block = 1024;

/// A block's sum in interleaved lanes, which the compiler keeps in vector registers.
template <std::int64_t lanes, class Sum, class T, class Term>
Sum lane_sum(const T* x, std::int64_t count, Term term) {
  Sum lane[lanes] = {};
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (std::int64_t l = 0; l < lanes; ++l) lane[l] += term(static_cast<Sum>(x[i + l]));
  for (std::int64_t l = 0; i + l < count; ++l) lane[l] += term(static_cast<Sum>(x[i + l]));
  for (std::int64_t width = lanes / 2; width > 0; width /= 2)
    for (std::int64_t l = 0; l < width; ++l) lane[l] += lane[l + width];
  return lane[0];
}

/// Long blocks fill several registers, so that additions do not wait for each other; short ones would only fold zeros.
template <class Sum, class T, class Term>
Sum block_sum(const T* x, std::int64_t count, Term term) {
  return count < 128 ? lane_sum<8, Sum>(x, count, term) : lane_sum<64, Sum>(x, count, term);
}

/// What partial sums are kept in, and what whole ones: int64 without its sign for integers, so that they wrap around.
template <class T>
using Partial = std::conditional_t<std::is_floating_point_v<T>, T, std::uint64_t>;
template <class T>
using Total = std::conditional_t<std::is_floating_point_v<T>, double, std::uint64_t>;

/// The sum of term(x) over a row.
template <class T, class Term>
Partial<T> row_sum(const T* x, std::int64_t count, Term term) {
  Total<T> total = 0;
  for (std::int64_t start = 0; start < count; start += block)
    total += static_cast<Total<T>>(block_sum<Partial<T>>(x + start, std::min(block, count - start), term));
  return static_cast<Partial<T>>(total);
}

template <class T>
void sum_rows(const T* x, std::int64_t rows, std::int64_t columns, Partial<T>* out) {
  for (std::int64_t row = 0; row < rows; ++row)
    out[row] = row_sum(x + row * columns, columns, [](auto v) { return v; });
}

template <class T, class Sum>
void add_rows(const T* x, std::int64_t rows, std::int64_t columns, Sum* sum) {
  for (std::int64_t row = 0; row < rows; ++row, x += columns)
    for (std::int64_t column = 0; column < columns; ++column) sum[column] += static_cast<Sum>(x[column]);
}

template <class T>
void sum_columns(const T* x, std::int64_t rows, std::int64_t columns, Partial<T>* out) {
  std::fill_n(out, columns, Partial<T>{0});
  if (rows <= block) return add_rows(x, rows, columns, out);
  std::vector<Total<T>> total(static_cast<std::size_t>(columns));
  for (std::int64_t start = 0; start < rows; start += block) {
    std::fill_n(out, columns, Partial<T>{0});
    add_rows(x + start * columns, std::min(block, rows - start), columns, out);
    add_rows(out, 1, columns, total.data());
  }
  std::transform(total.begin(), total.end(), out, [](auto value) { return static_cast<Partial<T>>(value); });
}

/// Folds with a choice between two elements: max and min.
template <class T, class Better>
void choose(const Folding& folding, T* out, Better better) {
  const T* x = folding.matrix.data<T>();
  if (folding.columns) {
    std::copy_n(x, folding.kept, out);
    for (std::int64_t row = 1; row < folding.folded; ++row)
      for (std::int64_t i = 0; i < folding.kept; ++i) {
        const T value = x[row * folding.kept + i];
        out[i] = better(value, out[i]) || value != value ? value : out[i];
      }
    return;
  }
  for (std::int64_t row = 0; row < folding.kept; ++row, x += folding.folded)
    out[row] = best_of_row(x, folding.folded, better);
}

template <class Better>
Array extreme(const Array& x, const AxisMask& axes, Better better) {
  const Folding folding = fold(x, axes);
  const Array out = Array::empty(folding.result, x.dtype());
  if (folding.kept > 0) dispatch(x.dtype(), [&]<class T>() { choose(folding, out.data<T>(), better); });
  return out;
}

template <class Better>
Array index_of_extreme(const Array& x, std::size_t axis, Better better) {
  AxisMask axes{};
  axes[axis] = true;
  Folding folding = fold(x, axes);
  if (folding.columns)
    folding.matrix = folding.matrix.reshape({folding.folded, folding.kept}).transposed().contiguous();
  const Array out = Array::empty(folding.result, int64);
  dispatch(x.dtype(), [&]<class T>() {
    const T* row = folding.matrix.data<T>();
    for (std::int64_t i = 0; i < folding.kept; ++i, row += folding.folded) {
      const T best = best_of_row(row, folding.folded, better);
      out.data<std::int64_t>()[i] =
          std::find_if(row, row + folding.folded, [=](T value) { return value == best || value != value; }) - row;
    }
  });
  return out;
}

/// sqrt(sum of x^2) of a row, in float64. If the squares of one leave even its range, it is scaled.
template <class T>
T row_length(const T* x, std::int64_t count) {
  const auto square = [](double v) { return v * v; };
  double squares = 0;
  for (std::int64_t start = 0; start < count; start += block)
    squares += block_sum<double>(x + start, std::min(block, count - start), square);
  if (!(squares < 0x1p-900 || squares > 0x1p1000)) return static_cast<T>(std::sqrt(squares));
  T largest = 0;
  for (std::int64_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(x[i]));
  if (largest == 0 || std::isinf(largest)) return largest;
  const int exponent = std::ilogb(largest);
  double scaled = 0;
  for (std::int64_t i = 0; i < count; ++i) scaled += square(std::scalbn(static_cast<double>(x[i]), -exponent));
  return static_cast<T>(std::scalbn(std::sqrt(scaled), exponent));
}

}  // namespace

Array sum(const Array& x, const AxisMask& axes) {
  const Folding folding = fold(x, axes);
  const Array out = Array::empty(folding.result, is_floating(x.dtype()) ? x.dtype() : int64);
  if (out.size() == 0) return out;
  dispatch(x.dtype(), [&]<class T>() {
    const T* from = folding.matrix.data<T>();
    auto* to = reinterpret_cast<Partial<T>*>(out.raw());
    if (folding.columns)
      sum_columns<T>(from, folding.folded, folding.kept, to);
    else
      sum_rows<T>(from, folding.kept, folding.folded, to);
  });
  return out;
}

Array sum_squares(const Array& x) {
  const Array from = x.contiguous();
  const Array out = Array::empty({}, x.dtype());
  dispatch_floating(x.dtype(), [&]<class T>() {
    *out.data<T>() = row_sum(from.data<T>(), from.size(), [](auto v) { return v * v; });
  });
  return out;
}

Array norm(const Array& x, const AxisMask& axes) {
  Folding folding = fold(x, axes);
  if (folding.columns)
    folding.matrix = folding.matrix.reshape({folding.folded, folding.kept}).transposed().contiguous();
  const Array out = Array::empty(folding.result, x.dtype());
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T* row = folding.matrix.data<T>();
    for (std::int64_t i = 0; i < folding.kept; ++i, row += folding.folded)
      out.data<T>()[i] = row_length(row, folding.folded);
  });
  return out;
}

Array max(const Array& x, const AxisMask& axes) { return extreme(x, axes, greater); }
Array min(const Array& x, const AxisMask& axes) { return extreme(x, axes, smaller); }
Array argmax(const Array& x, std::size_t axis) { return index_of_extreme(x, axis, greater); }
Array argmin(const Array& x, std::size_t axis) { return index_of_extreme(x, axis, smaller); }

}  // namespace xg::kernels
