#include "lib/kernels/copy.hpp"

#include <algorithm>
#include <cstring>

#include "lib/kernels/loops.hpp"
#include "lib/kernels/transpose.hpp"

namespace xg::kernels {
namespace {

/// The axis along which `from` lies side by side, while `to` does so along the last: a copy between them transposes.
/// Returns the last axis if there is none.
std::size_t crossing_axis(const Space<2>& space) {
  const std::size_t last = space.rank - 1;
  if (space.stride[1][last] != 1) return last;
  std::size_t axis = 0;
  while (axis < last && space.stride[0][axis] != 1) ++axis;
  return axis;
}

/// Copies planes of the last and the crossing axis in squares that fit the first cache on both sides.
template <class T>
void copy_crossing(const T* from, T* to, const Space<2>& space, std::size_t crossing) {
  constexpr std::int64_t side = 64;
  const std::size_t last = space.rank - 1;
  const std::int64_t rows = space.extent[last], columns = space.extent[crossing];
  const std::int64_t row_step = space.stride[0][last], to_step = space.stride[1][crossing];
  Shape planes;
  std::array<Strides, 2> strides;
  for (std::size_t axis = 0; axis < space.rank; ++axis) {
    if (axis == last || axis == crossing) continue;
    planes.push_back(space.extent[axis]);
    for (std::size_t n = 0; n < 2; ++n) strides[n].push_back(space.stride[n][axis]);
  }
  for_each_row<2>(planes, strides, [&](auto offset, std::int64_t count, auto step) {
    for (std::int64_t plane = 0; plane < count; ++plane) {
      const T* const x = from + offset[0] + plane * step[0];
      T* const y = to + offset[1] + plane * step[1];
      for (std::int64_t i = 0; i < rows; i += side)
        for (std::int64_t k = 0; k < columns; k += side)
          transpose(std::min(side, rows - i), std::min(side, columns - k), x + i * row_step + k, row_step, 1,
                    y + k * to_step + i, to_step);
    }
  });
}

/// Copies bit patterns of that size if the copy transposes; false if it does not.
template <class Bits>
bool copied_crossing(const Array& from, Array& to) {
  const Space<2> space = shared_space<2>(from.shape(), {from.strides(), to.strides()});
  const std::size_t crossing = crossing_axis(space);
  if (crossing == space.rank - 1) return false;
  copy_crossing(reinterpret_cast<const Bits*>(from.raw()), reinterpret_cast<Bits*>(to.raw()), space, crossing);
  return true;
}

template <class From, class To>
void copy_as(const Array& from, Array& to) {
  const From* in = from.data<From>();
  To* out = to.data<To>();
  for_each_row<2>(from.shape(), {from.strides(), to.strides()}, [&](auto offset, std::int64_t count, auto step) {
    const From* x = in + offset[0];
    To* y = out + offset[1];
    if (step[0] == 1 && step[1] == 1)
      for (std::int64_t i = 0; i < count; ++i) y[i] = convert<To>(x[i]);
    else
      for (std::int64_t i = 0; i < count; ++i) y[i * step[1]] = convert<To>(x[i * step[0]]);
  });
}

}  // namespace

void copy(const Array& from, Array& to) {
  if (from.dtype() == to.dtype() && from.is_contiguous() && to.is_contiguous()) {
    std::memcpy(to.raw(), from.raw(), from.bytes());
    return;
  }
  if (from.dtype() == to.dtype() && from.size() > 0) {
    if (size_of(from.dtype()) == sizeof(float) && copied_crossing<float>(from, to)) return;
    if (size_of(from.dtype()) == sizeof(double) && copied_crossing<double>(from, to)) return;
  }
  dispatch(from.dtype(), [&]<class From>() { dispatch(to.dtype(), [&]<class To>() { copy_as<From, To>(from, to); }); });
}

}  // namespace xg::kernels
