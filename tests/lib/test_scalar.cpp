#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "lib/scalar.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/known_number.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max(),
                       least = std::numeric_limits<std::int64_t>::min();
constexpr std::uint64_t all_bits = std::numeric_limits<std::uint64_t>::max();

const std::vector<Known>& numbers() {
  static const std::vector<Known> list{0,
                                       1,
                                       -1,
                                       true,
                                       false,
                                       0.5,
                                       -0.5,
                                       0.0F,
                                       -0.0,
                                       255,
                                       256,
                                       least,
                                       least + 1,
                                       most,
                                       most - 1,
                                       1ULL << 63,
                                       all_bits,
                                       0x1p53,
                                       0x1p63,
                                       -0x1p63,
                                       0x1p64,
                                       (1LL << 53) + 1,
                                       -(1LL << 53) - 1,
                                       1e300,
                                       -1e300,
                                       infinity,
                                       -infinity,
                                       not_a_number,
                                       0x1p63 - 1024,
                                       -0x1p63 - 2048,
                                       0x1p64 - 2048};
  return list;
}

/// Whether a number lies in T's range, cut off towards zero.
template <class T>
bool in_range(long double value) {
  return std::trunc(value) >= static_cast<long double>(std::numeric_limits<T>::min()) &&
         std::trunc(value) <= static_cast<long double>(std::numeric_limits<T>::max());
}

}  // namespace

TEST_CASE("scalar: keeps integers of 64 bits and doubles as they are") {
  CHECK(Scalar(9007199254740993).to<std::int64_t>() == 9007199254740993);
  CHECK(Scalar(least).to<std::int64_t>() == least);
  CHECK(Scalar(all_bits).to<std::uint64_t>() == all_bits);
  CHECK(Scalar(16777217).to<float>() == 16777216);
  CHECK(Scalar(0.1).to<double>() == 0.1);
  CHECK(concat(Scalar(all_bits), ' ', Scalar(least), ' ', Scalar(0.5), ' ', Scalar(true)) ==
        "18446744073709551615 -9223372036854775808 0.5 true");
}

TEST_CASE("scalar: has the dtype of a tensor made of it") {
  CHECK(Scalar(true).dtype() == boolean);
  CHECK(Scalar('a').dtype() == int64);
  CHECK(Scalar(3U).dtype() == int64);
  CHECK(Scalar(2.0F).dtype() == float32);
  CHECK(Scalar(2.0L).dtype() == float32);
}

TEST_CASE("scalar: compares as a number") {
  for (const Known& a : numbers())
    for (const Known& b : numbers()) {
      CAPTURE(a.number);
      CAPTURE(b.number);
      CHECK((a.number <=> b.number) == (a.value <=> b.value));
      CHECK((a.number == b.number) == (a.value == b.value));
    }
}

TEST_CASE("scalar: fits the dtypes whose range it lies in") {
  for (const Known& known : numbers()) {
    CAPTURE(known.number);
    CHECK(known.number.fits(uint8) == in_range<std::uint8_t>(known.value));
    CHECK(known.number.fits(int32) == in_range<std::int32_t>(known.value));
    CHECK(known.number.fits(int64) == in_range<std::int64_t>(known.value));
    for (const DType dtype : {boolean, float32, float64}) CHECK(known.number.fits(dtype));
  }
  CHECK(Scalar(2.5).fits(uint8));
  CHECK_FALSE(Scalar(2.5).held_by(uint8));
  CHECK(Scalar(2.0).held_by(uint8));
  CHECK_FALSE(Scalar(2).held_by(boolean));
  CHECK(Scalar(1.0).held_by(boolean));
}

TEST_CASE("scalar: a number that does not fit is refused with the dtype's range") {
  const auto here = std::source_location::current();
  CHECK(message_of<ValueError>([&] { check_fits("add", 300, uint8, here); }) ==
        at_line("add: the number 300 does not fit uint8, whose range is 0 to 255: choose a dtype that holds it, with "
                "astype for a tensor",
                here.file_name(), here.line()));
  CHECK(message_of<ValueError>([&] { check_held("pad", 0.5, int64, here); }) ==
        at_line("pad: the number 0.5 is no element of int64: choose a dtype that holds it, with astype for a tensor",
                here.file_name(), here.line()));
  CHECK(message_of<ValueError>([&] { check_fits("add", all_bits, int64, here); }) ==
        at_line("add: the number 18446744073709551615 does not fit int64, whose range is -9223372036854775808 to "
                "9223372036854775807: choose a dtype that holds it, with astype for a tensor",
                here.file_name(), here.line()));
}
