#include "autograd/creation.hpp"

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

OpCase constant(const char* name, const char* variant, Tensor (*make)(), const Values& expected) {
  return {.name = name,
          .variant = variant,
          .function = [make](const Inputs&) { return make(); },
          .samples = {{}},
          .reference = [expected](const Inputs&) { return expected; },
          .differentiable = false};
}

OpCase like(const char* name, Tensor (*make)(const Tensor&), double value) {
  return {.name = name,
          .function = [make](const Inputs& v) { return make(v[0]); },
          .samples = samples_of_one(),
          .reference = [value](const Inputs& v) { return map(Values(v[0]), [value](double) { return value; }); },
          .differentiable = false};
}

}  // namespace

Cases creation_cases() {
  return {
      constant("zeros", "",
               [] {
                 return zeros({2, 2});
               },
               {{2, 2}, {0, 0, 0, 0}}),
      constant("zeros", "empty",
               [] {
                 return zeros({0, 3});
               },
               {{0, 3}, {}}),
      constant("ones", "", [] { return ones({3}, int32); }, {{3}, {1, 1, 1}}),
      constant("full", "",
               [] {
                 return full({2, 1}, -2.5);
               },
               {{2, 1}, {-2.5, -2.5}}),
      constant("full", "0-d", [] { return full({}, 7, uint8); }, {{}, {7}}),
      like(
          "zeros_like", [](const Tensor& x) { return zeros_like(x); }, 0),
      like(
          "ones_like", [](const Tensor& x) { return ones_like(x); }, 1),
      constant("arange", "a count", [] { return arange(4); }, {{4}, {0, 1, 2, 3}}),
      constant("arange", "nothing", [] { return arange(-3); }, {{0}, {}}),
      constant("arange", "steps", [] { return arange(1, 2, 0.25); }, {{4}, {1, 1.25, 1.5, 1.75}}),
      constant("arange", "past the end", [] { return arange(0, 5, 2, int64); }, {{3}, {0, 2, 4}}),
      constant("arange", "backwards", [] { return arange(3, 0, -1.5); }, {{2}, {3, 1.5}}),
      constant("linspace", "", [] { return linspace(-1, 1, 5); }, {{5}, {-1, -0.5, 0, 0.5, 1}}),
      constant("linspace", "one", [] { return linspace(3, 4, 1); }, {{1}, {3}}),
      constant("eye", "", [] { return eye(3); }, {{3, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1}}),
      constant("eye", "empty", [] { return eye(0); }, {{0, 0}, {}}),
  };
}

}  // namespace xg::testing
