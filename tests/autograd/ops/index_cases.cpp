#include "autograd/ops/index.hpp"

#include <optional>

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

/// `positions` are the places along the axis that Python would choose, in their order.
OpCase slicing(const char* variant, const Shape& shape, std::size_t axis, const SliceOptions& bounds,
               const std::vector<std::int64_t>& positions) {
  return {.name = "slice",
          .variant = variant,
          .function = [=](const Inputs& v) { return slice(v[0], static_cast<int>(axis), bounds); },
          .samples = {{uniform(shape)}},
          .reference =
              [=](const Inputs& v) {
                Shape result = shape;
                result[axis] = static_cast<std::int64_t>(positions.size());
                return generate(result, [&, x = Values(v[0])](Index i) {
                  i[axis] = positions[static_cast<std::size_t>(i[axis])];
                  return x.at(i);
                });
              }};
}

Cases slices() {
  return {
      slicing("all", {4, 2}, 0, {}, {0, 1, 2, 3}),
      slicing("middle", {5}, 0, {.start = 1, .stop = 4}, {1, 2, 3}),
      slicing("every second", {2, 5}, 1, {.step = 2}, {0, 2, 4}),
      slicing("negative bounds", {2, 5}, 1, {.start = -3, .stop = -1}, {2, 3}),
      slicing("past the ends", {4}, 0, {.start = -10, .stop = 10}, {0, 1, 2, 3}),
      slicing("backwards", {4, 2}, 0, {.step = -1}, {3, 2, 1, 0}),
      slicing("backwards by two", {3, 5}, 1, {.start = -1, .step = -2}, {4, 2, 0}),
      slicing("backwards to a bound", {5}, 0, {.start = 3, .stop = 0, .step = -2}, {3, 1}),
      slicing("nothing", {3, 2}, 0, {.start = 2, .stop = 1}, {}),
      slicing("nothing backwards", {3}, 0, {.start = -10, .step = -1}, {}),
      slicing("a middle axis", {2, 3, 2}, 1, {.start = 1}, {1, 2}),
  };
}

OpCase selection(const Shape& shape, std::int64_t index, int axis, std::size_t position, std::int64_t place) {
  return {.name = "select",
          .variant = concat(index, " of axis ", axis),
          .function = [=](const Inputs& v) { return select(v[0], index, axis); },
          .samples = {{uniform(shape)}},
          .reference =
              [=](const Inputs& v) {
                Shape result = shape;
                result.erase(position);
                return generate(result, [&, x = Values(v[0])](Index i) {
                  i.insert(i.begin() + static_cast<std::ptrdiff_t>(position), place);
                  return x.at(i);
                });
              }};
}

/// An index as Python counts: from the end if it is negative.
std::int64_t counted(double index, std::int64_t extent) {
  const auto place = static_cast<std::int64_t>(index);
  return place < 0 ? place + extent : place;
}

OpCase taking(const char* variant, const Shape& shape, const Tensor& indices, int axis, std::size_t position) {
  return {.name = "take",
          .variant = variant,
          .function = [axis](const Inputs& v) { return take(v[0], v[1], axis); },
          .samples = {{uniform(shape), indices}},
          .reference =
              [=](const Inputs& v) {
                const Values x(v[0]), where(v[1]);
                Shape result = x.shape;
                result.erase(position);
                for (std::size_t i = 0; i < where.shape.rank(); ++i) result.insert(position + i, where.shape[i]);
                return generate(result, [&](const Index& i) {
                  const auto first = i.begin() + static_cast<std::ptrdiff_t>(position);
                  const auto last = first + static_cast<std::ptrdiff_t>(where.shape.rank());
                  Index place(i.begin(), first);
                  place.push_back(counted(where.at(Index(first, last)), x.shape[position]));
                  place.insert(place.end(), last, i.end());
                  return x.at(place);
                });
              }};
}

OpCase gathering(const char* variant, const Shape& shape, const Tensor& indices, int axis, std::size_t position) {
  return {.name = "gather",
          .variant = variant,
          .function = [axis](const Inputs& v) { return gather(v[0], v[1], axis); },
          .samples = {{uniform(shape), indices}},
          .reference =
              [position](const Inputs& v) {
                const Values x(v[0]), where(v[1]);
                return generate(where.shape, [&](Index i) {
                  i[position] = counted(where.at(i), x.shape[position]);
                  return x.at(i);
                });
              }};
}

OpCase one_hot_case(const Tensor& indices, std::int64_t depth) {
  return {.name = "one_hot",
          .variant = concat("shape ", indices.shape()),
          .function = [depth](const Inputs& v) { return one_hot(v[0], depth); },
          .samples = {{indices}},
          .reference =
              [depth](const Inputs& v) {
                const Values index(v[0]);
                Shape shape = index.shape;
                shape.push_back(depth);
                return generate(shape, [&](Index i) {
                  const auto hot = static_cast<double>(i.back());
                  i.pop_back();
                  return index.at(i) == hot ? 1 : 0;
                });
              },
          .differentiable = false};
}

/// The axes that `reversed` names come out in reverse order.
OpCase flipping(const char* variant, const Shape& shape, const Axes& axes, const std::vector<std::size_t>& reversed) {
  return {.name = "flip",
          .variant = variant,
          .function = [=](const Inputs& v) { return flip(v[0], axes); },
          .samples = {{uniform(shape)}},
          .reference =
              [=](const Inputs& v) {
                return generate(shape, [&, x = Values(v[0])](Index i) {
                  for (const std::size_t axis : reversed) i[axis] = shape[axis] - 1 - i[axis];
                  return x.at(i);
                });
              }};
}

OpCase triangle(const char* name, Tensor (*op)(const Operand&, std::int64_t), std::int64_t offset,
                bool (*keeps)(std::int64_t, std::int64_t)) {
  return {.name = name,
          .variant = concat("offset ", offset),
          .function = [=](const Inputs& v) { return op(v[0], offset); },
          .samples = {{uniform({3, 4})}, {uniform({2, 4, 3})}, {uniform({1, 1})}},
          .reference =
              [=](const Inputs& v) {
                const Values x(v[0]);
                return generate(
                    x.shape, [&](const Index& i) { return keeps(i.back() - i[i.size() - 2], offset) ? x.at(i) : 0; });
              }};
}

Cases triangles() {
  Cases cases;
  for (const std::int64_t offset : {-1, 0, 2}) {
    cases.push_back(
        triangle("tril", tril, offset, [](std::int64_t distance, std::int64_t k) { return distance <= k; }));
    cases.push_back(
        triangle("triu", triu, offset, [](std::int64_t distance, std::int64_t k) { return distance >= k; }));
  }
  return cases;
}

/// Basic indexing: the result's index made into x's.
OpCase indexing(const char* variant, const Shape& shape, const Indices& indices, const Shape& result,
                std::function<Index(Index)> source) {
  return {.name = "index",
          .variant = variant,
          .function = [=](const Inputs& v) { return v[0][indices]; },
          .samples = {{uniform(shape)}},
          .reference =
              [=](const Inputs& v) {
                return generate(result, [&, x = Values(v[0])](const Index& i) { return x.at(source(i)); });
              }};
}

/// x with the values at the places that `covers` names.
OpCase updating(const char* variant, const Shape& shape, const Indices& indices, const Shape& values,
                std::function<std::optional<Index>(Index)> covers) {
  return {.name = "index_update",
          .variant = variant,
          .function = [=](const Inputs& v) { return index_update(v[0], indices, v[1]); },
          .samples = {{uniform(shape), uniform(values)}},
          .reference =
              [=](const Inputs& v) {
                return generate(shape, [&, x = Values(v[0]), y = Values(v[1])](const Index& i) {
                  const auto place = covers(i);
                  return place ? y.at(*place) : x.at(i);
                });
              }};
}

Cases basic_indexing() {
  return {
      indexing("a range, a new axis, the rest, a number", {5, 2, 3}, {Slice(1, -1, 2), newaxis, ellipsis, 2}, {2, 1, 2},
               [](Index i) {
                 return Index{1 + 2 * i[0], i[2], 2};
               }),
      indexing("a number", {3, 2}, {-1}, {2},
               [](Index i) {
                 return Index{2, i[0]};
               }),
      indexing("numbers alone", {3, 2}, {1, 0}, {},
               [](Index) {
                 return Index{1, 0};
               }),
      indexing("nothing named", {2, 2}, {}, {2, 2}, [](Index i) { return i; }),
      indexing("backwards", {4}, {Slice({}, {}, -1)}, {4}, [](Index i) { return Index{3 - i[0]}; }),
      indexing("the last axis", {2, 3}, {ellipsis, Slice(1)}, {2, 2},
               [](Index i) {
                 return Index{i[0], i[1] + 1};
               }),
      indexing("an empty range", {3, 2}, {Slice(2, 1)}, {0, 2}, [](Index i) { return i; }),
      updating("a row", {3, 2}, {1}, {2},
               [](Index i) { return i[0] == 1 ? std::optional(Index{i[1]}) : std::nullopt; }),
      updating("every second, broadcast", {5, 2}, {Slice({}, {}, 2)}, {2},
               [](Index i) {
                 return i[0] % 2 == 0 ? std::optional(Index{i[0] / 2, i[1]}) : std::nullopt;
               }),
      updating("one element", {2, 3}, {ellipsis, 0, 2}, {},
               [](Index i) { return i[0] == 0 && i[1] == 2 ? std::optional(Index{}) : std::nullopt; }),
  };
}

Cases masks() {
  const Tensor mask({{true, false, true}, {false, false, true}}, boolean), rows({false, true}, boolean);
  return {
      {.name = "boolean_mask",
       .variant = "elements",
       .function = [=](const Inputs& v) { return boolean_mask(v[0], mask); },
       .samples = {{uniform({2, 3})}},
       .reference =
           [](const Inputs& v) {
             const std::vector<Index> places{{0, 0}, {0, 2}, {1, 2}};
             return generate(
                 {3}, [&, x = Values(v[0])](const Index& i) { return x.at(places[static_cast<std::size_t>(i[0])]); });
           }},
      {.name = "boolean_mask",
       .variant = "rows",
       .function = [=](const Inputs& v) { return boolean_mask(v[0], rows); },
       .samples = {{uniform({2, 3})}},
       .reference =
           [](const Inputs& v) {
             return generate({1, 3}, [&, x = Values(v[0])](const Index& i) { return x.at({1, i[1]}); });
           }},
      {.name = "masked_fill",
       .function = [=](const Inputs& v) { return masked_fill(v[0], mask, -1); },
       .samples = {{uniform({2, 3})}, {uniform({4, 1, 3})}},
       .reference =
           [=](const Inputs& v) {
             return zip(Values(v[0]), Values(mask), [](double x, double filled) { return filled != 0 ? -1 : x; });
           }},
      {.name = "scatter_add",
       .function = [](const Inputs& v) { return scatter_add(v[0], v[1], v[2], 0); },
       .samples = {{uniform({3, 2}, 1, 2), Tensor{{0, 2}, {0, 2}, {-2, 0}, {0, 1}}, uniform({4, 2}, 1, 2)}},
       .reference =
           [](const Inputs& v) {
             const Values which(v[1]), values(v[2]);
             return generate({3, 2}, [&, x = Values(v[0])](const Index& i) {
               double sum = x.at(i);
               for (std::int64_t row = 0; row < 4; ++row)
                 if (counted(which.at({row, i[1]}), 3) == i[0]) sum += values.at({row, i[1]});
               return sum;
             });
           }},
      {.name = "scatter_add",
       .variant = "the last axis",
       .function = [](const Inputs& v) { return scatter_add(v[0], v[1], v[2], -1); },
       .samples = {{uniform({2, 3}, 1, 2), Tensor{{1, 1}, {0, 2}}, uniform({2, 2}, 1, 2)}},
       .reference =
           [](const Inputs& v) {
             const Values which(v[1]), values(v[2]);
             return generate({2, 3}, [&, x = Values(v[0])](const Index& i) {
               double sum = x.at(i);
               for (std::int64_t column = 0; column < 2; ++column)
                 if (counted(which.at({i[0], column}), 3) == i[1]) sum += values.at({i[0], column});
               return sum;
             });
           }},
  };
}

}  // namespace

Cases index_cases() {
  Cases cases = slices();
  for (Cases& more : std::vector<Cases>{basic_indexing(), masks()})
    for (OpCase& op : more) cases.push_back(std::move(op));
  for (OpCase& op : Cases{
           selection({4, 3}, 2, 0, 0, 2),
           selection({4, 3}, -1, 0, 0, 3),
           selection({2, 3, 2}, 1, -2, 1, 1),
           selection({3}, 0, 0, 0, 0),
           taking("rows", {4, 3}, Tensor{2, 0, 2, -1}, 0, 0),
           taking("columns", {2, 3, 4}, Tensor{3, 1}, 2, 2),
           taking("a middle axis by a matrix", {2, 3, 2}, Tensor({{0, 2}, {1, 1}}, int32), -2, 1),
           taking("one element", {5}, Tensor(3), 0, 0),
           taking("nothing", {3, 2}, Array::zeros({0}, int64), 0, 0),
           gathering("rows", {3, 2}, Tensor{{0, 2}, {0, -1}, {1, 1}, {0, 0}}, 0, 0),
           gathering("columns", {3, 4}, Tensor({{1}, {3}, {0}}, uint8), -1, 1),
           gathering("a middle axis", {2, 3, 2}, Tensor{{{0, 1}, {2, 2}}, {{1, 1}, {0, -3}}}, 1, 1),
           one_hot_case(Tensor{0, 3, 1}, 4),
           one_hot_case(Tensor({{1, 0}, {2, 2}}, uint8), 3),
           one_hot_case(Tensor(1), 2),
           flipping("all", {2, 3}, {}, {0, 1}),
           flipping("one axis", {2, 3, 2}, -2, {1}),
           flipping("two axes", {2, 3, 2}, {0, 2}, {0, 2}),
       })
    cases.push_back(std::move(op));
  for (OpCase& op : triangles()) cases.push_back(std::move(op));
  return cases;
}

}  // namespace xg::testing
