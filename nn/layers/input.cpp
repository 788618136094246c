#include "nn/layers/input.hpp"

#include <algorithm>

namespace xg::nn {

Input::Input(const Shape& sample, std::source_location where) : sample_(sample) {
  if (std::any_of(sample.begin(), sample.end(), [](std::int64_t extent) { return extent < 0; }))
    refuse(where, "extents must not be negative, got ", sample);
}

void Input::check(const Shape& sample) const {
  if (sample != sample_)
    throw ShapeError(concat("Input: samples of shape ", sample_, " are expected, got ", sample),
                     std::source_location::current());
}

std::optional<Shape> Input::output_shape(const Shape& sample) const {
  check(sample);
  return sample;
}

Tensor Input::forward(const Tensor& x) {
  Shape sample = x.shape();
  if (sample.rank() > 0) sample.erase(0);
  check(sample);
  return x;
}

template class ClonedLayer<Input>;

}  // namespace xg::nn
