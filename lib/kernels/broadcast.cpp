#include "lib/kernels/broadcast.hpp"

#include "lib/kernels/loops.hpp"
#include "lib/parallel.hpp"
#include "lib/stretch.hpp"

namespace xg::kernels {

void broadcast_rows(const Array& a, const Array& b, Array& out, BroadcastRow row, const void* function) {
  const auto in_size = static_cast<std::int64_t>(size_of(a.dtype()));
  const auto out_size = static_cast<std::int64_t>(size_of(out.dtype()));
  const std::byte *x = a.raw(), *y = b.raw();
  std::byte* const z = out.raw();
  const auto row_at = [&](const std::array<std::int64_t, 3>& offset, const std::array<std::int64_t, 3>& step,
                          std::int64_t begin, std::int64_t end) {
    row(function, x + (offset[0] + begin * step[0]) * in_size, y + (offset[1] + begin * step[1]) * in_size,
        z + (offset[2] + begin * step[2]) * out_size, end - begin, step);
  };
  const auto operations = static_cast<double>(out.size());
  const bool flat = a.is_contiguous() && b.is_contiguous() && out.is_contiguous();
  if (flat && a.shape() == out.shape() && b.shape() == out.shape())
    return parallel_for(out.size(), 64, operations, [&](std::int64_t begin, std::int64_t end) {
      row_at({}, {1, 1, 1}, begin, end);
    });
  const std::array<Strides, 3> strides{stretched(a.shape(), a.strides(), out.shape()),
                                       stretched(b.shape(), b.strides(), out.shape()), out.strides()};
  for_each_row<3>(out.shape(), strides, [&](const auto& offset, std::int64_t count, const auto& step) {
    parallel_for(count, 64, static_cast<double>(count),
                 [&](std::int64_t begin, std::int64_t end) { row_at(offset, step, begin, end); });
  });
}

Shape broadcast_shape(const Array& a, const Array& b) {
  if (a.shape() == b.shape()) return a.shape();
  const auto shape = broadcast_shapes(a.shape(), b.shape());
  if (!shape) throw ShapeError(concat("shapes ", a.shape(), " and ", b.shape(), " do not broadcast"));
  return *shape;
}

}  // namespace xg::kernels
