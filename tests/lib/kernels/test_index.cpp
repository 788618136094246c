#include "lib/kernels/index.hpp"

#include "tests/lib/kernels/support.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

/// x[o, index[i], j] and its place, for every o, i and j: f(place among the taken, place in x).
template <class F>
void for_each_taken(const Shape& shape, std::size_t axis, const std::vector<std::int64_t>& index, F f) {
  std::int64_t outer = 1, inner = 1, place = 0;
  for (std::size_t i = 0; i < axis; ++i) outer *= shape[i];
  for (std::size_t i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  for (std::int64_t o = 0; o < outer; ++o)
    for (const std::int64_t i : index)
      for (std::int64_t j = 0; j < inner; ++j) f(place++, (o * shape[axis] + i) * inner + j);
}

template <class T>
void check_take(const Array& x, std::size_t axis, std::int64_t count) {
  const Array indices = Generator(9).integers({count, 2}, 0, x.shape()[axis]);
  const Array chosen = indices.slice(1, 1, 1, 1);  // with a stride
  const Array got = kernels::take(x, chosen, axis);
  std::vector<T> expected(static_cast<std::size_t>(got.size()));
  for_each_taken(x.shape(), axis, chosen.to_vector<std::int64_t>(), [&](std::int64_t to, std::int64_t from) {
    expected[static_cast<std::size_t>(to)] = element<T>(x, from);
  });
  CHECK(got.rank() == x.rank() + 1);
  CHECK(mismatches<T>(got, [&](std::int64_t i) { return expected[static_cast<std::size_t>(i)]; }) == 0);
}

template <class T>
void check_add_at(const Shape& shape, std::size_t axis, std::int64_t count) {
  const Array start = whole_sample(shape, dtype_of<T>());
  const Array indices = Generator(9).integers({count}, 0, shape[axis]);
  Shape parts = shape;
  parts[axis] = count;
  const Array values = whole_sample(parts, dtype_of<T>(), 3);
  Array total = start.clone();
  kernels::add_at(total, indices, axis, values);
  auto expected = start.to_vector<T>();
  for_each_taken(shape, axis, indices.to_vector<std::int64_t>(), [&](std::int64_t from, std::int64_t to) {
    auto& sum = expected[static_cast<std::size_t>(to)];
    sum = static_cast<T>(sum + values.data<T>()[from]);
  });
  CHECK(mismatches<T>(total, [&](std::int64_t i) { return expected[static_cast<std::size_t>(i)]; }) == 0);
}

}  // namespace

TEST_CASE("take: along every axis, more indices than memory is asked for ahead, parts of any size") {
  for (const DType dtype : {float32, float64, boolean}) {
    const Array x = sample({6, 40, 300}, dtype);
    dispatch(dtype, [&]<class T>() {
      for (const std::size_t axis : {0, 1, 2})
        for (const std::int64_t count : {1, 3, 4, 5, 50}) check_take<T>(x, axis, count);
      check_take<T>(x.permute({2, 0, 1}), 1, 50);
    });
  }
  check_take<std::int64_t>(sample({1000}, int64), 0, 700);
}

TEST_CASE("add_at: along every axis, repeated indices add up, in every dtype") {
  check_add_at<float>({6, 40, 30}, 0, 100);
  check_add_at<double>({6, 40, 30}, 1, 100);
  check_add_at<std::int64_t>({6, 40, 30}, 2, 100);
  check_add_at<std::int32_t>({70}, 0, 500);
  check_add_at<float>({70, 1}, 0, 500);
  check_add_at<double>({3, 70}, 1, 500);
}

TEST_CASE("add_at: values and indices of any layout") {
  const Array values = whole_sample({50, 80}, float32), indices = Generator(2).integers({100}, 0, 20);
  const Array turned = values.transposed(), every_second = indices.slice(0, 98, 50, -2);
  Array total = Array::zeros({80, 20}), expected = Array::zeros({80, 20});
  kernels::add_at(total, every_second, 1, turned);
  for (std::int64_t i = 0; i < 80; ++i)
    for (std::int64_t k = 0; k < 50; ++k)
      expected.data<float>()[i * 20 + indices.data<std::int64_t>()[98 - 2 * k]] += values.data<float>()[k * 80 + i];
  CHECK(same_bits(total, expected));
}

TEST_CASE("concatenate: arrays of any layout, along every axis, one behind the other") {
  for (const std::size_t axis : {0, 1, 2}) {
    std::vector<Array> arrays;
    std::int64_t all = 0;
    for (const std::int64_t extent : {70, 0, 1, 66}) {
      Shape shape{5, 6, 7};
      shape[axis] = extent;
      Shape wide = shape;
      wide[2] *= 2;
      arrays.push_back(sample(wide, float32, static_cast<std::uint64_t>(extent + 1)).slice(2, 1, shape[2], 2));
      all += extent;
    }
    const Array got = kernels::concatenate(arrays, axis);
    CHECK(got.shape()[axis] == all);
    std::int64_t start = 0, wrong = 0;
    for (const Array& array : arrays) {
      const Array part = got.slice(axis, start, array.shape()[axis], 1);
      for (std::int64_t i = 0; i < array.size(); ++i) wrong += element<float>(part, i) != element<float>(array, i);
      start += array.shape()[axis];
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("one_hot: 1 at the index of every row and 0 beside it") {
  const Array indices = Generator(1).integers({300, 2}, 0, 70).slice(1, 0, 1, 2);
  for (const DType dtype : {float32, int64, boolean}) {
    const Array got = kernels::one_hot(indices, 70, dtype);
    CHECK(got.shape() == Shape{300, 1, 70});
    const auto numbers = indices.to_vector<std::int64_t>();
    const auto values = got.to_vector<std::int64_t>();
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      wrong += values[i] != (static_cast<std::int64_t>(i % 70) == numbers[i / 70] ? 1 : 0);
    CHECK(wrong == 0);
  }
}
