#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>
#include <xtensor/xadapt.hpp>
#include <xtensor/xnoalias.hpp>

#include "lib/array.hpp"

namespace xg {

/// The array as an xtensor expression of the same elements, whatever its strides. `T` must be the C++ type of dtype().
/// It owns nothing: keep the array as long as the adaptor. After writing through it, call array.bump_version().
template <class T>
auto as_xtensor(const Array& array, std::source_location where = std::source_location::current()) {
  std::vector<std::size_t> shape;
  std::vector<std::ptrdiff_t> strides;
  for (std::size_t axis = 0; axis < array.rank(); ++axis) {
    const std::int64_t extent = array.shape()[axis];
    const std::int64_t stride = extent == 1 ? 0 : array.strides()[axis];  // xtensor broadcasts an axis by its stride
    shape.push_back(static_cast<std::size_t>(extent));
    strides.push_back(stride);
  }
  return xt::adapt(array.data<T>(where), static_cast<std::size_t>(array.size()), xt::no_ownership(), shape, strides);
}

/// A fresh array of the values of an xtensor expression, which is evaluated once. Its dtype is that of the expression's
/// value type: bool, unsigned char, int, long, float or double.
template <class E>
Array from_xtensor(const xt::xexpression<E>& expression, std::source_location where = std::source_location::current()) {
  using Value = std::remove_cv_t<typename E::value_type>;
  constexpr bool is_int64 = std::is_integral_v<Value> && std::is_signed_v<Value> && sizeof(Value) == 8;
  using T = std::conditional_t<is_int64, std::int64_t, Value>;  // long or long long
  const E& source = expression.derived_cast();
  std::vector<std::size_t> extents;
  Shape shape;
  for (const auto extent : source.shape()) {
    extents.push_back(static_cast<std::size_t>(extent));
    shape.push_back(static_cast<std::int64_t>(extent));
  }
  Array result = Array::empty(shape, dtype_of<T>(), where);
  const auto size = static_cast<std::size_t>(result.size());
  xt::noalias(xt::adapt(result.data<T>(), size, xt::no_ownership(), extents)) = source;
  return result;
}

}  // namespace xg
