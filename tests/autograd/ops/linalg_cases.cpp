#include "autograd/ops/linalg.hpp"

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

}  // namespace

Cases linalg_cases() {
  return {
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
}

}  // namespace xg::testing
