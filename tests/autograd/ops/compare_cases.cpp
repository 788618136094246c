#include "autograd/ops/compare.hpp"

#include <cmath>

#include "autograd/ops/elementwise.hpp"
#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

/// Small integers, so that some elements are equal.
std::vector<Inputs> with_ties() {
  std::vector<Inputs> samples;
  for (const auto& [a, b] : broadcast_pairs())
    samples.push_back({astype(astype(uniform(a), int64), float64), astype(astype(uniform(b), int64), float64)});
  return samples;
}

OpCase comparison(const char* name, Tensor (*op)(Operand, Operand), bool (*holds)(double, double)) {
  return {.name = name,
          .function = [op](const Inputs& v) { return op(v[0], v[1]); },
          .samples = with_ties(),
          .reference =
              [holds](const Inputs& v) {
                return zip(Values(v[0]), Values(v[1]), [holds](double a, double b) { return holds(a, b) ? 1.0 : 0.0; });
              },
          .differentiable = false,
          .elementwise = true};
}

OpCase predicate(const char* name, Tensor (*op)(const Operand&), bool (*holds)(double)) {
  return {
      .name = name,
      .function = [op](const Inputs& v) { return op(v[0]); },
      .samples = {{astype(astype(uniform({3, 4}), int64), float64)}, {uniform({})}},
      .reference =
          [holds](const Inputs& v) { return map(Values(v[0]), [holds](double x) { return holds(x) ? 1.0 : 0.0; }); },
      .differentiable = false,
      .elementwise = true};
}

std::vector<Inputs> choices() {
  std::vector<Inputs> samples;
  const std::vector<std::array<Shape, 3>> shapes{
      {{{3, 4}, {3, 4}, {3, 4}}}, {{{3, 1}, {4}, {3, 4}}}, {{{3, 4}, {}, {4}}},  {{{}, {2, 3}, {2, 1}}},
      {{{2, 1, 3}, {4, 1}, {}}},  {{{}, {}, {}}},          {{{5}, {1}, {1, 1}}},
  };
  for (const auto& [condition, a, b] : shapes) samples.push_back({uniform(condition) > 0.0, uniform(a), uniform(b)});
  return samples;
}

Values chosen(const Inputs& v) {
  const Values condition(v[0]), a(v[1]), b(v[2]);
  return generate(broadcast(condition.shape, broadcast(a.shape, b.shape)),
                  [&](const Index& i) { return condition.at(i) != 0 ? a.at(i) : b.at(i); });
}

}  // namespace

Cases compare_cases() {
  return {
      comparison("equal", equal, [](double a, double b) { return a == b; }),
      comparison("not_equal", not_equal, [](double a, double b) { return a != b; }),
      comparison("less", less, [](double a, double b) { return a < b; }),
      comparison("less_equal", less_equal, [](double a, double b) { return a <= b; }),
      comparison("greater", greater, [](double a, double b) { return a > b; }),
      comparison("greater_equal", greater_equal, [](double a, double b) { return a >= b; }),
      comparison("logical_and", logical_and, [](double a, double b) { return a != 0 && b != 0; }),
      comparison("logical_or", logical_or, [](double a, double b) { return a != 0 || b != 0; }),
      comparison("logical_xor", logical_xor, [](double a, double b) { return (a != 0) != (b != 0); }),
      predicate("logical_not", logical_not, [](double x) { return x == 0; }),
      predicate("isnan", isnan, [](double x) { return std::isnan(x); }),
      predicate("isinf", isinf, [](double x) { return std::isinf(x); }),
      predicate("isfinite", isfinite, [](double x) { return std::isfinite(x); }),
      {.name = "where",
       .function = [](const Inputs& v) { return where(v[0], v[1], v[2]); },
       .samples = choices(),
       .reference = chosen},
      {.name = "where",
       .variant = "a number",
       .function = [](const Inputs& v) { return where(v[0] > 0.0, v[0], -1); },
       .samples = samples_of_one(),
       .reference = [](const Inputs& v) { return map(Values(v[0]), [](double x) { return x > 0 ? x : -1; }); },
       .elementwise = true},
  };
}

}  // namespace xg::testing
