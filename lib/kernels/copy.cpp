#include "lib/kernels/copy.hpp"

#include <cstring>

#include "lib/kernels/loops.hpp"

namespace xg::kernels {
namespace {

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
  dispatch(from.dtype(), [&]<class From>() { dispatch(to.dtype(), [&]<class To>() { copy_as<From, To>(from, to); }); });
}

}  // namespace xg::kernels
