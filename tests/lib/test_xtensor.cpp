#include <doctest/doctest.h>

#include <cstdint>
#include <numeric>
#include <vector>
#include <xtensor/xarray.hpp>
#include <xtensor/xfixed.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include "lib/xtensor.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

/// 0, 1, 2, ...
Array counted(const Shape& shape) {
  std::vector<float> values(static_cast<std::size_t>(shape.elements()));
  std::iota(values.begin(), values.end(), 0.0F);
  return Array::from(values, shape);
}

/// The bridge both ways must keep every element where it is.
void check_both_ways(const Array& array) {
  const auto view = as_xtensor<float>(array);
  REQUIRE(view.dimension() == array.rank());
  for (std::size_t axis = 0; axis < array.rank(); ++axis)
    CHECK(static_cast<std::int64_t>(view.shape()[axis]) == array.shape()[axis]);
  const Array back = from_xtensor(view + 1.0F);
  CHECK(back.shape() == array.shape());
  CHECK(back.is_contiguous());
  auto expected = array.to_vector<float>();
  for (auto& value : expected) value += 1;
  CHECK(back.to_vector<float>() == expected);
}

}  // namespace

TEST_CASE("xtensor: arrays of any strides") {
  const Array array = counted({3, 4, 5});
  check_both_ways(array);
  check_both_ways(array.transposed());
  check_both_ways(array.permute({2, 0, 1}));
  check_both_ways(array.slice(1, 1, 2, 1));
  check_both_ways(array.slice(2, 4, 3, -2));
  check_both_ways(array.slice(0, 2, 1, 1).slice(2, 0, 2, 3));
  check_both_ways(counted({4, 1}).broadcast_to({3, 4, 20}));
  check_both_ways(array.slice(0, 1, 1, 1).squeeze(0).expand_dims(2));
}

TEST_CASE("xtensor: no axes, no elements, one element") {
  check_both_ways(counted({}));
  check_both_ways(counted({1, 1}));
  check_both_ways(counted({0}));
  check_both_ways(counted({3, 0, 2}));
}

TEST_CASE("xtensor: an axis of extent 1 broadcasts, also where it was cut from a longer one") {
  const Array matrix = counted({2, 3});
  const Array row = matrix.slice(0, 1, 1, 1), column = matrix.slice(1, 2, 1, 1);
  const Array sum = from_xtensor(as_xtensor<float>(matrix) + as_xtensor<float>(row));
  CHECK(sum.to_vector<float>() == std::vector<float>{3, 5, 7, 6, 8, 10});
  const Array product = from_xtensor(as_xtensor<float>(column) * as_xtensor<float>(row));
  CHECK(product.shape() == Shape{2, 3});
  CHECK(product.to_vector<float>() == std::vector<float>{6, 8, 10, 15, 20, 25});
}

TEST_CASE("xtensor: the adaptor shares the elements and is written through") {
  const Array array = counted({2, 3});
  as_xtensor<float>(array.transposed())(2, 0) = 9;
  CHECK(array.to_vector<float>() == std::vector<float>{0, 1, 9, 3, 4, 5});
  const Array source = counted({12}), target = counted({12});
  xt::noalias(as_xtensor<float>(target.slice(0, 0, 4, 3))) = -as_xtensor<float>(source.slice(0, 1, 4, 3));
  CHECK(target.to_vector<float>() == std::vector<float>{-1, 1, 2, -4, 4, 5, -7, 7, 8, -10, 10, 11});
}

TEST_CASE("xtensor: the dtype is that of the values") {
  CHECK(from_xtensor(xt::xarray<float>{1, 2}).dtype() == float32);
  CHECK(from_xtensor(xt::xarray<double>{1, 2}).dtype() == float64);
  CHECK(from_xtensor(xt::xarray<int>{1, 2}).dtype() == int32);
  CHECK(from_xtensor(xt::xarray<long>{1, 2}).dtype() == int64);
  CHECK(from_xtensor(xt::xarray<long long>{1, 2}).to_vector<int>() == std::vector<int>{1, 2});
  CHECK(from_xtensor(xt::xarray<unsigned char>{1, 2}).dtype() == uint8);
  CHECK(from_xtensor(xt::xarray<bool>{true, false}).dtype() == boolean);
  CHECK(from_xtensor(xt::xarray<float>{1, 2} > 1.5F).to_vector<bool>() == std::vector<bool>{false, true});
}

TEST_CASE("xtensor: containers, views and other expressions") {
  const xt::xtensor<double, 2> matrix{{1, 2, 3}, {4, 5, 6}};
  CHECK(from_xtensor(xt::transpose(matrix)).to_vector<double>() == std::vector<double>{1, 4, 2, 5, 3, 6});
  const Array column = from_xtensor(xt::view(matrix, xt::all(), 1));
  CHECK(column.shape() == Shape{2});
  CHECK(column.to_vector<double>() == std::vector<double>{2, 5});
  const xt::xtensor_fixed<int, xt::xshape<2, 2>> fixed{{1, 2}, {3, 4}};
  CHECK(from_xtensor(fixed * 2).to_vector<int>() == std::vector<int>{2, 4, 6, 8});
  CHECK(from_xtensor(xt::sum(matrix, {0})).to_vector<double>() == std::vector<double>{5, 7, 9});
  CHECK(from_xtensor(xt::ones<float>({2, 0})).shape() == Shape{2, 0});
}

TEST_CASE("xtensor: errors") {
  const Array array = counted({2});
  CHECK_ERROR(DTypeError, as_xtensor<double>(array), "the array holds float32, not float64: convert with astype");
  CHECK_ERROR(ValueError, as_xtensor<float>(Array()), "the array is undefined: assign it a value first");
  const xt::xarray<float> deep = xt::zeros<float>(std::vector<std::size_t>(9, 1));
  CHECK(message_of<ShapeError>([&] { from_xtensor(deep); }) == "an array has at most 8 axes");
}
