#pragma once

#include <cstdint>

#include "autograd/tensor.hpp"

namespace xg {

// Constants. A shape with a negative extent is a ShapeError.

/// All elements 0.
XG_API Tensor zeros(const Shape& shape, DType dtype = float32);
/// All elements 1.
XG_API Tensor ones(const Shape& shape, DType dtype = float32);
/// All elements `value`, converted to the dtype.
XG_API Tensor full(const Shape& shape, double value, DType dtype = float32);
/// Zeros of the shape and dtype of x.
XG_API Tensor zeros_like(const Tensor& x);
/// Ones of the shape and dtype of x.
XG_API Tensor ones_like(const Tensor& x);
/// 0, 1, ..., stop - 1 (int64).
XG_API Tensor arange(std::int64_t stop);
/// start, start + step, ... up to, not including, stop. A step of 0 is a ValueError.
XG_API Tensor arange(double start, double stop, double step = 1, DType dtype = float32);
/// `count` values from start to stop, both included.
XG_API Tensor linspace(double start, double stop, std::int64_t count, DType dtype = float32);
/// The identity matrix (n, n).
XG_API Tensor eye(std::int64_t n, DType dtype = float32);

}  // namespace xg
