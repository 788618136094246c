#include "lib/shape.hpp"

#include <algorithm>

namespace xg {

Shape::Shape(std::initializer_list<std::int64_t> sizes) {
  for (const auto size : sizes) push_back(size);
}

Shape::Shape(const std::vector<std::int64_t>& sizes) {
  for (const auto size : sizes) push_back(size);
}

Shape Shape::filled(std::size_t rank, std::int64_t value) {
  Shape shape;
  for (std::size_t axis = 0; axis < rank; ++axis) shape.push_back(value);
  return shape;
}

void Shape::push_back(std::int64_t size) { insert(rank_, size); }

void Shape::insert(std::size_t axis, std::int64_t size) {
  if (rank_ == max_rank) throw ShapeError(concat("an array has at most ", max_rank, " axes"));
  if (axis > rank_) out_of_range(axis);
  std::copy_backward(sizes_.begin() + axis, sizes_.begin() + rank_, sizes_.begin() + rank_ + 1);
  sizes_[axis] = size;
  ++rank_;
}

void Shape::erase(AxisIndex axis) {
  const std::size_t at = position(axis);
  std::copy(sizes_.begin() + at + 1, sizes_.begin() + rank_, sizes_.begin() + at);
  --rank_;
}

std::int64_t Shape::elements(std::source_location where) const {
  std::int64_t count = 1;
  bool none = false;
  for (const auto size : *this) {
    if (size < 0) throw ShapeError(concat("negative extent in shape ", *this), where);
    none |= size == 0;
    if (__builtin_mul_overflow(count, std::max<std::int64_t>(size, 1), &count))
      throw ShapeError(concat("shape ", *this, " has too many elements"), where);
  }
  return none ? 0 : count;
}

void Shape::out_of_range(AxisIndex axis) const {
  throw ShapeError(concat("axis ", axis.number, " is out of range for shape ", *this), axis.where);
}

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) text += (axis ? ", " : "") + std::to_string(shape[axis]);
  return text + (shape.rank() == 1 ? ",)" : ")");
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }

Strides contiguous_strides(const Shape& shape) {
  Strides strides = shape;
  std::int64_t step = 1;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    strides[axis] = step;
    if (__builtin_mul_overflow(step, std::max<std::int64_t>(shape[axis], 1), &step))
      throw ShapeError(concat("shape ", shape, " has too many elements"));
  }
  return strides;
}

std::optional<Shape> broadcast_shapes(const Shape& a, const Shape& b) {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  const std::size_t lead = longer.rank() - shorter.rank();
  Shape result = longer;
  for (std::size_t axis = 0; axis < shorter.rank(); ++axis) {
    std::int64_t& size = result[lead + axis];
    if (size == 1)
      size = shorter[axis];
    else if (shorter[axis] != 1 && shorter[axis] != size)
      return std::nullopt;
  }
  return result;
}

bool broadcasts_to(const Shape& from, const Shape& to) {
  if (from.rank() > to.rank()) return false;
  const std::int64_t* const last = to.end() - from.rank();
  return std::equal(from.begin(), from.end(), last, [](auto own, auto wanted) { return own == 1 || own == wanted; });
}

Axes::Axes(std::span<const int> axes) : count_(axes.size()), all_(false) {
  if (axes.size() > Shape::max_rank)
    throw ShapeError(concat(axes.size(), " axes were named, but a tensor has at most ", Shape::max_rank));
  std::copy(axes.begin(), axes.end(), axes_.begin());
}

std::array<bool, Shape::max_rank> axis_mask(const char* op, const Axes& axes, const Shape& shape,
                                            std::source_location where) {
  std::array<bool, Shape::max_rank> mask{};
  if (axes.all()) std::fill_n(mask.begin(), shape.rank(), true);
  for (const int axis : axes.list()) {
    bool& named = mask[normalize_axis(op, axis, shape.rank(), where)];
    if (named) throw ShapeError(concat(op, ": axis ", axis, " of shape ", shape, " is named twice"), where);
    named = true;
  }
  return mask;
}

std::size_t normalize_axis(const char* op, std::int64_t axis, std::size_t rank, std::source_location where) {
  const auto count = static_cast<std::int64_t>(rank);
  if (axis < -count || axis >= count)
    throw ShapeError(concat(op, ": axis ", axis, " is out of range for ", rank, " axes"), where);
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

}  // namespace xg
