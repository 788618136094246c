#include "autograd/ops/bitwise.hpp"

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

OpCase bits(const char* name, const char* variant, Tensor (*op)(Operand, Operand), const Tensor& a, const Tensor& b,
            std::int64_t (*f)(std::int64_t, std::int64_t)) {
  return {.name = name,
          .variant = variant,
          .function = [=](const Inputs& v) { return op(v[0], v[1]); },
          .samples = {{a, b}},
          .reference =
              [=](const Inputs& v) {
                return zip(Values(v[0]), Values(v[1]), [=](double x, double y) {
                  return static_cast<double>(f(static_cast<std::int64_t>(x), static_cast<std::int64_t>(y)));
                });
              },
          .differentiable = false};
}

OpCase inverted(const char* variant, const Tensor& x, double (*f)(double)) {
  return {.name = "bitwise_not",
          .variant = variant,
          .function = [](const Inputs& v) { return bitwise_not(v[0]); },
          .samples = {{x}},
          .reference = [=](const Inputs& v) { return map(Values(v[0]), f); },
          .differentiable = false};
}

}  // namespace

Cases bitwise_cases() {
  const Tensor whole{{12, -7, 255}, {0, 1, -1}}, row{10, 3, 6}, truth({true, true, false}, boolean), other(true);
  const auto conjunction = [](std::int64_t x, std::int64_t y) { return x & y; };
  const auto disjunction = [](std::int64_t x, std::int64_t y) { return x | y; };
  const auto difference = [](std::int64_t x, std::int64_t y) { return x ^ y; };
  return {
      bits("bitwise_and", "integers", bitwise_and, whole, row, conjunction),
      bits("bitwise_and", "booleans", bitwise_and, truth, other, conjunction),
      bits("bitwise_or", "integers", bitwise_or, whole, row, disjunction),
      bits("bitwise_or", "booleans", bitwise_or, truth, other, disjunction),
      bits("bitwise_xor", "integers", bitwise_xor, whole, row, difference),
      bits("bitwise_xor", "booleans", bitwise_xor, truth, other, difference),
      inverted("integers", whole, [](double x) { return -x - 1; }),
      inverted("bytes", Tensor({0, 1, 255}, uint8), [](double x) { return 255 - x; }),
      inverted("booleans", truth, [](double x) { return 1 - x; }),
  };
}

}  // namespace xg::testing
