#include "autograd/creation.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>

namespace xg {
namespace {

/// Holds what integers of 64 bits give on the way.
__extension__ using Wide = __int128;

/// Whether a sequence of these numbers is computed in integers.
bool whole(std::initializer_list<Scalar> numbers, DType dtype) {
  return !is_floating(dtype) &&
         std::all_of(numbers.begin(), numbers.end(), [](const Scalar& number) { return number.held_by(int64); });
}

/// f(0), f(1), ..., a sequence that runs in one direction: all fit the dtype if the first and the last do.
template <class F>
Tensor sequence(const char* op, std::int64_t count, DType dtype, std::source_location where, F f) {
  const Array result = Array::empty({count}, dtype);
  if (count > 0)
    for (const std::int64_t end : {std::int64_t{0}, count - 1}) check_fits(op, f(end), dtype, where);
  dispatch(dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < count; ++i) result.data<T>()[i] = convert<T>(f(i));
  });
  return result;
}

/// How many steps lead from start to stop, and at most as many as fit 64 bits.
std::int64_t count_of_steps(Wide start, Wide stop, Wide step) {
  const Wide most = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp<Wide>((stop - start + step + (step > 0 ? -1 : 1)) / step, 0, most));
}

}  // namespace

Tensor zeros(const Shape& shape, DType dtype, std::source_location where) { return full(shape, 0, dtype, where); }
Tensor ones(const Shape& shape, DType dtype, std::source_location where) { return full(shape, 1, dtype, where); }

Tensor full(const Shape& shape, const Scalar& value, DType dtype, std::source_location where) {
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

Tensor arange(std::int64_t stop, std::source_location where) { return arange(0, stop, 1, int64, where); }

Tensor arange(const Scalar& start, const Scalar& stop, const Scalar& step, DType dtype, std::source_location where) {
  const CallerScope scope(where);
  const double from = start.to<double>(), to = stop.to<double>(), by = step.to<double>();
  if (by == 0 || !std::isfinite(from) || !std::isfinite(to) || !std::isfinite(by))
    throw ValueError(concat("arange: from ", start, " to ", stop, " by ", step, " makes no sequence"), where);
  if (whole({start, stop, step}, dtype)) {
    const Wide first = start.to<std::int64_t>(), width = step.to<std::int64_t>();
    return sequence("arange", count_of_steps(first, stop.to<std::int64_t>(), width), dtype, where,
                    [=](std::int64_t i) { return static_cast<std::int64_t>(first + width * i); });
  }
  const double count = std::max(std::ceil((to - from) / by), 0.0);
  if (!(count < 0x1p63))
    throw ValueError(concat("arange: from ", start, " to ", stop, " by ", step, " are too many elements"), where);
  return sequence("arange", static_cast<std::int64_t>(count), dtype, where,
                  [=](std::int64_t i) { return from + static_cast<double>(i) * by; });
}

Tensor linspace(const Scalar& start, const Scalar& stop, std::int64_t count, DType dtype, std::source_location where) {
  const CallerScope scope(where);
  if (count < 0) throw ValueError(concat("linspace: the count must not be negative, got ", count), where);
  const std::int64_t gaps = std::max<std::int64_t>(count - 1, 1);
  if (whole({start, stop}, dtype)) {
    const Wide from = start.to<std::int64_t>(), to = stop.to<std::int64_t>();
    return sequence("linspace", count, dtype, where,
                    [=](std::int64_t i) { return static_cast<std::int64_t>((from * gaps + (to - from) * i) / gaps); });
  }
  const auto from = start.to<double>(), to = stop.to<double>();
  return sequence("linspace", count, dtype, where, [=](std::int64_t i) {
    return i > 0 && i == count - 1 ? to : from + static_cast<double>(i) * ((to - from) / static_cast<double>(gaps));
  });
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
