#include "nn/data/transform.hpp"

#include <algorithm>
#include <array>

#include "autograd/ops/check.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "lib/extent.hpp"

namespace xg::data {

Tensor flatten(const Tensor& samples, std::source_location where) {
  if (samples.rank() == 0) throw ShapeError("data::flatten: the samples need a first axis", where);
  Shape sample = samples.shape();
  sample.erase(0);
  return reshape(Operand(samples, where), {samples.shape()[0], sample.elements()});
}

Tensor scale(const Tensor& pixels, std::source_location where) {
  if (pixels.dtype() != uint8)
    throw DTypeError(
        concat("data::scale: uint8 pixels are expected, got ", pixels.dtype(), " of shape ", pixels.shape()), where);
  const Array from = pixels.array().contiguous(), to = Array::empty(pixels.shape(), float32);
  // The quotients themselves: a product with 1 / 255 rounds differently for half of the values.
  std::array<float, 256> quotient{};
  for (std::size_t value = 0; value < 256; ++value) quotient[value] = static_cast<float>(value) / 255.0f;
  for (std::int64_t i = 0; i < from.size(); ++i) to.data<float>()[i] = quotient[from.data<std::uint8_t>()[i]];
  return to;
}

Tensor to_categorical(const Tensor& labels, std::int64_t classes, std::source_location where) {
  if (classes < 0) throw ValueError(concat("to_categorical: classes must not be negative, got ", classes), where);
  const CallerScope scope(where);
  const bool column = labels.rank() == 2 && labels.shape()[1] == 1;
  const Tensor given = column ? squeeze(labels, 1) : labels, numbers = astype(given, int64);
  if (classes == 0 && numbers.size() > 0) {
    const auto largest = std::max<std::int64_t>(max(numbers).item<std::int64_t>(), 0);
    classes = ExtentArithmetic("to_categorical", where).add(largest, 1);
  }
  check_class_numbers("to_categorical", given, classes, where);
  return one_hot(numbers, classes);
}

}  // namespace xg::data
