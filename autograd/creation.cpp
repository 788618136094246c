#include "autograd/creation.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace xg {
namespace {

constexpr double int64_limit = 0x1p63;

bool whole(std::initializer_list<double> numbers) {
  return std::all_of(numbers.begin(), numbers.end(),
                     [](double x) { return x == std::trunc(x) && x >= -int64_limit && x < int64_limit; });
}

/// How many steps lead from start to stop, exactly: distances of int64 fit 64 bits without a sign. The caller knows
/// that they are about fewer than 2^63.
std::int64_t count_whole(std::int64_t start, std::int64_t stop, std::int64_t step) {
  if (step > 0 ? stop <= start : stop >= start) return 0;
  const auto from = static_cast<std::uint64_t>(start), to = static_cast<std::uint64_t>(stop);
  const auto by = static_cast<std::uint64_t>(step);
  const std::uint64_t distance = step > 0 ? to - from : from - to, width = step > 0 ? by : 0 - by;
  return static_cast<std::int64_t>(distance / width + (distance % width != 0));
}

Array counted_whole(std::int64_t start, std::int64_t step, std::int64_t count, DType dtype) {
  const Array result = Array::empty({count}, dtype);
  dispatch(dtype, [&]<class T>() {
    std::int64_t value = start;
    for (std::int64_t i = 0; i < count;
         ++i, value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) + static_cast<std::uint64_t>(step)))
      result.data<T>()[i] = convert<T>(value);
  });
  return result;
}

}  // namespace

Tensor zeros(const Shape& shape, DType dtype, std::source_location where) { return full(shape, 0, dtype, where); }
Tensor ones(const Shape& shape, DType dtype, std::source_location where) { return full(shape, 1, dtype, where); }

Tensor full(const Shape& shape, double value, DType dtype, std::source_location where) {
  const CallerScope scope(where);
  return Array::full(shape, value, dtype);
}

Tensor zeros_like(const Tensor& x, std::source_location where) {
  if (!x.defined()) throw ValueError("zeros_like: the tensor is undefined: assign it a value first", where);
  return zeros(x.shape(), x.dtype(), where);
}

Tensor ones_like(const Tensor& x, std::source_location where) {
  if (!x.defined()) throw ValueError("ones_like: the tensor is undefined: assign it a value first", where);
  return ones(x.shape(), x.dtype(), where);
}

Tensor arange(std::int64_t stop, std::source_location where) {
  const CallerScope scope(where);
  return counted_whole(0, 1, std::max<std::int64_t>(stop, 0), int64);
}

Tensor arange(double start, double stop, double step, DType dtype, std::source_location where) {
  const CallerScope scope(where);
  if (step == 0 || !std::isfinite(start) || !std::isfinite(stop) || !std::isfinite(step))
    throw ValueError(concat("arange: from ", start, " to ", stop, " by ", step, " makes no sequence"), where);
  const bool exact = !is_floating(dtype) && whole({start, stop, step});
  const auto integer = [](double x) { return static_cast<std::int64_t>(x); };
  const double steps = std::max(std::ceil((stop - start) / step), 0.0);
  if (!(steps < int64_limit))
    throw ValueError(concat("arange: from ", start, " to ", stop, " by ", step, " are too many elements"), where);
  const std::int64_t count = exact ? count_whole(integer(start), integer(stop), integer(step)) : integer(steps);
  if (exact) return counted_whole(integer(start), integer(step), count, dtype);
  const Array result = Array::empty({count}, dtype);
  dispatch(dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < count; ++i) result.data<T>()[i] = convert<T>(start + static_cast<double>(i) * step);
  });
  return result;
}

Tensor linspace(double start, double stop, std::int64_t count, DType dtype, std::source_location where) {
  const CallerScope scope(where);
  if (count < 0) throw ValueError(concat("linspace: the count must not be negative, got ", count), where);
  const Array result = Array::empty({count}, dtype);
  const auto gaps = static_cast<double>(std::max<std::int64_t>(count - 1, 1));
  dispatch(dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < count; ++i)
      result.data<T>()[i] =
          convert<T>(i > 0 && i == count - 1 ? stop : start + static_cast<double>(i) * ((stop - start) / gaps));
  });
  return result;
}

Tensor eye(std::int64_t n, DType dtype, std::source_location where) {
  const CallerScope scope(where);
  if (n < 0) throw ValueError(concat("eye: the extent must not be negative, got ", n), where);
  const Array result = Array::zeros({n, n}, dtype);
  dispatch(dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < n; ++i) result.data<T>()[i * (n + 1)] = T{1};
  });
  return result;
}

}  // namespace xg
