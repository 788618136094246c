#pragma once

#include <cstdint>
#include <source_location>

#include "autograd/tensor.hpp"

namespace xg {

// Constants. A shape with a negative extent, or of more bytes than the address space has, is a ShapeError, a number
// outside the dtype's range a ValueError. An integer dtype keeps all bits of integers, and cuts fractions off.

/// All elements 0.
XG_API Tensor zeros(const Shape& shape, DType dtype = float32,
                    std::source_location where = std::source_location::current());
/// All elements 1.
XG_API Tensor ones(const Shape& shape, DType dtype = float32,
                   std::source_location where = std::source_location::current());
/// All elements `value`.
XG_API Tensor full(const Shape& shape, const Scalar& value, DType dtype = float32,
                   std::source_location where = std::source_location::current());
/// Zeros of the shape and dtype of x.
XG_API Tensor zeros_like(const Tensor& x, std::source_location where = std::source_location::current());
/// Ones of the shape and dtype of x.
XG_API Tensor ones_like(const Tensor& x, std::source_location where = std::source_location::current());
/// 0, 1, ..., stop - 1 (int64); none if stop is negative.
XG_API Tensor arange(std::int64_t stop, std::source_location where = std::source_location::current());
/// start, start + step, ... up to, not including, stop, each computed from its number: ceil((stop - start) / step)
/// elements, none if that is negative. In integer dtypes whole numbers stay exact beyond 2^53. A step of 0, an argument
/// that is NaN or infinite, and more elements than fit 64 bits, are a ValueError.
XG_API Tensor arange(const Scalar& start, const Scalar& stop, const Scalar& step = 1, DType dtype = float32,
                     std::source_location where = std::source_location::current());
/// `count` values from start to stop, both included, exact for whole numbers in integer dtypes. A negative count is a
/// ValueError.
XG_API Tensor linspace(const Scalar& start, const Scalar& stop, std::int64_t count, DType dtype = float32,
                       std::source_location where = std::source_location::current());
/// The identity matrix (n, n). A negative n is a ValueError.
XG_API Tensor eye(std::int64_t n, DType dtype = float32, std::source_location where = std::source_location::current());

}  // namespace xg
