#include "nn/layers/flatten.hpp"

#include "autograd/ops/shape.hpp"

namespace xg::nn {

Tensor Flatten::forward(const Tensor& x) {
  if (x.rank() == 0) throw ShapeError("Flatten: the input has no batch axis", std::source_location::current());
  return reshape(x, {x.shape()[0], -1});
}

}  // namespace xg::nn
