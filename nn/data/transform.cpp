#include "nn/data/transform.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

#include "autograd/ops/check.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/shape.hpp"
#include "lib/extent.hpp"

namespace xg::data {
namespace {

void check_defined(const char* op, const char* what, const Tensor& given, std::source_location where) {
  if (!given.defined()) throw ValueError(concat(op, ": the ", what, " are an undefined tensor"), where);
}

/// The largest of the labels, leaving out what can be no class.
std::int64_t largest_class(const Tensor& labels) {
  const Array all = labels.array().contiguous();
  std::int64_t largest = 0;
  dispatch(all.dtype(), [&]<class T>() {
    for (std::int64_t i = 0; i < all.size(); ++i) {
      const T label = all.data<T>()[i];
      if constexpr (std::is_floating_point_v<T>)
        if (!(label > 0 && label < T{0x1p63})) continue;
      largest = std::max(largest, static_cast<std::int64_t>(label));
    }
  });
  return largest;
}

}  // namespace

Tensor flatten(const Tensor& samples, std::source_location where) {
  check_defined("data::flatten", "samples", samples, where);
  if (samples.rank() == 0) throw ShapeError("data::flatten: the samples need a first axis", where);
  Shape sample = samples.shape();
  sample.erase(0);
  return reshape(Operand(samples, where), {samples.shape()[0], sample.elements()});
}

Tensor scale(const Tensor& pixels, std::source_location where) {
  check_defined("data::scale", "pixels", pixels, where);
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
  check_defined("to_categorical", "labels", labels, where);
  const CallerScope scope(where);
  const bool column = labels.rank() == 2 && labels.shape()[1] == 1;
  const Tensor given = column ? squeeze(labels, 1) : labels;
  if (classes == 0 && given.size() > 0)
    classes = ExtentArithmetic("to_categorical", where).add(largest_class(given), 1);
  check_class_numbers("to_categorical", given, classes, where);
  return one_hot(astype(given, int64), classes);
}

}  // namespace xg::data
