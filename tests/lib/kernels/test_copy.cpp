#include "lib/kernels/copy.hpp"

#include <cmath>

#include "lib/kernels/transpose.hpp"
#include "tests/lib/kernels/support.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

/// A copy of x to contiguous elements of a dtype is x, element by element.
template <class To, class From>
void check_contiguous(const Array& x) {
  Array to = Array::full(x.shape(), 7, dtype_of<To>());
  kernels::copy(x, to);
  CHECK(mismatches<To>(to, [&](std::int64_t i) { return convert<To>(element<From>(x, i)); }) == 0);
}

/// The same to elements that lie in another order, with others between them that must stay.
template <class T>
void check_scattered(const Array& x) {
  Shape wide = x.shape();
  const std::size_t last = x.rank() - 1;
  wide[last] = 2 * wide[last] + 1;
  const Array memory = Array::full(wide, 7, x.dtype());
  Array to = memory.slice(last, 1, x.shape()[last], 2);
  kernels::copy(x, to);
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < x.size(); ++i) wrong += element<T>(to, i) != element<T>(x, i);
  const Array between = memory.slice(last, 0, x.shape()[last] + 1, 2);
  for (std::int64_t i = 0; i < between.size(); ++i) wrong += element<T>(between, i) != convert<T>(7);
  CHECK(wrong == 0);
}

/// Matrices around the squares of 64 and the vectors of 4 and 8, turned in every way.
template <class T>
void check_turned() {
  for (const auto& [rows, columns] : {std::pair<std::int64_t, std::int64_t>{64, 64},
                                      {65, 63},
                                      {130, 200},
                                      {7, 300},
                                      {300, 7},
                                      {72, 8},
                                      {1, 100},
                                      {200, 1}}) {
    CAPTURE(rows);
    CAPTURE(columns);
    const Array x = sample({rows, columns}, dtype_of<T>());
    check_contiguous<T, T>(x.transposed());
    check_scattered<T>(x.transposed());
    check_contiguous<T, T>(sample({rows, 2 * columns}, dtype_of<T>()).slice(1, 1, columns, 2).transposed());
    check_contiguous<T, T>(sample({2 * rows, columns}, dtype_of<T>()).slice(0, 0, rows, 2).transposed());
  }
  const Array block = sample({3, 70, 129}, dtype_of<T>());
  for (const auto& order : {std::vector<std::size_t>{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}})
    check_contiguous<T, T>(block.permute(order));
  const Array four = sample({2, 3, 66, 68}, dtype_of<T>());
  for (const auto& order : {std::vector<std::size_t>{0, 1, 3, 2}, {1, 0, 3, 2}, {3, 0, 1, 2}, {0, 3, 2, 1}})
    check_contiguous<T, T>(four.permute(order));
  check_contiguous<T, T>(four.slice(1, 2, 3, -1).permute({0, 1, 3, 2}));
}

}  // namespace

TEST_CASE("copy: matrices larger than a square of 64 are turned, in every dtype") {
  check_turned<float>();
  check_turned<double>();
  check_turned<std::int32_t>();
  check_turned<std::int64_t>();
  check_turned<std::uint8_t>();
  check_turned<bool>();
}

TEST_CASE("copy: strided rows longer than any vector, and rows that repeat an element") {
  const Array x = sample({5, 1000}, float32);
  check_contiguous<float, float>(x.slice(1, 999, 1000, -1));
  check_contiguous<float, float>(x.slice(1, 1, 333, 3));
  check_contiguous<float, float>(x.slice(0, 4, 1, 1).broadcast_to({70, 1000}));
  check_contiguous<float, float>(x.slice(1, 4, 1, 1).broadcast_to({5, 300}));
  check_contiguous<float, float>(x.slice(1, 4, 1, 1).transposed().broadcast_to({100, 5}));
  check_scattered<float>(x.slice(0, 0, 3, 2));
}

TEST_CASE("copy: elements are converted wherever they lie") {
  const Array x = sample({70, 90}, float64, 1, -300, 300);
  check_contiguous<float, double>(x);
  check_contiguous<std::int32_t, double>(x.transposed());
  check_contiguous<std::uint8_t, double>(x.slice(1, 1, 40, 2));
  check_contiguous<bool, double>(x.transposed());
  check_contiguous<std::int64_t, std::int32_t>(sample({70, 90}, int32).transposed());
  check_contiguous<float, std::int32_t>(sample({70, 90}, int32).transposed());
}

TEST_CASE_TEMPLATE("transpose: rectangles of any size and step, and nothing beyond them", T, float, double) {
  for (const std::int64_t rows : {1, 3, 4, 7, 8, 9, 16, 21})
    for (const std::int64_t columns : {1, 4, 5, 8, 15, 24}) {
      const std::int64_t row_step = columns + 3, to_step = rows + 2;
      const Array from = sample({rows * row_step}, dtype_of<T>());
      Array to = Array::full({columns * to_step}, 7, dtype_of<T>());
      kernels::transpose<T>(rows, columns, from.data<T>(), row_step, 1, to.data<T>(), to_step);
      CHECK(mismatches<T>(to, [&](std::int64_t i) {
              const std::int64_t k = i / to_step, row = i % to_step;
              return row < rows ? from.data<T>()[row * row_step + k] : T{7};
            }) == 0);
    }
}
