#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/assemble.hpp"
#include "autograd/ops/bitwise.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/scan.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/known_number.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

__extension__ using Wide = __int128;

using Whole = std::vector<std::int64_t>;
using Truth = std::vector<bool>;

constexpr std::int64_t odd = 9007199254740993;  // 2^53 + 1, which no double is
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max(),
                       least = std::numeric_limits<std::int64_t>::min();
constexpr std::uint64_t beyond = static_cast<std::uint64_t>(most) + 1;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// An int64 vector of numbers of any integer type.
Tensor longs(std::initializer_list<std::int64_t> values) { return Tensor(values); }

Whole whole(const Tensor& x) { return x.to_vector<std::int64_t>(); }
Truth truth(const Tensor& x) { return x.to_vector<bool>(); }

/// Calls f with every integer type.
template <class F>
void each_integer_type(F f) {
  f.template operator()<std::uint8_t>();
  f.template operator()<std::int32_t>();
  f.template operator()<std::int64_t>();
}

/// The ends of a type's range, and what lies around zero.
template <class T>
std::vector<T> extremes() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> list{Limits::min(), Limits::min() + 1, 0, 1, 2, 7, 100, Limits::max() - 1, Limits::max()};
  if (std::is_signed_v<T>)
    for (const int value : {-1, -2, -7, -100}) list.push_back(static_cast<T>(value));
  return list;
}

template <class T>
Tensor vector_of(const std::vector<T>& values) {
  return Array::from(values, {static_cast<std::int64_t>(values.size())});
}

struct Binary {
  const char* name;
  Tensor (*op)(Operand, Operand);
  Wide (*f)(Wide, Wide);
  bool divides = false;
};

const std::vector<Binary>& binary_operations() {
  static const std::vector<Binary> list{
      {"add", add, [](Wide a, Wide b) { return a + b; }},
      {"subtract", subtract, [](Wide a, Wide b) { return a - b; }},
      {"multiply", multiply, [](Wide a, Wide b) { return a * b; }},
      {"maximum", maximum, [](Wide a, Wide b) { return a > b ? a : b; }},
      {"minimum", minimum, [](Wide a, Wide b) { return a < b ? a : b; }},
      {"remainder", remainder,
       [](Wide a, Wide b) {
         const Wide rest = a % b;
         return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
       },
       true},
      {"bitwise_and", bitwise_and, [](Wide a, Wide b) { return a & b; }},
      {"bitwise_or", bitwise_or, [](Wide a, Wide b) { return a | b; }},
      {"bitwise_xor", bitwise_xor, [](Wide a, Wide b) { return a ^ b; }},
  };
  return list;
}

struct Unary {
  const char* name;
  Tensor (*op)(const Operand&);
  Wide (*f)(Wide);
};

const std::vector<Unary>& unary_operations() {
  static const std::vector<Unary> list{
      {"negative", negative, [](Wide x) { return -x; }},
      {"square", square, [](Wide x) { return x * x; }},
      {"abs", abs, [](Wide x) { return x < 0 ? -x : x; }},
      {"sign", sign, [](Wide x) { return static_cast<Wide>((x > 0) - (x < 0)); }},
      {"floor", floor, [](Wide x) { return x; }},
      {"ceil", ceil, [](Wide x) { return x; }},
      {"round", round, [](Wide x) { return x; }},
      {"bitwise_not", bitwise_not, [](Wide x) { return ~x; }},
  };
  return list;
}

struct Comparison {
  const char* name;
  Tensor (*op)(Operand, Operand);
  bool (*holds)(long double, long double);
};

const std::vector<Comparison>& comparisons() {
  static const std::vector<Comparison> list{
      {"equal", equal, [](long double a, long double b) { return a == b; }},
      {"not_equal", not_equal, [](long double a, long double b) { return a != b; }},
      {"less", less, [](long double a, long double b) { return a < b; }},
      {"less_equal", less_equal, [](long double a, long double b) { return a <= b; }},
      {"greater", greater, [](long double a, long double b) { return a > b; }},
      {"greater_equal", greater_equal, [](long double a, long double b) { return a >= b; }},
  };
  return list;
}

const std::vector<Known>& known_numbers() {
  static const std::vector<Known> list{0,        1,         -1,      2,      255,    256,        300,
                                       -300,     true,      0.5,     -0.5,   254.5,  255.5,      odd,
                                       0x1p53,   0x1p63,    -0x1p63, 0x1p64, 1e300,  -1e300,     not_a_number,
                                       infinity, -infinity, most,    least,  beyond, 2147483648, -2147483649};
  return list;
}

std::string refused(const char* op, const char* number, const char* dtype, const char* range) {
  return concat(op, ": the number ", number, " does not fit ", dtype, ", whose range is ", range,
                ": choose a dtype that holds it, with astype for a tensor");
}

}  // namespace

TEST_CASE("integers: every operation of two tensors, at the extremes of every dtype") {
  each_integer_type([]<class T>() {
    const std::vector<T> values = extremes<T>();
    for (const Binary& each : binary_operations())
      for (const T b : values) {
        if (each.divides && b == 0) continue;
        const Tensor result = each.op(vector_of(values), Tensor(Array::from(std::vector<T>{b}, {})));
        CHECK_MESSAGE(result.dtype() == dtype_of<T>(), each.name);
        const std::vector<T> got = result.to_vector<T>();
        for (std::size_t i = 0; i < values.size(); ++i)
          CHECK_MESSAGE(got[i] == static_cast<T>(each.f(values[i], b)), each.name, " of ", Scalar(values[i]), " and ",
                        Scalar(b), " in ", dtype_of<T>());
      }
  });
}

TEST_CASE("integers: every operation of one tensor, at the extremes of every dtype") {
  each_integer_type([]<class T>() {
    const std::vector<T> values = extremes<T>();
    for (const Unary& each : unary_operations()) {
      const Tensor result = each.op(vector_of(values));
      CHECK_MESSAGE(result.dtype() == dtype_of<T>(), each.name);
      const std::vector<T> got = result.to_vector<T>();
      for (std::size_t i = 0; i < values.size(); ++i)
        CHECK_MESSAGE(got[i] == static_cast<T>(each.f(values[i])), each.name, " of ", Scalar(values[i]), " in ",
                      dtype_of<T>());
    }
  });
}

TEST_CASE("integers: every operation with a number computes exactly, or refuses it") {
  each_integer_type([]<class T>() {
    const std::vector<T> values = extremes<T>();
    for (const Binary& each : binary_operations())
      for (const Known& known : known_numbers()) {
        const bool real = is_floating(known.number.dtype());
        if (real || (each.divides && known.value == 0)) continue;
        CAPTURE(known.number);
        if (!known.number.fits(dtype_of<T>())) {
          CHECK_THROWS_AS(each.op(vector_of(values), known.number), ValueError);
          CHECK_THROWS_AS(each.op(known.number, vector_of(values)), ValueError);
          continue;
        }
        const Tensor result = each.op(vector_of(values), known.number);
        CHECK_MESSAGE(result.dtype() == dtype_of<T>(), each.name);
        const std::vector<T> got = result.to_vector<T>();
        for (std::size_t i = 0; i < values.size(); ++i)
          CHECK_MESSAGE(got[i] == static_cast<T>(each.f(values[i], known.number.to<T>())), each.name, " of ",
                        Scalar(values[i]), " in ", dtype_of<T>());
      }
  });
}

TEST_CASE("integers: comparisons with numbers are those of the numbers") {
  const auto check = []<class T>(const std::vector<T>& values) {
    for (const Comparison& each : comparisons())
      for (const Known& known : known_numbers()) {
        CAPTURE(known.number);
        const Truth right = truth(each.op(vector_of(values), known.number));
        const Truth left = truth(each.op(known.number, vector_of(values)));
        for (std::size_t i = 0; i < values.size(); ++i) {
          const auto value = static_cast<long double>(values[i]);
          CHECK_MESSAGE(right[i] == each.holds(value, known.value), each.name, " in ", dtype_of<T>(), ' ', i);
          CHECK_MESSAGE(left[i] == each.holds(known.value, value), each.name, " in ", dtype_of<T>(), ' ', i);
        }
      }
  };
  each_integer_type([&]<class T>() { check(extremes<T>()); });
  check(std::vector<std::int64_t>{odd - 1, odd, odd + 1});
  const Tensor flags({false, true}, boolean);
  CHECK(truth(flags == 1) == Truth{false, true});
  CHECK(truth(flags < 0.5) == Truth{true, false});
  CHECK(truth(flags < 2) == Truth{true, true});
  CHECK(truth(flags == not_a_number) == Truth{false, false});
}

TEST_CASE("integers: comparisons of two numbers are exact") {
  for (const Comparison& each : comparisons())
    for (const Known& a : known_numbers())
      for (const Known& b : known_numbers()) {
        CAPTURE(a.number);
        CAPTURE(b.number);
        CHECK_MESSAGE(each.op(a.number, b.number).item<bool>() == each.holds(a.value, b.value), each.name);
      }
}

TEST_CASE("integers: a number beside a floating tensor is rounded to its dtype, but not to infinity") {
  CHECK(truth(Tensor{0.1F, 0.2F} == 0.1) == Truth{true, false});
  CHECK(truth(Tensor{16777216.0} == 16777217) == Truth{true});
  CHECK(truth(Tensor{infinity, 3e38} < 1e300) == Truth{false, true});
  CHECK(truth(Tensor{infinity, not_a_number} == 1e300) == Truth{false, false});
  CHECK(truth(Tensor{infinity, not_a_number} > 1e300) == Truth{true, false});
  CHECK(truth(Tensor{-infinity, 0.0} >= -1e300) == Truth{false, true});
}

TEST_CASE("integers: numbers beyond 2^53 keep their bits") {
  CHECK(Tensor(odd).item<std::int64_t>() == odd);
  CHECK(whole(longs({odd, most, least})) == Whole{odd, most, least});
  CHECK(whole(Tensor{{odd}, {-odd}}) == Whole{odd, -odd});
  CHECK(whole(Tensor{{{odd}}, {{most}}}) == Whole{odd, most});
  CHECK(whole(Tensor({odd}, int64)) == Whole{odd});
  CHECK(Tensor(std::uint64_t{odd}).item<std::int64_t>() == odd);
  const Tensor x = zeros({2}, int64);
  CHECK(whole(x + odd) == Whole{odd, odd});
  CHECK(whole(odd - x) == Whole{odd, odd});
  CHECK(whole(full({2}, odd, int64)) == Whole{odd, odd});
  CHECK(Array::full({}, most, int64).item<std::int64_t>() == most);
  CHECK(whole(where(x == 0, odd, x)) == Whole{odd, odd});
  CHECK(whole(masked_fill(x, x == 0, odd)) == Whole{odd, odd});
  CHECK(whole(pad(x, {{0, 1}}, {.value = odd})) == Whole{0, 0, odd});
  CHECK(whole(index_update(x, {0}, odd)) == Whole{odd, 0});
  CHECK(whole(clip(longs({least, odd + 9, most}), odd, odd + 2)) == Whole{odd, odd + 2, odd + 2});
  CHECK(whole(maximum(x, odd)) == Whole{odd, odd});
  CHECK(whole(bitwise_or(x, odd)) == Whole{odd, odd});
  Tensor y = zeros({2}, int64);
  y.assign(odd);
  CHECK(whole(y) == Whole{odd, odd});
  y[0] = most;
  y -= 1;
  CHECK(whole(y) == Whole{most - 1, odd - 1});
}

TEST_CASE("integers: sequences are exact, and refuse what their dtype does not hold") {
  CHECK(whole(arange(odd, odd + 3, 1, int64)) == Whole{odd, odd + 1, odd + 2});
  CHECK(whole(arange(most - 2, most, 1, int64)) == Whole{most - 2, most - 1});
  CHECK(whole(arange(least, most, most, int64)) == Whole{least, -1, most - 1});
  CHECK(whole(arange(2, least, least, int64)) == Whole{2, least + 2});
  CHECK(whole(arange(0, 256, 255, uint8)) == Whole{0, 255});
  CHECK(whole(arange(5, 0, -2, uint8)) == Whole{5, 3, 1});
  CHECK(whole(linspace(odd, odd + 4, 3, int64)) == Whole{odd, odd + 2, odd + 4});
  CHECK(whole(linspace(least, most, 2, int64)) == Whole{least, most});
  CHECK(whole(linspace(-3, 3, 5, int64)) == Whole{-3, -1, 0, 1, 3});
  CHECK_ERROR(ValueError, arange(0, 300, 1, uint8), refused("arange", "299", "uint8", "0 to 255"));
  CHECK_ERROR(ValueError, arange(2, -2, -1, uint8), refused("arange", "-1", "uint8", "0 to 255"));
  CHECK_ERROR(ValueError, arange(0.0, 1e10, 5e9, int32),
              refused("arange", "5000000000", "int32", "-2147483648 to 2147483647"));
  CHECK_ERROR(ValueError, linspace(0, 300, 3, uint8), refused("linspace", "300", "uint8", "0 to 255"));
  CHECK_ERROR(ValueError, linspace(0.5, not_a_number, 3, uint8), refused("linspace", "NaN", "uint8", "0 to 255"));
  CHECK_ERROR(ValueError, arange(beyond, 0x1p64, 0x1p62, int64),
              refused("arange", "9.22337e+18", "int64", "-9223372036854775808 to 9223372036854775807"));
}

TEST_CASE("integers: a number outside the dtype is refused wherever a tensor meets one") {
  const Tensor x = full({2}, 5, uint8), small = zeros({2}, int32), large = zeros({2}, int64);
  const char *bytes = "0 to 255", *ints = "-2147483648 to 2147483647",
             *longs = "-9223372036854775808 to 9223372036854775807";
  CHECK_ERROR(ValueError, x + 300, refused("add", "300", "uint8", bytes));
  CHECK_ERROR(ValueError, 300 - x, refused("subtract", "300", "uint8", bytes));
  CHECK_ERROR(ValueError, x * -1, refused("multiply", "-1", "uint8", bytes));
  CHECK_ERROR(ValueError, maximum(x, 300), refused("maximum", "300", "uint8", bytes));
  CHECK_ERROR(ValueError, minimum(-1, x), refused("minimum", "-1", "uint8", bytes));
  CHECK_ERROR(ValueError, remainder(x, 256), refused("remainder", "256", "uint8", bytes));
  CHECK_ERROR(ValueError, bitwise_and(x, 256), refused("bitwise_and", "256", "uint8", bytes));
  CHECK_ERROR(ValueError, where(x == 5, x, 256), refused("where", "256", "uint8", bytes));
  CHECK_ERROR(ValueError, masked_fill(x, x == 5, -1), refused("masked_fill", "-1", "uint8", bytes));
  CHECK_ERROR(ValueError, pad(x, {{1, 1}}, {.value = 256}), refused("pad", "256", "uint8", bytes));
  CHECK_ERROR(ValueError, index_update(x, {0}, 256), refused("index_update", "256", "uint8", bytes));
  CHECK_ERROR(ValueError, lerp(x, 256, 1), refused("lerp", "256", "uint8", bytes));
  CHECK_ERROR(ValueError, addcmul(x, 1, -1), refused("addcmul", "-1", "uint8", bytes));
  CHECK_ERROR(ValueError, full({2}, 256, uint8), refused("full", "256", "uint8", bytes));
  CHECK_ERROR(ValueError, full({2}, not_a_number, uint8), refused("full", "NaN", "uint8", bytes));
  CHECK_ERROR(ValueError, Tensor({1, 256}, uint8), refused("Tensor", "256", "uint8", bytes));
  CHECK_ERROR(ValueError, Tensor({{1}, {-1}}, uint8), refused("Tensor", "-1", "uint8", bytes));
  CHECK_ERROR(ValueError, small + 2147483648, refused("add", "2147483648", "int32", ints));
  CHECK_ERROR(ValueError, large + beyond, refused("add", "9223372036854775808", "int64", longs));
  CHECK_ERROR(ValueError, Tensor(beyond), refused("Tensor", "9223372036854775808", "int64", longs));
  CHECK_ERROR(ValueError, Tensor({infinity}, int64), refused("Tensor", "inf", "int64", longs));
  Tensor target = full({2}, 5, uint8);
  CHECK_ERROR(ValueError, target.assign(300), refused("assign", "300", "uint8", bytes));
  CHECK_ERROR(ValueError, target += 300, refused("add", "300", "uint8", bytes));
  CHECK_ERROR(ValueError, target[0] = -1, refused("x[...] = y", "-1", "uint8", bytes));
  CHECK(whole(target) == Whole{5, 5});
  CHECK(message_of<ValueError>([] { Array::full({2}, 256, uint8); }).starts_with("full: the number 256 does not fit"));
}

TEST_CASE("integers: numbers beside what is computed in float32 need not fit") {
  const Tensor x({0, 150, 255}, uint8);
  CHECK((x / 300).to_vector<float>() == std::vector<float>{0, 0.5F, 0.85F});
  CHECK((x / -1).to_vector<float>() == std::vector<float>{0, -150, -255});
  CHECK(pow(Tensor({2, 4}, uint8), -1).to_vector<float>() == std::vector<float>{0.5F, 0.25F});
  CHECK(pow(2, Tensor({-1, 0, 3})).to_vector<float>() == std::vector<float>{0.5F, 1, 8});
  CHECK((x + 300.0).dtype() == float32);
  CHECK((x + 300.0).to_vector<float>() == std::vector<float>{300, 450, 555});
  CHECK((ones({1}, float32) * beyond).item<float>() == 0x1p63F);
}

TEST_CASE("integers: division and remainder at the edges") {
  CHECK((Tensor(least) / -1).item<double>() == 0x1p63);
  CHECK(std::isinf((Tensor(1) / 0).item<double>()));
  CHECK(std::isnan((Tensor({0}, uint8) / Tensor({0}, uint8)).item<double>()));
  CHECK(whole(remainder(Tensor({0, 254, 255}, uint8), 255)) == Whole{0, 254, 0});
  CHECK(whole(remainder(Tensor({7, 255}, uint8), Tensor({255, 254}, uint8))) == Whole{7, 1});
  CHECK(whole(remainder(longs({least, most}), -1)) == Whole{0, 0});
  CHECK(whole(remainder(longs({least, -1}), most)) == Whole{most - 1, most - 1});
  CHECK_ERROR(ValueError, remainder(Tensor({1}, uint8), 0), "remainder: a divisor in the integers of shape () is 0");
}

TEST_CASE("integers: masked_fill and pad keep the dtype, and refuse what it does not hold") {
  const Tensor x{1, 2, 3}, mask = x > 1;
  for (const DType dtype : {boolean, uint8, int32, int64, float32, float64}) {
    const Tensor filled = masked_fill(astype(x, dtype), mask, 0);
    CHECK(filled.dtype() == dtype);
    CHECK(whole(filled) == Whole{1, 0, 0});
    CHECK(masked_fill(astype(x, dtype), mask, 1.0).dtype() == dtype);
    CHECK(pad(astype(x, dtype), {{1, 0}}, {.value = 1.0}).dtype() == dtype);
  }
  CHECK(masked_fill(astype(x, float64), mask, 0.1).to_vector<double>() == std::vector<double>{1, 0.1, 0.1});
  const char* fraction =
      ": the number 0.5 is no element of int64: choose a dtype that holds it, with astype for a tensor";
  CHECK_ERROR(ValueError, masked_fill(x, mask, 0.5), std::string("masked_fill") + fraction);
  CHECK_ERROR(ValueError, pad(x, {{1, 1}}, {.value = 0.5}), std::string("pad") + fraction);
  CHECK_ERROR(
      ValueError, masked_fill(mask, mask, 2),
      "masked_fill: the number 2 is no element of boolean: choose a dtype that holds it, with astype for a tensor");
}

TEST_CASE("integers: operations of numbers alone have PyTorch's dtypes") {
  const Tensor condition({true, false}, boolean);
  CHECK(where(condition, 1, 2).dtype() == int64);
  CHECK(whole(where(condition, odd, most)) == Whole{odd, most});
  CHECK(where(condition, 1, 2.5).to_vector<double>() == std::vector<double>{1, 2.5});
  CHECK(where(condition, 1, 2.5).dtype() == float32);
  CHECK(where(condition, true, 2).dtype() == int64);
  CHECK(where(condition, true, false).dtype() == boolean);
  CHECK(where(condition, true, ones({2}, uint8)).dtype() == uint8);
  CHECK(where(condition, 2.5, ones({2}, float64)).dtype() == float64);
  CHECK(add(1, 2).dtype() == int64);
  CHECK(add(odd, 1).item<std::int64_t>() == odd + 1);
  CHECK(add(1, 2.5).dtype() == float32);
  CHECK(add(true, 2).item<std::int64_t>() == 3);
  CHECK(maximum(most, least).item<std::int64_t>() == most);
  CHECK(divide(1, 4).dtype() == float32);
  CHECK(divide(1, 4).item() == 0.25);
  CHECK(xg::remainder(-7, 3).item<std::int64_t>() == 2);
  CHECK(bitwise_xor(odd, 1).item<std::int64_t>() == odd - 1);
  CHECK(bitwise_and(true, false).dtype() == boolean);
  CHECK(logical_and(0.5, 256).item<bool>());
  CHECK_FALSE(logical_or(0, 0.0).item<bool>());
  CHECK_THROWS_AS(add(true, false), DTypeError);
  CHECK_THROWS_AS(bitwise_or(1, 0.5), DTypeError);
}

TEST_CASE("integers: numbers among three operands take the tensors' dtype") {
  CHECK(lerp(0.1, 0.3, zeros({1}, float64)).item() == 0.1);
  CHECK(lerp(ones({1}, int32), 3, 2).dtype() == int32);
  CHECK(whole(addcmul(Tensor{1, 2}, longs({odd, 4}), 3)) == Whole{1 + 3 * odd, 14});
  CHECK(addcmul(ones({1}, uint8), ones({1}, uint8), 3).dtype() == uint8);
  CHECK(addcmul(ones({1}, int64), ones({1}, int64), 3, 0.5).dtype() == float32);
  CHECK(addcmul(ones({1}, float32), 2, 3).dtype() == float32);
}

TEST_CASE("integers: logic takes a number's truth, whatever the tensor's dtype") {
  const Tensor x({0, 7}, uint8);
  CHECK(truth(logical_and(x, 256)) == Truth{false, true});
  CHECK(truth(logical_or(x, -1)) == Truth{true, true});
  CHECK(truth(logical_xor(0.5, x)) == Truth{true, false});
  CHECK(truth(logical_and(x, not_a_number)) == Truth{false, true});
  CHECK(truth(logical_not(x)) == Truth{true, false});
}

TEST_CASE("integers: clip takes bounds beyond the range, and those between integers inwards") {
  CHECK(whole(clip(Tensor({0, 7, 255}, uint8), -1, 300)) == Whole{0, 7, 255});
  CHECK(whole(clip(Tensor({0, 7, 255}, uint8), 300, 400)) == Whole{255, 255, 255});
  CHECK(whole(clip(Tensor({0, 7, 255}, uint8), -400, -300)) == Whole{0, 0, 0});
  CHECK(whole(clip(longs({least, 0, most}), -infinity, beyond)) == Whole{least, 0, most});
  CHECK(whole(clip(longs({least, 0, most}), -1e300, 1e300)) == Whole{least, 0, most});
  CHECK(whole(clip(Tensor{-9, 0, 9}, -2.5, 2.5)) == Whole{-2, 0, 2});
  CHECK(whole(clip(longs({least, most}), 0x1p53, odd)) == Whole{odd - 1, odd});
  CHECK_THROWS_AS(clip(Tensor{1}, odd, 0x1p53), ValueError);
}

TEST_CASE("integers: sums, products and running ones wrap around") {
  CHECK(sum(longs({most, 1})).item<std::int64_t>() == least);
  CHECK(sum(longs({odd, 1})).item<std::int64_t>() == odd + 1);
  CHECK(whole(sum(Tensor{{most, least}, {std::int64_t{1}, std::int64_t{-1}}}, {.axis = 0})) == Whole{least, most});
  CHECK(sum(full({3000}, most, int64)).item<std::int64_t>() == -3000);
  CHECK(whole(sum(full({3000, 2}, most, int64), {.axis = 0})) == Whole{-3000, -3000});
  CHECK(sum(full({70000}, 2147483647, int32)).item<std::int64_t>() == 70000 * std::int64_t{2147483647});
  CHECK(prod(longs({least, -1})).item<std::int64_t>() == least);
  CHECK(whole(cumsum(longs({most, 1, 1}), 0)) == Whole{most, least, least + 1});
  CHECK(whole(cumprod(longs({most, 2, 2}), 0)) == Whole{most, -2, -4});
  CHECK(whole(scatter_add(longs({most, 0}), Tensor{0, 1}, Tensor{1, 1}, 0)) == Whole{least, 1});
}

TEST_CASE("integers: orders and extremes see every bit") {
  const Tensor x{odd, odd - 1, most, least, odd + 1};
  CHECK(max(x).item<std::int64_t>() == most);
  CHECK(min(x).item<std::int64_t>() == least);
  CHECK(argmax(longs({odd - 1, odd, odd - 1})).item<std::int64_t>() == 1);
  CHECK(whole(sort(x)) == Whole{least, odd - 1, odd, odd + 1, most});
  CHECK(whole(argsort(x, 0, true)) == Whole{2, 4, 0, 1, 3});
  CHECK(whole(topk(x, 2).values) == Whole{most, odd + 1});
  CHECK(whole(cummax(longs({odd - 1, odd, 0}), 0)) == Whole{odd - 1, odd, odd});
}

TEST_CASE("integers: the mean adds exactly before it rounds to float32") {
  CHECK(mean(Tensor{16777217, -16777216}).item() == 0.5);
  CHECK(mean(Tensor({2147483647, -2147483647, 2}, int32)).item<float>() == 2.0F / 3);
  CHECK(mean(longs({most, most})).item<float>() == 0x1p63F);
  CHECK(mean(full({100000}, 255, uint8)).item() == 255);
  CHECK(mean(Tensor{{1, 2}, {3, 4}}, {.axis = 1}).to_vector<float>() == std::vector<float>{1.5F, 3.5F});
}
