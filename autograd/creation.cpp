#include "autograd/creation.hpp"

#include <algorithm>
#include <cmath>

namespace xg {

Tensor zeros(const Shape& shape, DType dtype) { return Array::zeros(shape, dtype); }
Tensor ones(const Shape& shape, DType dtype) { return Array::full(shape, 1, dtype); }
Tensor full(const Shape& shape, double value, DType dtype) { return Array::full(shape, value, dtype); }
Tensor zeros_like(const Tensor& x) { return zeros(x.shape(), x.dtype()); }
Tensor ones_like(const Tensor& x) { return ones(x.shape(), x.dtype()); }

Tensor arange(std::int64_t stop) { return arange(0, static_cast<double>(stop), 1, int64); }

Tensor arange(double start, double stop, double step, DType dtype) {
  if (step == 0 || !std::isfinite(start) || !std::isfinite(stop) || !std::isfinite(step))
    throw ValueError(concat("arange: from ", start, " to ", stop, " by ", step, " makes no sequence"));
  const auto count = std::max<std::int64_t>(static_cast<std::int64_t>(std::ceil((stop - start) / step)), 0);
  const Array result = Array::empty({count}, dtype);
  dispatch(dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < count; ++i)
      result.data<T>()[i] = static_cast<T>(start + static_cast<double>(i) * step);
  });
  return result;
}

Tensor linspace(double start, double stop, std::int64_t count, DType dtype) {
  const Array result = Array::empty({count}, dtype);
  const auto gaps = static_cast<double>(std::max<std::int64_t>(count - 1, 1));
  dispatch(dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < count; ++i)
      result.data<T>()[i] =
          static_cast<T>(i > 0 && i == count - 1 ? stop : start + static_cast<double>(i) * ((stop - start) / gaps));
  });
  return result;
}

Tensor eye(std::int64_t n, DType dtype) {
  const Array result = Array::zeros({n, n}, dtype);
  dispatch(dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < n; ++i) result.data<T>()[i * (n + 1)] = T{1};
  });
  return result;
}

}  // namespace xg
