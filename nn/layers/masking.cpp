#include "nn/layers/masking.hpp"

#include <span>
#include <vector>

#include "autograd/ops/compare.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/check_number.hpp"

namespace xg::nn {
Masking::Masking(double mask_value, std::source_location where) : mask_value_(mask_value) {
  check_finite("Masking: mask_value", mask_value, where);
}

Tensor Masking::mask_of(const Tensor& x) const {
  if (x.rank() < 3)
    throw ShapeError(concat("Masking: the input has shape ", x.shape(), ", (batch, steps, ...) is expected"),
                     std::source_location::current());
  std::vector<int> axes;
  for (int axis = 2; axis < static_cast<int>(x.rank()); ++axis) axes.push_back(axis);
  return any(not_equal(x, mask_value_), {.axis = Axes(std::span<const int>(axes))});
}

Tensor Masking::forward(const Tensor& x) { return cleared(x, mask_of(x)); }

Tensors Masking::forward_many(const Tensors& inputs) {
  const Tensors given = without_mask(inputs);
  const Tensor& x = given.only();
  const Tensor earlier = mask_for(type(), inputs, x), own = mask_of(x);
  const Tensor mask = earlier.defined() ? logical_and(own, earlier) : own;
  return {cleared(x, mask), {"mask", mask}};
}

template class ClonedLayer<Masking>;

}  // namespace xg::nn
