#include "nn/layers/flatten.hpp"

#include "autograd/ops/shape.hpp"

namespace xg::nn {

Tensor Flatten::forward(const Tensor& x) {
  if (x.rank() == 0) throw ShapeError("Flatten: the input has no batch axis", std::source_location::current());
  Shape sample = x.shape();
  sample.erase(0);
  return reshape(x, {x.shape()[0], sample.elements()});
}

template class ClonedLayer<Flatten>;

}  // namespace xg::nn
