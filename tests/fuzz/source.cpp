#include "tests/fuzz/source.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "autograd/grad_mode.hpp"
#include "autograd/ops/shape.hpp"

namespace xg::testing {
namespace {

constexpr std::int64_t most_elements = 4096;

}  // namespace

std::int64_t Source::number() {
  using Limits = std::numeric_limits<std::int64_t>;
  if (!once_in(12)) return below(12) - 4;
  return one_of<std::int64_t>({Limits::min(), Limits::min() + 1, Limits::max(), Limits::max() - 1,
                               std::int64_t{1} << 31, std::int64_t{1} << 32, std::int64_t{1} << 46,
                               -(std::int64_t{1} << 46), std::int64_t{1} << 62, -1, 1000, 100'000});
}

std::vector<std::int64_t> Source::numbers() {
  std::vector<std::int64_t> list(static_cast<std::size_t>(once_in(20) ? below(12) : below(4)));
  for (auto& each : list) each = number();
  return list;
}

double Source::real() {
  using Limits = std::numeric_limits<double>;
  if (!once_in(4)) return static_cast<double>(below(64) - 16) / 16;
  return one_of({0.0, -0.0, 1.0, 1e30, -1e30, 1e-300, Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(),
                 Limits::max(), Limits::lowest(), Limits::denorm_min(), 3e9, 9.3e18});
}

std::vector<int> Source::axis_list() {
  std::vector<int> list(static_cast<std::size_t>(below(4)));
  for (int& each : list) each = axis();
  if (once_in(2) && !shapes_.empty()) {  // a permutation
    list.resize(shapes_.back().rank());
    std::iota(list.begin(), list.end(), 0);
    std::shuffle(list.begin(), list.end(), bits_);
  }
  return list;
}

Axes Source::axes() {
  if (once_in(3)) return {};
  if (once_in(2)) return axis();
  const std::vector<int> list = axis_list();
  return Axes(std::span(list));
}

PerAxis Source::per_axis() {
  if (once_in(10)) return {number(), number()};
  return once_in(8) ? number() : 1 + below(3);
}

Padding Source::padding() {
  switch (below(5)) {
    case 0:
      return "same";
    case 1:
      return {number(), below(3)};
    case 2:
      return once_in(5) ? number() : below(3);
    default:
      return "valid";
  }
}

Shape Source::shape() {
  Shape result;
  const std::int64_t rank = once_in(8) ? below(9) : below(5);
  for (std::int64_t axis = 0; axis < rank; ++axis)
    result.push_back(result.elements() * 17 <= most_elements ? extent() : below(2));
  return result;
}

Shape Source::related_shape() {
  if (shapes_.empty() || once_in(5)) return shape();
  Shape result = shapes_[static_cast<std::size_t>(below(static_cast<std::int64_t>(shapes_.size())))];
  if (once_in(3) && result.rank() > 0) result.erase(0);
  if (once_in(3) && result.rank() > 0)
    result[static_cast<std::size_t>(below(static_cast<std::int64_t>(result.rank())))] = 1;
  return result;
}

Shape Source::absurd_shape() {
  Shape result = shape();
  if (result.rank() < Shape::max_rank && once_in(2)) result.push_back(number());
  if (result.rank() > 0 && once_in(2))
    result[static_cast<std::size_t>(below(static_cast<std::int64_t>(result.rank())))] = number();
  return result;
}

Indices Source::indices() {
  const auto bound = [&] { return once_in(3) ? std::optional<std::int64_t>() : std::optional(number()); };
  const auto element = [&]() -> Indices::Element {
    switch (below(6)) {
      case 0:
        return ellipsis;
      case 1:
        return newaxis;
      case 2:
      case 3: {
        const auto start = bound(), stop = bound();
        return Slice(start, stop, once_in(2) ? 1 : number());
      }
      default:
        return number();
    }
  };
  if (once_in(2)) return element();
  const auto first = element(), second = element(), third = element();
  return once_in(2) ? Indices({first, second}) : Indices({first, second, third});
}

Tensor Source::laid_out(const Shape& shape, DType dtype) {
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  const bool tame = !once_in(4);
  for (double& each : values) each = tame ? static_cast<double>(below(33) - 8) / (is_floating(dtype) ? 8 : 4) : real();
  return Tensor(Array::from(values, shape).astype(dtype));
}

Tensor Source::tensor(const Shape& shape, DType dtype) {
  if (once_in(100)) return {};
  shapes_.push_back(shape);
  Tensor made;
  const NoGrad quiet;
  switch (shape.rank() == 0 ? 0 : below(6)) {
    case 0:
    case 1:
    case 2:
      made = laid_out(shape, dtype);
      break;
    case 3: {  // every second element of an axis
      Shape wide = shape;
      wide[0] = 2 * shape[0];
      made = slice(laid_out(wide, dtype), 0, {.step = 2});
      break;
    }
    case 4: {  // backwards, transposed
      Shape turned;
      for (std::size_t axis = shape.rank(); axis-- > 0;) turned.push_back(shape[axis]);
      made = flip(transpose(laid_out(turned, dtype)), {0});
      break;
    }
    default: {  // one element at several places
      Shape narrow = shape;
      narrow[shape.rank() - 1] = 1;
      made = broadcast_to(laid_out(narrow, dtype), shape);
    }
  }
  if (is_floating(dtype) && !once_in(3)) {
    made.set_requires_grad();
    leaves_.push_back(made);
  }
  return made;
}

Tensor Source::of_rank(std::size_t rank) {
  Shape shape;
  for (std::size_t axis = 0; axis < rank; ++axis) shape.push_back(once_in(9) ? 0 : 1 + below(rank > 4 ? 3 : 6));
  return tensor(shape, once_in(20) ? dtype() : float64);
}

std::vector<Tensor> Source::tensors() {
  std::vector<Tensor> list(static_cast<std::size_t>(once_in(15) ? 0 : 1 + below(3)));
  for (Tensor& each : list) each = tensor();
  return list;
}

}  // namespace xg::testing
