#include "autograd/ops/linalg.hpp"

#include <algorithm>

#include "autograd/ops/einsum.hpp"
#include "tests/autograd/op_cases.hpp"

namespace xg::testing {
namespace {

/// The product of the last two axes, axes before them broadcast.
Values product(Values a, Values b) {
  const bool row = a.shape.rank() == 1, column = b.shape.rank() == 1;
  if (row) a.shape.insert(0, 1);
  if (column) b.shape.push_back(1);
  Shape a_batch = a.shape, b_batch = b.shape;
  for (Shape* batch : {&a_batch, &b_batch}) (*batch)[batch->rank() - 1] = (*batch)[batch->rank() - 2] = 1;
  Shape shape = broadcast(a_batch, b_batch);
  const std::size_t last = shape.rank() - 1;
  shape[last - 1] = a.shape[a.shape.rank() - 2];
  shape[last] = b.shape.back();
  Values result = generate(shape, [&](const Index& i) {
    double sum = 0;
    for (std::int64_t k = 0; k < a.shape.back(); ++k) {
      Index left = i, right = i;
      left[last] = right[last - 1] = k;
      sum += a.at(left) * b.at(right);
    }
    return sum;
  });
  if (column) result.shape.erase(last);
  if (row) result.shape.erase(last - 1);
  return result;
}

std::vector<Inputs> factors() {
  std::vector<Inputs> samples;
  const std::vector<std::pair<Shape, Shape>> shapes{
      {{3, 4}, {4, 2}}, {{4}, {4}},          {{4}, {4, 3}},       {{3, 4}, {4}},          {{1, 4}, {4, 1}},
      {{3, 1}, {1, 2}}, {{2, 3, 4}, {4, 2}}, {{3, 4}, {2, 4, 2}}, {{2, 3, 4}, {2, 4, 2}}, {{2, 1, 2, 3}, {3, 3, 2}},
      {{4}, {2, 4, 3}}, {{2, 3, 4}, {4}},    {{1, 1}, {1, 1}},    {{3, 0}, {0, 2}},
  };
  for (const auto& [a, b] : shapes) samples.push_back({uniform(a, 0.5, 2), uniform(b, 0.5, 2)});
  return samples;
}

std::vector<Inputs> layers() {
  std::vector<Inputs> samples;
  for (const Shape& shape : {Shape{5, 3}, Shape{3}, Shape{2, 2, 3}, Shape{1, 3}})
    samples.push_back({uniform(shape, 0.5, 2), uniform({3, 4}, 0.5, 2), uniform({4}, 0.5, 2)});
  return samples;
}

OpCase pair(const char* name, const char* variant, const Shape& a, const Shape& b,
            std::function<Tensor(const Tensor&, const Tensor&)> op,
            std::function<Values(const Values&, const Values&)> reference) {
  return {.name = name,
          .variant = variant,
          .function = [=](const Inputs& v) { return op(v[0], v[1]); },
          .samples = {{uniform(a, 0.5, 2), uniform(b, 0.5, 2)}},
          .reference = [=](const Inputs& v) { return reference(Values(v[0]), Values(v[1])); }};
}

Cases products() {
  const auto contracted = [](const Shape& rows, const Shape& columns, const Shape& result) {
    return [=](Values a, Values b) {
      a.shape = rows;
      b.shape = columns;
      Values c = product(a, b);
      c.shape = result;
      return c;
    };
  };
  return {
      pair("dot", "", {4}, {4}, [](auto& a, auto& b) { return dot(a, b); }, product),
      pair("outer", "", {3}, {2}, [](auto& a, auto& b) { return outer(a, b); },
           [](const Values& a, const Values& b) {
             return generate({3, 2}, [&](const Index& i) { return a.at({i[0]}) * b.at({i[1]}); });
           }),
      pair("tensordot", "two axes", {2, 3, 4}, {3, 4, 2}, [](auto& a, auto& b) { return tensordot(a, b); },
           contracted({2, 12}, {12, 2}, {2, 2})),
      pair("tensordot", "one axis", {2, 3}, {3, 2, 2}, [](auto& a, auto& b) { return tensordot(a, b, 1); },
           contracted({2, 3}, {3, 4}, {2, 2, 2})),
      pair("tensordot", "no axis", {2}, {3}, [](auto& a, auto& b) { return tensordot(a, b, 0); },
           contracted({2, 1}, {1, 3}, {2, 3})),
      pair("einsum", "product of matrices", {2, 3}, {3, 2}, [](auto& a, auto& b) { return einsum("ij,jk", {a, b}); },
           product),
      pair("einsum", "batches behind dots", {2, 2, 3}, {3, 2},
           [](auto& a, auto& b) { return einsum("...ij,jk->...ik", {a, b}); }, product),
      pair("einsum", "a diagonal and a sum", {3, 3}, {3, 2},
           [](auto& a, auto& b) { return einsum("ii,ik->i", {a, b}); },
           [](const Values& a, const Values& b) {
             return generate({3}, [&](const Index& i) { return a.at({i[0], i[0]}) * (b.at({i[0], 0}) + b.at({i[0], 1})); });
           }),
  };
}

Cases diagonals() {
  Cases cases;
  for (const std::int64_t offset : {-1, 0, 2}) {
    const std::int64_t row = std::max<std::int64_t>(0, -offset), column = std::max<std::int64_t>(0, offset);
    cases.push_back({.name = "diagonal",
                     .variant = concat("offset ", offset),
                     .function = [=](const Inputs& v) { return diagonal(v[0], offset); },
                     .samples = {{uniform({3, 4})}, {uniform({2, 3, 3})}},
                     .reference =
                         [=](const Inputs& v) {
                           const Values x(v[0]);
                           Shape shape = x.shape;
                           shape.erase(shape.rank() - 1);
                           shape[shape.rank() - 1] =
                               std::min(x.shape[x.shape.rank() - 2] - row, x.shape.back() - column);
                           return generate(shape, [&](Index i) {
                             const std::int64_t place = i.back();
                             i.back() = row + place;
                             i.push_back(column + place);
                             return x.at(i);
                           });
                         }});
    cases.push_back({.name = "diag",
                     .variant = concat("offset ", offset),
                     .function = [=](const Inputs& v) { return diag(v[0], offset); },
                     .samples = {{uniform({3})}, {uniform({2, 2})}},
                     .reference =
                         [=](const Inputs& v) {
                           const Values x(v[0]);
                           Shape shape = x.shape;
                           shape[shape.rank() - 1] += row + column;
                           shape.push_back(shape.back());
                           return generate(shape, [&](Index i) {
                             const std::int64_t j = i.back();
                             i.pop_back();
                             if (j - i.back() != offset) return 0.0;
                             i.back() -= row;
                             return x.at(i);
                           });
                         }});
  }
  cases.push_back({.name = "trace",
                   .function = [](const Inputs& v) { return trace(v[0]); },
                   .samples = {{uniform({2, 3, 4}, 0.5, 2)}, {uniform({3, 3}, 0.5, 2)}},
                   .reference =
                       [](const Inputs& v) {
                         const Values x(v[0]);
                         Shape shape = x.shape;
                         shape.erase(shape.rank() - 1);
                         shape.erase(shape.rank() - 1);
                         return generate(shape, [&](Index i) {
                           double sum = 0;
                           for (std::int64_t k = 0; k < 3; ++k) {
                             Index place = i;
                             place.insert(place.end(), {k, k});
                             sum += x.at(place);
                           }
                           return sum;
                         });
                       }});
  return cases;
}

}  // namespace

Cases linalg_cases() {
  Cases cases{
      {.name = "matmul",
       .function = [](const Inputs& v) { return matmul(v[0], v[1]); },
       .samples = factors(),
       .reference = [](const Inputs& v) { return product(Values(v[0]), Values(v[1])); }},
      {.name = "linear",
       .function = [](const Inputs& v) { return linear(v[0], v[1], v[2]); },
       .samples = layers(),
       .reference =
           [](const Inputs& v) { return zip(product(Values(v[0]), Values(v[1])), Values(v[2]), std::plus<>()); }},
  };
  for (Cases& more : std::vector<Cases>{products(), diagonals()})
    for (OpCase& op : more) cases.push_back(std::move(op));
  return cases;
}

}  // namespace xg::testing
