#include "autograd/ops/shape.hpp"

#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

/// A change of shape that keeps the row-major order of the elements.
OpCase regrouped(const char* name, const char* variant, const Shape& from, Tensor (*op)(const Tensor&),
                 const Shape& to) {
  return {.name = name,
          .variant = variant,
          .function = [op](const Inputs& v) { return op(v[0]); },
          .samples = {{uniform(from)}},
          .reference = [to](const Inputs& v) { return Values(to, Values(v[0]).numbers); }};
}

/// A change of the order of the axes: result axis i is axis order[i].
OpCase reordered(const char* name, const char* variant, Tensor (*op)(const Tensor&), const Shape& from,
                 const std::vector<std::size_t>& order) {
  return {.name = name,
          .variant = variant,
          .function = [op](const Inputs& v) { return op(v[0]); },
          .samples = {{uniform(from)}},
          .reference =
              [order](const Inputs& v) {
                const Values x(v[0]);
                Shape shape;
                for (const std::size_t axis : order) shape.push_back(x.shape[axis]);
                return generate(shape, [&](const Index& i) {
                  Index place(order.size());
                  for (std::size_t axis = 0; axis < order.size(); ++axis) place[order[axis]] = i[axis];
                  return x.at(place);
                });
              }};
}

OpCase stretched(const Shape& from, const Shape& to) {
  return {.name = "broadcast_to",
          .variant = concat(from, " to ", to),
          .function = [to](const Inputs& v) { return broadcast_to(v[0], to); },
          .samples = {{uniform(from)}},
          .reference =
              [to](const Inputs& v) { return generate(to, [x = Values(v[0])](const Index& i) { return x.at(i); }); }};
}

/// The inputs one behind the other along an axis that counts from the front.
Values joined(const std::vector<Values>& parts, std::size_t axis) {
  Shape shape = parts.front().shape;
  shape[axis] = 0;
  for (const Values& part : parts) shape[axis] += part.shape[axis];
  return generate(shape, [&](Index i) {
    std::size_t part = 0;
    while (i[axis] >= parts[part].shape[axis]) i[axis] -= parts[part++].shape[axis];
    return parts[part].at(i);
  });
}

OpCase concatenation(int axis, std::size_t position, std::vector<Shape> shapes) {
  Inputs inputs;
  for (const Shape& shape : shapes) inputs.push_back(uniform(shape));
  return {.name = "concatenate",
          .variant = concat(shapes.size(), " along axis ", axis, ", the first ", shapes.front()),
          .function = [axis](const Inputs& v) { return concatenate(v, axis); },
          .samples = {inputs},
          .reference =
              [position](const Inputs& v) {
                return joined({v.begin(), v.end()}, position);
              }};
}

OpCase stacking(int axis, std::size_t position, const Shape& shape, std::size_t count) {
  Inputs inputs;
  while (inputs.size() < count) inputs.push_back(uniform(shape));
  return {.name = "stack",
          .variant = concat(count, " of ", shape, " along axis ", axis),
          .function = [axis](const Inputs& v) { return stack(v, axis); },
          .samples = {inputs},
          .reference =
              [position](const Inputs& v) {
                std::vector<Values> parts(v.begin(), v.end());
                for (Values& part : parts) part.shape.insert(position, 1);
                return joined(parts, position);
              }};
}

Cases regroupings() {
  return {
      regrouped("reshape", "(3, 4) to (2, 6)", {3, 4},
                [](const Tensor& x) {
                  return reshape(x, {2, 6});
                },
                {2, 6}),
      regrouped("reshape", "open extent", {3, 4},
                [](const Tensor& x) {
                  return reshape(x, {2, -1, 3});
                },
                {2, 2, 3}),
      regrouped("reshape", "to one axis", {2, 1, 3}, [](const Tensor& x) { return reshape(x, {-1}); }, {6}),
      regrouped("reshape", "to 0-d", {1, 1}, [](const Tensor& x) { return reshape(x, {}); }, {}),
      regrouped("reshape", "from 0-d", {},
                [](const Tensor& x) {
                  return reshape(x, {1, 1});
                },
                {1, 1}),
      regrouped("flatten", "", {2, 3, 2}, [](const Tensor& x) { return flatten(x); }, {12}),
      regrouped("flatten", "from axis 1", {2, 3, 2}, [](const Tensor& x) { return flatten(x, 1); }, {2, 6}),
      regrouped("flatten", "from axis -1", {2, 3}, [](const Tensor& x) { return flatten(x, -1); }, {2, 3}),
      regrouped("flatten", "0-d", {}, [](const Tensor& x) { return flatten(x); }, {1}),
      regrouped("squeeze", "all", {1, 3, 1, 2}, [](const Tensor& x) { return squeeze(x); }, {3, 2}),
      regrouped("squeeze", "one axis", {1, 3, 1}, [](const Tensor& x) { return squeeze(x, -1); }, {1, 3}),
      regrouped("squeeze", "two axes", {1, 3, 1},
                [](const Tensor& x) {
                  return squeeze(x, {0, 2});
                },
                {3}),
      regrouped("expand_dims", "first", {2, 3}, [](const Tensor& x) { return expand_dims(x, 0); }, {1, 2, 3}),
      regrouped("expand_dims", "last", {2, 3}, [](const Tensor& x) { return expand_dims(x, -1); }, {2, 3, 1}),
      regrouped("expand_dims", "0-d", {}, [](const Tensor& x) { return expand_dims(x, 0); }, {1}),
  };
}

Cases reorderings() {
  return {
      reordered("permute", "cycle",
                [](const Tensor& x) {
                  return permute(x, {2, 0, 1});
                },
                {2, 3, 4}, {2, 0, 1}),
      reordered("permute", "negative axes",
                [](const Tensor& x) {
                  return permute(x, {-1, 1, 0});
                },
                {2, 1, 3}, {2, 1, 0}),
      reordered("permute", "0-d", [](const Tensor& x) { return permute(x, {}); }, {}, {}),
      reordered("transpose", "matrix", [](const Tensor& x) { return transpose(x); }, {3, 4}, {1, 0}),
      reordered("transpose", "all axes", [](const Tensor& x) { return transpose(x); }, {2, 3, 4}, {2, 1, 0}),
      reordered("transpose", "two axes", [](const Tensor& x) { return transpose(x, 0, -1); }, {2, 3, 4}, {2, 1, 0}),
      reordered("transpose", "neighbours", [](const Tensor& x) { return transpose(x, 1, 0); }, {2, 3, 4}, {1, 0, 2}),
  };
}

}  // namespace

Cases shape_cases() {
  Cases cases = regroupings();
  for (OpCase& op : reorderings()) cases.push_back(std::move(op));
  for (OpCase& op :
       Cases{stretched({4}, {3, 4}), stretched({3, 1}, {3, 4}), stretched({}, {2, 3}), stretched({2, 1, 3}, {2, 4, 3}),
             stretched({1, 1}, {2, 2, 2}), stretched({3}, {3}), concatenation(0, 0, {{2, 3}, {1, 3}, {3, 3}}),
             concatenation(1, 1, {{2, 3}, {2, 1}}), concatenation(-1, 2, {{2, 1, 3}, {2, 1, 2}}),
             concatenation(0, 0, {{4}}), concatenation(0, 0, {{2}, {0}, {1}}), stacking(0, 0, {2, 3}, 3),
             stacking(1, 1, {2, 3}, 2), stacking(-1, 2, {2, 3}, 2), stacking(0, 0, {}, 2)})
    cases.push_back(std::move(op));
  return cases;
}

}  // namespace xg::testing
