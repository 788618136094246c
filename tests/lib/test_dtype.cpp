#include <doctest/doctest.h>

#include <array>
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
