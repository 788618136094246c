#include "autograd/ops/assemble.hpp"

#include <algorithm>

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

/// The result's element at an index is x's at the index that `source` makes of it; nothing is `filler`.
OpCase moved(const char* name, const char* variant, const Shape& shape, const Shape& result,
             std::function<Tensor(const Tensor&)> op, std::function<Index(Index)> source, double filler = 0) {
  return {.name = name,
          .variant = variant,
          .function = [=](const Inputs& v) { return op(v[0]); },
          .samples = {{uniform(shape)}},
          .reference =
              [=](const Inputs& v) {
                return generate(result, [&, x = Values(v[0])](const Index& i) {
                  const Index from = source(i);
                  for (std::size_t axis = 0; axis < from.size(); ++axis)
                    if (from[axis] < 0 || from[axis] >= shape[axis]) return filler;
                  return x.at(from);
                });
              }};
}

Cases padded() {
  const auto shifted = [](Index i) { return Index{i[0] - 1, i[1] - 2}; };
  const auto clamped = [](Index i) {
    return Index{std::clamp<std::int64_t>(i[0] - 1, 0, 1), std::clamp<std::int64_t>(i[1] - 2, 0, 2)};
  };
  const auto mirrored = [](Index i) {
    const std::int64_t column = i[1] - 2;
    return Index{i[0], column < 0 ? -column : column > 2 ? 4 - column : column};
  };
  return {
      moved(
          "pad", "zeros", {2, 3}, {3, 6},
          [](auto& x) {
            return pad(x, {{1, 0}, {2, 1}});
          },
          shifted),
      moved(
          "pad", "a value", {2, 3}, {3, 6},
          [](auto& x) {
            return pad(x, {{1, 0}, {2, 1}}, {.value = 7});
          },
          shifted, 7),
      moved(
          "pad", "the edge", {2, 3}, {4, 6},
          [](auto& x) {
            return pad(x, {{1, 1}, {2, 1}}, {.mode = PadMode::edge});
          },
          clamped),
      moved(
          "pad", "reflected", {2, 3}, {2, 6},
          [](auto& x) {
            return pad(x, {{0, 0}, {2, 1}}, {.mode = PadMode::reflect});
          },
          mirrored),
      moved(
          "pad", "fewer pairs than axes", {2, 3}, {4, 3},
          [](auto& x) {
            return pad(x, {{1, 1}});
          },
          [](Index i) {
            return Index{i[0] - 1, i[1]};
          }),
  };
}

Cases repeated() {
  return {
      moved(
          "tile", "along both axes", {2, 3}, {4, 9},
          [](auto& x) {
            return tile(x, {2, 3});
          },
          [](Index i) {
            return Index{i[0] % 2, i[1] % 3};
          }),
      moved(
          "tile", "a new axis", {2}, {3, 4},
          [](auto& x) {
            return tile(x, {3, 2});
          },
          [](Index i) { return Index{i[1] % 2}; }),
      moved(
          "tile", "the last axis", {2, 2}, {2, 4}, [](auto& x) { return tile(x, {2}); },
          [](Index i) {
            return Index{i[0], i[1] % 2};
          }),
      moved(
          "repeat", "the first axis", {2, 3}, {4, 3}, [](auto& x) { return repeat(x, 2, 0); },
          [](Index i) {
            return Index{i[0] / 2, i[1]};
          }),
      moved(
          "repeat", "the last axis", {2, 2}, {2, 6}, [](auto& x) { return repeat(x, 3, -1); },
          [](Index i) {
            return Index{i[0], i[1] / 3};
          }),
      moved(
          "roll", "forwards", {2, 5}, {2, 5}, [](auto& x) { return roll(x, 2, 1); },
          [](Index i) {
            return Index{i[0], (i[1] + 3) % 5};
          }),
      moved(
          "roll", "backwards, more than once around", {5}, {5}, [](auto& x) { return roll(x, -6, 0); },
          [](Index i) { return Index{(i[0] + 1) % 5}; }),
  };
}

Cases parts() {
  return {
      moved(
          "split", "the middle part", {2, 6}, {2, 3},
          [](auto& x) {
            return split(x, {1, 3, 2}, 1)[1];
          },
          [](Index i) {
            return Index{i[0], i[1] + 1};
          }),
      moved(
          "chunk", "the second of two larger parts", {8, 2}, {3, 2}, [](auto& x) { return chunk(x, 3)[1]; },
          [](Index i) {
            return Index{i[0] + 3, i[1]};
          }),
      {.name = "meshgrid",
       .variant = "first",
       .function =
           [](const Inputs& v) {
             return meshgrid({v[0], v[1]})[0];
           },
       .samples = {{uniform({3}), Tensor(Array::zeros({2}, int64))}},
       .reference =
           [](const Inputs& v) {
             return generate({3, 2}, [&, x = Values(v[0])](const Index& i) { return x.at({i[0]}); });
           }},
      {.name = "meshgrid",
       .variant = "second",
       .function =
           [](const Inputs& v) {
             return meshgrid({v[1], v[0]})[1];
           },
       .samples = {{uniform({3}), Tensor(Array::zeros({2}, int64))}},
       .reference =
           [](const Inputs& v) {
             return generate({2, 3}, [&, x = Values(v[0])](const Index& i) { return x.at({i[1]}); });
           }},
  };
}

}  // namespace

Cases assemble_cases() {
  Cases cases = padded();
  for (Cases& more : std::vector<Cases>{repeated(), parts()})
    for (OpCase& op : more) cases.push_back(std::move(op));
  return cases;
}

}  // namespace xg::testing
