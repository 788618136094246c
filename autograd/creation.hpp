#pragma once

#include <cstdint>
#include <source_location>

#include "autograd/tensor.hpp"

namespace xg {

// Constants. A shape with a negative extent, or of more bytes than the address space has, is a ShapeError.

/// All elements 0.
XG_API Tensor zeros(const Shape& shape, DType dtype = float32,
                    std::source_location where = std::source_location::current());
/// All elements 1.
XG_API Tensor ones(const Shape& shape, DType dtype = float32,
                   std::source_location where = std::source_location::current());
/// All elements `value`, converted to the dtype.
XG_API Tensor full(const Shape& shape, double value, DType dtype = float32,
                   std::source_location where = std::source_location::current());
/// Zeros of the shape and dtype of x.
XG_API Tensor zeros_like(const Tensor& x, std::source_location where = std::source_location::current());
/// Ones of the shape and dtype of x.
XG_API Tensor ones_like(const Tensor& x, std::source_location where = std::source_location::current());
/// 0, 1, ..., stop - 1 (int64); none if stop is negative.
XG_API Tensor arange(std::int64_t stop, std::source_location where = std::source_location::current());
/// start, start + step, ... up to, not including, stop, each computed from its number and converted to the dtype as
/// convert() does: ceil((stop - start) / step) elements, none if that is negative. For integer dtypes whole numbers
/// stay exact beyond 2^53. A step of 0, an argument that is NaN or infinite, and more elements than fit 64 bits, are a
/// ValueError.
XG_API Tensor arange(double start, double stop, double step = 1, DType dtype = float32,
                     std::source_location where = std::source_location::current());
/// `count` values from start to stop, both included, converted to the dtype as convert() does. A negative count is a
/// ValueError.
XG_API Tensor linspace(double start, double stop, std::int64_t count, DType dtype = float32,
                       std::source_location where = std::source_location::current());
/// The identity matrix (n, n). A negative n is a ValueError.
XG_API Tensor eye(std::int64_t n, DType dtype = float32, std::source_location where = std::source_location::current());

}  // namespace xg
