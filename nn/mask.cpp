#include "nn/mask.hpp"

#include <algorithm>

#include "autograd/ops/compare.hpp"
#include "autograd/ops/shape.hpp"

namespace xg::nn {

const Tensor* mask_in(const Tensors& tensors) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), is_mask);
  return found == tensors.end() ? nullptr : &found->value;
}

Tensors without_mask(const Tensors& tensors) {
  Tensors rest;
  for (const Tensors::Entry& entry : tensors)
    if (!is_mask(entry)) rest.push_back(entry);
  return rest;
}

Tensor cleared(const Tensor& x, Tensor mask) {
  while (mask.rank() < x.rank()) mask = expand_dims(mask, -1);
  return where(mask, x, 0);
}

Tensor mask_for(const std::string& layer, const Tensors& tensors, const Tensor& x) {
  if (!tensors.contains("mask")) return {};
  const Tensor& mask = tensors["mask"];
  if (mask.dtype() != boolean)
    throw DTypeError(concat(layer, ": a mask is boolean, got ", mask.dtype(), ": astype(mask, boolean) converts it"),
                     std::source_location::current());
  const bool has_steps = x.rank() >= 2;
  if (!has_steps || mask.shape() != Shape{x.shape()[0], x.shape()[1]})
    throw ShapeError(has_steps ? concat(layer, ": a mask of shape ", Shape{x.shape()[0], x.shape()[1]},
                                        " is expected, got ", mask.shape())
                               : concat(layer, ": a mask of shape ", mask.shape(), " came with an input of shape ",
                                        x.shape(), ", which has no steps"),
                     std::source_location::current());
  return mask;
}

}  // namespace xg::nn
