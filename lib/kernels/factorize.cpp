#include "lib/kernels/factorize.hpp"

#include <xtensor-blas/xlinalg.hpp>
#include <xtensor/xadapt.hpp>
#include <xtensor/xtensor.hpp>

#include "lib/kernels/one_thread.hpp"

namespace xg::kernels {

Array orthonormal_columns(const Array& matrix) {
  const Array from = matrix.contiguous();
  const auto rows = static_cast<std::size_t>(from.shape()[0]), columns = static_cast<std::size_t>(from.shape()[1]);
  const Array out = Array::empty(matrix.shape(), float64);
  if (out.size() == 0) return out;
  const xt::xtensor<double, 2> a =
      xt::adapt(from.data<double>(), rows * columns, xt::no_ownership(), std::array<std::size_t, 2>{rows, columns});
  const OneThread one_thread;
  const auto [q, r] = xt::linalg::qr(a);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) out.data<double>()[i * columns + j] = r(j, j) < 0 ? -q(i, j) : q(i, j);
  return out;
}

}  // namespace xg::kernels
