#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "autograd/tensor.hpp"

namespace xg::testing {

using Index = std::vector<std::int64_t>;

/// Numbers in row-major order under a shape. What operations should give is computed in these, by plain loops.
struct Values {
  Shape shape = {};
  std::vector<double> numbers = {};

  Values() = default;
  Values(Shape extents, std::vector<double> elements) : shape(extents), numbers(std::move(elements)) {}
  explicit Values(const Tensor& tensor) : Values(tensor.shape(), tensor.to_vector<double>()) {}

  /// The element at an index of this shape, or of one it broadcasts to.
  double at(const Index& index) const;
};

/// at(index) for every index of `shape`.
Values generate(const Shape& shape, const std::function<double(const Index&)>& at);

/// f of every element.
Values map(const Values& x, const std::function<double(double)>& f);

/// f of every pair of elements of two tensors that broadcast.
Values zip(const Values& a, const Values& b, const std::function<double(double, double)>& f);

/// f of the elements along `axes` (all of them if there are none), in row-major order.
Values fold(const Values& x, std::vector<int> axes, bool keepdims,
            const std::function<double(const std::vector<double>&)>& f);

/// x minus ln sum(e^x) along an axis: the logarithm of softmax.
Values log_shares(const Values& x, int axis);

/// The shape two shapes that fit broadcast to.
Shape broadcast(const Shape& a, const Shape& b);

}  // namespace xg::testing
