#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

#include "lib/dtype.hpp"
#include "tests/support/message.hpp"

using namespace xg;

namespace {

constexpr std::array all{boolean, uint8, int32, int64, float32, float64};

}  // namespace

TEST_CASE("dtype: names, sizes and kinds") {
  CHECK(concat(boolean, ' ', uint8, ' ', int32, ' ', int64, ' ', float32, ' ', float64) ==
        "boolean uint8 int32 int64 float32 float64");
  constexpr std::array<std::size_t, all.size()> sizes{1, 1, 4, 8, 4, 8};
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(size_of(all[i]) == sizes[i]);
    CHECK(is_floating(all[i]) == (i >= 4));
  }
}

TEST_CASE("dtype: the promotion of two arrays is PyTorch's") {
  constexpr DType table[6][6] = {
      // boolean, uint8, int32, int64, float32, float64
      {boolean, uint8, int32, int64, float32, float64},        // boolean
      {uint8, uint8, int32, int64, float32, float64},          // uint8
      {int32, int32, int32, int64, float32, float64},          // int32
      {int64, int64, int64, int64, float32, float64},          // int64
      {float32, float32, float32, float32, float32, float64},  // float32
      {float64, float64, float64, float64, float64, float64},  // float64
  };
  for (std::size_t a = 0; a < all.size(); ++a) {
    for (std::size_t b = 0; b < all.size(); ++b) {
      CAPTURE(all[a]);
      CAPTURE(all[b]);
      CHECK(promote(all[a], all[b]) == table[a][b]);
    }
  }
}

TEST_CASE("dtype: dispatch gives the C++ type") {
  for (const DType dtype : all) {
    CHECK(dispatch(dtype, []<class T>() { return dtype_of<T>(); }) == dtype);
    CHECK(dispatch(dtype, []<class T>() { return sizeof(T); }) == size_of(dtype));
    CHECK(dispatch(dtype, []<class T>() { return std::is_floating_point_v<T>; }) == is_floating(dtype));
  }
}

TEST_CASE("dtype: what is not defined for a dtype says so") {
  const auto number = []<class T>() { return dtype_of<T>(); };
  for (const DType dtype : all) {
    if (dtype != boolean) CHECK(dispatch_numeric(dtype, number) == dtype);
    if (is_floating(dtype)) CHECK(dispatch_floating(dtype, number) == dtype);
  }
  CHECK(message_of<DTypeError>([&] { dispatch_numeric(boolean, number); }) ==
        "no arithmetic on boolean arrays: convert with astype");
  CHECK(message_of<DTypeError>([&] { dispatch_floating(int64, number); }) == "float32 or float64 expected, got int64");
}

TEST_CASE("dtype: floating numbers beyond an integer's range become its nearest bound, NaN 0") {
  const auto check = []<class To>(To least, To most) {
    for (const double huge : {0x1p63, 0x1p64, 1e19, 1e300, std::numeric_limits<double>::infinity()}) {
      CHECK(convert<To>(huge) == most);
      CHECK(convert<To>(-huge) == least);
      CHECK(convert<To>(static_cast<float>(huge)) == most);
      CHECK(convert<To>(static_cast<float>(-huge)) == least);
    }
    CHECK(convert<To>(std::numeric_limits<double>::quiet_NaN()) == 0);
    CHECK(convert<To>(std::numeric_limits<float>::quiet_NaN()) == 0);
    CHECK(convert<To>(2.9) == 2);
    CHECK(convert<To>(-0.9) == 0);
  };
  check(std::uint8_t{0}, std::uint8_t{255});
  check(std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
  check(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
  CHECK(convert<std::int32_t>(2147483647.9) == 2147483647);
  CHECK(convert<std::int64_t>(std::nextafter(0x1p63, 0)) == 9223372036854774784);
  CHECK(convert<std::int64_t>(std::nextafter(-0x1p63, 0)) == -9223372036854774784);
  CHECK(convert<std::int32_t>(std::nextafter(0x1p31F, 0.0F)) == 2147483520);
  CHECK(convert<std::uint8_t>(std::int64_t{300}) == 44);
  CHECK(convert<std::int64_t>(std::int64_t{9007199254740993}) == 9007199254740993);
}
