#include "lib/kernels/compare.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "lib/kernels/broadcast.hpp"
#include "lib/kernels/loops.hpp"
#include "lib/kernels/place.hpp"

namespace xg::kernels {
namespace {

template <class F>
Array comparison(const Array& a, const Array& b, F f) {
  const DType common = promote(a.dtype(), b.dtype());
  Array out = Array::empty(broadcast_shape(a, b), boolean);
  const Array x = a.astype(common), y = b.astype(common);
  dispatch(common, [&]<class T>() { broadcast_loop<T, bool>(x, y, out, f); });
  return out;
}

/// Of what is not 0: one loop for all dtypes.
template <class F>
Array logical(const Array& a, const Array& b, F f) {
  Array out = Array::empty(broadcast_shape(a, b), boolean);
  broadcast_loop<bool, bool>(a.astype(boolean), b.astype(boolean), out, f);
  return out;
}

template <class F>
Array predicate(const Array& x, F holds) {
  const Array in = x.contiguous();
  const Array out = Array::empty(in.shape(), boolean);
  dispatch(in.dtype(), [&]<class T>() {
    std::transform(in.data<T>(), in.data<T>() + in.size(), out.data<bool>(),
                   [&](T v) { return holds(static_cast<double>(v)); });
  });
  return out;
}

}  // namespace

Array equal(const Array& a, const Array& b) { return comparison(a, b, std::equal_to<>()); }
Array not_equal(const Array& a, const Array& b) { return comparison(a, b, std::not_equal_to<>()); }
Array less(const Array& a, const Array& b) { return comparison(a, b, std::less<>()); }
Array less_equal(const Array& a, const Array& b) { return comparison(a, b, std::less_equal<>()); }

bool holds(Relation relation, std::partial_ordering order) {
  switch (relation) {
    case Relation::equal:
      return order == 0;
    case Relation::not_equal:
      return order != 0;
    case Relation::less:
      return order < 0;
    case Relation::less_equal:
      return order <= 0;
    case Relation::greater:
      return order > 0;
    default:
      return order >= 0;
  }
}

Array compare(const Array& x, Relation relation, const Array& y) {
  switch (relation) {
    case Relation::equal:
      return equal(x, y);
    case Relation::not_equal:
      return not_equal(x, y);
    case Relation::less:
      return less(x, y);
    case Relation::less_equal:
      return less_equal(x, y);
    case Relation::greater:
      return less(y, x);
    default:
      return less_equal(y, x);
  }
}

Array compare(const Array& x, Relation relation, const Scalar& number) {
  return dispatch(x.dtype(), [&]<class T>() {
    const Placed<T> placed = place<T>(number);
    const Array element = Array::full({}, placed.element, x.dtype());
    if (placed.order == 0) return compare(x, relation, element);
    const bool equality = relation == Relation::equal || relation == Relation::not_equal;
    if (equality || placed.order == std::partial_ordering::unordered)
      return Array::full(x.shape(), relation == Relation::not_equal, boolean);
    // No element lies between: what is below the number is at most the element below it.
    const bool downwards = relation == Relation::less || relation == Relation::less_equal;
    if (downwards) return placed.order > 0 ? less_equal(x, element) : less(x, element);
    return placed.order > 0 ? less(element, x) : less_equal(element, x);
  });
}

Array logical_and(const Array& a, const Array& b) {
  return logical(a, b, [](bool x, bool y) { return x && y; });
}

Array logical_or(const Array& a, const Array& b) {
  return logical(a, b, [](bool x, bool y) { return x || y; });
}

Array logical_xor(const Array& a, const Array& b) {
  return logical(a, b, [](bool x, bool y) { return x != y; });
}

Array isnan(const Array& x) {
  return predicate(x, [](double v) { return std::isnan(v); });
}

Array isinf(const Array& x) {
  return predicate(x, [](double v) { return std::isinf(v); });
}

Array isfinite(const Array& x) {
  return predicate(x, [](double v) { return std::isfinite(v); });
}

Array where(const Array& condition, const Array& a, const Array& b) {
  const DType dtype = promote(a.dtype(), b.dtype());
  const auto values = broadcast_shapes(a.shape(), b.shape());
  Array out = Array::empty(broadcast_shapes(condition.shape(), *values).value(), dtype);
  const Array x = a.astype(dtype).broadcast_to(out.shape()), y = b.astype(dtype).broadcast_to(out.shape());
  const Array chosen = condition.broadcast_to(out.shape());
  dispatch(dtype, [&]<class T>() {
    const std::array<Strides, 4> strides{chosen.strides(), x.strides(), y.strides(), out.strides()};
    for_each_row<4>(out.shape(), strides, [&](const auto& offset, std::int64_t count, const auto& step) {
      const bool* c = chosen.data<bool>() + offset[0];
      const T* p = x.data<T>() + offset[1];
      const T* q = y.data<T>() + offset[2];
      T* z = out.data<T>() + offset[3];
      for (std::int64_t i = 0; i < count; ++i) z[i * step[3]] = c[i * step[0]] ? p[i * step[1]] : q[i * step[2]];
    });
  });
  return out;
}

}  // namespace xg::kernels
