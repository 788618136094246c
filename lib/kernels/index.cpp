#include "lib/kernels/index.hpp"

#include <algorithm>
#include <cstring>

#include "lib/extent.hpp"
#include "lib/kernels/copy.hpp"
#include "lib/kernels/wrapping.hpp"

namespace xg::kernels {
namespace {

/// How take walks: `outer` times through the axis, whose steps are `inner` elements wide.
struct Walk {
  std::int64_t outer = 1, extent = 1, inner = 1;

  Walk(const Shape& shape, std::size_t axis) : extent(shape[axis]) {
    for (std::size_t i = 0; i < axis; ++i) outer *= shape[i];
    for (std::size_t i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  }
};

Shape taken_shape(const Shape& shape, const Shape& indices, std::size_t axis) {
  Shape result;
  for (std::size_t i = 0; i < axis; ++i) result.push_back(shape[i]);
  for (const auto extent : indices) result.push_back(extent);
  for (std::size_t i = axis + 1; i < shape.rank(); ++i) result.push_back(shape[i]);
  return result;
}

/// How many steps ahead memory is asked for: steps are taken in any order, which no processor foresees.
constexpr std::int64_t ahead = 4;

void prefetch(const std::byte* at, std::size_t bytes) {
  constexpr std::size_t line = 64, most = 1024;
  for (std::size_t i = 0; i < std::min(bytes, most); i += line) __builtin_prefetch(at + i);
}

}  // namespace

Array take(const Array& x, const Array& indices, std::size_t axis) {
  const Array from = x.contiguous(), where = indices.contiguous();
  const Array out = Array::empty(taken_shape(x.shape(), indices.shape(), axis), x.dtype());
  if (out.size() == 0) return out;
  const Walk walk(x.shape(), axis);
  const auto bytes = static_cast<std::size_t>(walk.inner) * size_of(x.dtype());
  const std::int64_t* index = where.data<std::int64_t>();
  std::byte* to = out.raw();
  for (std::int64_t o = 0; o < walk.outer; ++o) {
    const std::byte* const start = from.raw() + static_cast<std::size_t>(o * walk.extent) * bytes;
    const auto source = [&](std::int64_t i) { return start + static_cast<std::size_t>(index[i]) * bytes; };
    for (std::int64_t i = 0; i < where.size(); ++i, to += bytes) {
      if (i + ahead < where.size()) prefetch(source(i + ahead), bytes);
      std::memcpy(to, source(i), bytes);
    }
  }
  return out;
}

void add_at(Array& total, const Array& indices, std::size_t axis, const Array& values) {
  const Array from = values.contiguous(), where = indices.contiguous();
  if (from.size() == 0) return;
  const Walk walk(total.shape(), axis);
  const std::int64_t* index = where.data<std::int64_t>();
  const auto plus = wrapping([](auto x, auto y) { return x + y; });
  dispatch_numeric(total.dtype(), [&]<class T>() {
    const T* value = from.data<T>();
    if (walk.outer == 1 && walk.inner == 1) {
      T* const to = total.data<T>();
      for (std::int64_t i = 0; i < where.size(); ++i) to[index[i]] = plus(to[index[i]], value[i]);
      return;
    }
    for (std::int64_t o = 0; o < walk.outer; ++o)
      for (std::int64_t i = 0; i < where.size(); ++i, value += walk.inner) {
        T* to = total.data<T>() + (o * walk.extent + index[i]) * walk.inner;
        for (std::int64_t j = 0; j < walk.inner; ++j) to[j] = plus(to[j], value[j]);
      }
  });
}

Array concatenate(const std::vector<Array>& arrays, std::size_t axis) {
  const ExtentArithmetic checked("concatenate", {});
  Shape shape = arrays.front().shape();
  shape[axis] = 0;
  for (const Array& array : arrays) shape[axis] = checked.add(shape[axis], array.shape()[axis]);
  const Array out = Array::empty(shape, arrays.front().dtype());
  std::int64_t start = 0;
  for (const Array& array : arrays) {
    Array part = out.slice(axis, start, array.shape()[axis], 1);
    copy(array, part);
    start += array.shape()[axis];
  }
  return out;
}

Array one_hot(const Array& indices, std::int64_t depth, DType dtype) {
  Shape shape = indices.shape();
  shape.push_back(depth);
  const Array where = indices.contiguous();
  const Array out = Array::zeros(shape, dtype);
  dispatch(dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < where.size(); ++i) out.data<T>()[i * depth + where.data<std::int64_t>()[i]] = T{1};
  });
  return out;
}

}  // namespace xg::kernels
