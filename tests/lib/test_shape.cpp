#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

#include "lib/shape.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

std::string broadcast_text(const Shape& a, const Shape& b) {
  const auto result = broadcast_shapes(a, b);
  CHECK(result.has_value() == broadcast_shapes(b, a).has_value());
  if (result) CHECK(*result == *broadcast_shapes(b, a));
  return result ? to_string(*result) : "none";
}

std::string mask_text(const Axes& axes, const Shape& shape) {
  const auto mask = axis_mask("sum", axes, shape, {});
  std::string text;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) text += mask[axis] ? '1' : '0';
  return text;
}

}  // namespace

TEST_CASE("shape: text") {
  CHECK(to_string(Shape{}) == "()");
  CHECK(to_string(Shape{10}) == "(10,)");
  CHECK(to_string(Shape{32, 784}) == "(32, 784)");
  CHECK(concat(Shape{1, 0, 2}) == "(1, 0, 2)");
}

TEST_CASE("shape: extents can be read and changed") {
  Shape shape{2, 3};
  CHECK(shape.rank() == 2);
  CHECK(shape.back() == 3);
  shape.push_back(4);
  shape.insert(0, 1);
  shape.insert(2, 7);
  CHECK(shape == Shape{1, 2, 7, 3, 4});
  shape.erase(0);
  shape.erase(3);
  CHECK(shape == Shape{2, 7, 3});
  shape[1] = 5;
  CHECK(shape == Shape{2, 5, 3});
  CHECK(shape != Shape{2, 5});
  CHECK(shape != Shape{2, 5, 4});
  CHECK(Shape(std::vector<std::int64_t>{2, 5, 3}) == shape);
  CHECK(Shape::filled(3, 1) == Shape{1, 1, 1});
  CHECK(Shape::filled(0, 1) == Shape{});
}

TEST_CASE("shape: erased extents do not count in a comparison") {
  Shape shape{2, 3, 4};
  shape.erase(2);
  CHECK(shape == Shape{2, 3});
}

TEST_CASE("shape: at most eight axes") {
  CHECK(Shape{1, 2, 3, 4, 5, 6, 7, 8}.rank() == 8);
  CHECK(message_of<ShapeError>([] { Shape{1, 2, 3, 4, 5, 6, 7, 8, 9}; }) == "an array has at most 8 axes");
  CHECK_THROWS_AS(Shape(std::vector<std::int64_t>(9, 1)), ShapeError);
  CHECK_THROWS_AS(Shape::filled(9, 1), ShapeError);
}

TEST_CASE("shape: the number of elements, checked") {
  CHECK(Shape{}.elements() == 1);
  CHECK(Shape{2, 3, 4}.elements() == 24);
  CHECK(Shape{2, 0, 4}.elements() == 0);
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK(Shape{most}.elements() == most);
  const std::int64_t large = std::int64_t{1} << 32;
  const Shape square{large, large}, negative{2, -1};
  CHECK_ERROR(ShapeError, square.elements(), "shape (4294967296, 4294967296) has too many elements");
  CHECK_ERROR(ShapeError, negative.elements(), "negative extent in shape (2, -1)");
}

TEST_CASE("shape: too many elements are refused wherever a zero stands") {
  const std::int64_t large = std::int64_t{1} << 62;
  const Shape first{0, large, 8}, middle{large, 0, 8}, last{large, 8, 0};
  for (const Shape& shape : {first, middle, last}) {
    CAPTURE(shape);
    CHECK_ERROR(ShapeError, shape.elements(), concat("shape ", shape, " has too many elements"));
    CHECK(message_of<ShapeError>([&] { contiguous_strides(shape); }) ==
          concat("shape ", shape, " has too many elements"));
  }
  CHECK(Shape{0, large}.elements() == 0);
  CHECK(Shape{large, 0}.elements() == 0);
}

TEST_CASE("shape: axes count from the end too, and what is outside is an error") {
  Shape shape{2, 3, 4};
  CHECK(shape[-1] == 4);
  CHECK(shape[-3] == 2);
  CHECK(shape[std::size_t{1}] == 3);
  shape[-2] = 5;
  CHECK(shape == Shape{2, 5, 4});
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  CHECK_ERROR(ShapeError, shape[3], "axis 3 is out of range for shape (2, 5, 4)");
  CHECK_ERROR(ShapeError, shape[-4], "axis -4 is out of range for shape (2, 5, 4)");
  CHECK_ERROR(ShapeError, shape[least], "axis -9223372036854775808 is out of range for shape (2, 5, 4)");
  CHECK_ERROR(ShapeError, shape[shape.rank() - 4], "axis 9223372036854775807 is out of range for shape (2, 5, 4)");
  const Shape none;
  CHECK_ERROR(ShapeError, none[0], "axis 0 is out of range for shape ()");
  CHECK_ERROR(ShapeError, none.back(), "axis -1 is out of range for shape ()");
  CHECK_ERROR(ShapeError, shape.erase(3), "axis 3 is out of range for shape (2, 5, 4)");
  CHECK_THROWS_AS(shape.insert(4, 1), ShapeError);
  shape.erase(-2);
  CHECK(shape == Shape{2, 4});
}

TEST_CASE("shape: strides of contiguous elements") {
  CHECK(contiguous_strides({}) == Strides{});
  CHECK(contiguous_strides({5}) == Strides{1});
  CHECK(contiguous_strides({2, 3, 4}) == Strides{12, 4, 1});
  CHECK(contiguous_strides({2, 0, 4}) == Strides{4, 4, 1});
}

TEST_CASE("shape: broadcasting follows NumPy") {
  CHECK(broadcast_text({}, {}) == "()");
  CHECK(broadcast_text({2, 3}, {}) == "(2, 3)");
  CHECK(broadcast_text({2, 3}, {3}) == "(2, 3)");
  CHECK(broadcast_text({2, 1}, {1, 3}) == "(2, 3)");
  CHECK(broadcast_text({4, 1, 3}, {2, 1}) == "(4, 2, 3)");
  CHECK(broadcast_text({1}, {0}) == "(0,)");
  CHECK(broadcast_text({2, 0}, {1}) == "(2, 0)");
  CHECK(broadcast_text({2, 3}, {2}) == "none");
  CHECK(broadcast_text({0}, {2}) == "none");
}

TEST_CASE("shape: broadcasting to a given shape") {
  CHECK(broadcasts_to({}, {2, 3}));
  CHECK(broadcasts_to({1, 3}, {2, 3}));
  CHECK(broadcasts_to({3}, {2, 3}));
  CHECK(broadcasts_to({1}, {0}));
  CHECK_FALSE(broadcasts_to({2, 3}, {3}));
  CHECK_FALSE(broadcasts_to({2}, {2, 3}));
  CHECK_FALSE(broadcasts_to({2, 3}, {2, 1}));
}

TEST_CASE("axes: from the front or the back, all if none is named") {
  CHECK(mask_text({}, {2, 3, 4}) == "111");
  CHECK(mask_text(0, {2, 3, 4}) == "100");
  CHECK(mask_text(-1, {2, 3, 4}) == "001");
  CHECK(mask_text({0, -1}, {2, 3, 4}) == "101");
  CHECK(mask_text(Axes(std::vector<int>{}), {2, 3, 4}) == "000");
  CHECK(normalize_axis("sum", -2, 2, {}) == 0);
}

TEST_CASE("axes: what is out of range or named twice is an error") {
  CHECK(message_of<ShapeError>([] { mask_text(2, {2, 3}); }) == "sum: axis 2 is out of range for 2 axes");
  CHECK(message_of<ShapeError>([] { mask_text(-3, {2, 3}); }) == "sum: axis -3 is out of range for 2 axes");
  CHECK(message_of<ShapeError>([] { mask_text(0, {}); }) == "sum: axis 0 is out of range for 0 axes");
  CHECK(message_of<ShapeError>([] { mask_text({1, -1}, {2, 3}); }) == "sum: axis -1 of shape (2, 3) is named twice");
  const auto here = std::source_location::current();
  CHECK(message_of<ShapeError>([&] { (void)normalize_axis("mean", 5, 1, here); }) ==
        at_line("mean: axis 5 is out of range for 1 axes", __FILE__, here.line()));
}
