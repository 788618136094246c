#pragma once

#include "lib/array.hpp"

namespace xg::kernels {

/// Q of the thin QR factorization of a float64 matrix with at least as many rows as columns, its columns' signs chosen
/// so that R has a positive diagonal: unique for a matrix of full rank.
Array orthonormal_columns(const Array& matrix);

}  // namespace xg::kernels
