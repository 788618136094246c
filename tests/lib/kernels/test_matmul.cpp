#include "lib/kernels/matmul.hpp"

#include <array>

#include "tests/lib/kernels/compare.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

/// The matrix at an index of the batch axes, of which there are two.
Array matrix_of(const Array& x, std::int64_t i, std::int64_t j) {
  const Array row = x.slice(0, x.shape()[0] == 1 ? 0 : i, 1, 1);
  const Array one = row.slice(1, x.shape()[1] == 1 ? 0 : j, 1, 1);
  return one.squeeze(0).squeeze(0);
}

/// a b by plain loops.
std::vector<double> product_of(const Array& a, const Array& b) {
  const std::int64_t m = a.shape()[0], k = a.shape()[1], n = b.shape()[1];
  const auto p = numbers(a), q = numbers(b);
  std::vector<double> c;
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::int64_t l = 0; l < k; ++l) sum += at(p, i * k + l) * at(q, l * n + j);
      c.push_back(sum);
    }
  return c;
}

/// Operands of one size that lie in memory in many ways: (3, 4, rows, columns).
std::vector<Array> laid_out(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  const Array wide = random({3, 4, rows, 2 * columns}, seed + 2);
  return {random({3, 4, rows, columns}, seed),
          random({3, 4, columns, rows}, seed + 1).transposed(),
          wide.slice(3, 0, columns, 2),
          wide.slice(3, 3, columns, 1),
          random({4, 3, rows, columns}, seed + 3).permute({1, 0, 2, 3}),
          random({3, rows, 4, columns}, seed + 4).permute({0, 2, 1, 3})};
}

}  // namespace

TEST_CASE("matmul: many matrices by one are one product, with the bits of each alone") {
  const Array b = random({7, 9}, 1);
  for (const Array& a : laid_out(5, 7, 10)) {
    const Array c = kernels::matmul(a, b);
    REQUIRE(c.shape() == Shape{3, 4, 5, 9});
    for (std::int64_t i = 0; i < 3; ++i)
      for (std::int64_t j = 0; j < 4; ++j) {
        const Array alone = kernels::matmul(matrix_of(a, i, j), b);
        CHECK(same_bits(matrix_of(c, i, j), alone));
        check_near(alone, product_of(matrix_of(a, i, j), b), 1e-5);
      }
  }
}

TEST_CASE("matmul: axes of the batch broadcast in any layout") {
  for (const Array& a : laid_out(2, 3, 20))
    for (const Array& b :
         {random({3, 4, 3, 6}, 30), random({1, 4, 3, 6}, 31), random({3, 1, 3, 6}, 32), random({1, 1, 3, 6}, 33)}) {
      const Array c = kernels::matmul(a, b);
      for (std::int64_t i = 0; i < 3; ++i)
        for (std::int64_t j = 0; j < 4; ++j)
          check_near(matrix_of(c, i, j), product_of(matrix_of(a, i, j), matrix_of(b, i, j)), 1e-6);
    }
}

TEST_CASE("matmul: rows and matrices of extent 1 and 0") {
  const Array b = random({3, 4}, 40);
  CHECK(kernels::matmul(random({0, 5, 3}, 41), b).shape() == Shape{0, 5, 4});
  CHECK(kernels::matmul(random({5, 0, 3}, 42), b).shape() == Shape{5, 0, 4});
  const Array none = kernels::matmul(random({2, 5, 0}, 43), random({0, 4}, 44));
  CHECK(numbers(none) == std::vector<double>(40, 0));
  const Array rows = random({6, 1, 3}, 45), columns = random({3, 6}, 46).transposed().reshape({6, 1, 3});
  for (const Array& a : {rows, columns}) check_near(kernels::matmul(a, b), product_of(a.reshape({6, 3}), b), 1e-6);
}

TEST_CASE("matmul_into: adds the products of a batch up where the total is one matrix for several") {
  for (const Array& a : laid_out(5, 7, 50))
    for (const Array& b : laid_out(7, 9, 60))
      for (const Shape& batch : {Shape{3, 4}, Shape{1, 4}, Shape{3, 1}, Shape{1, 1}}) {
        Array total = random({batch[0], batch[1], 5, 9}, 70);
        std::vector<double> expected = numbers(total);
        for (std::int64_t i = 0; i < 3; ++i)
          for (std::int64_t j = 0; j < 4; ++j) {
            const auto part = product_of(matrix_of(a, i, j), matrix_of(b, i, j));
            const std::int64_t place = (batch[0] == 1 ? 0 : i) * batch[1] + (batch[1] == 1 ? 0 : j);
            for (std::size_t e = 0; e < part.size(); ++e) expected[static_cast<std::size_t>(place) * 45 + e] += part[e];
          }
        kernels::matmul_into(total, a, b);
        check_near(total, expected, 1e-5);
      }
}

TEST_CASE("matmul_into: many matrices on one side alone") {
  const Array a = random({6, 5, 7}, 80), b = random({7, 9}, 81);
  Array total = Array::zeros({5, 9});
  kernels::matmul_into(total, a, b);
  std::vector<double> expected(45, 0);
  for (std::int64_t i = 0; i < 6; ++i) {
    const auto part = product_of(a.slice(0, i, 1, 1).squeeze(0), b);
    for (std::size_t e = 0; e < part.size(); ++e) expected[e] += part[e];
  }
  check_near(total, expected, 1e-5);
}

TEST_CASE("matmul: the same bits on any number of threads, folded or not") {
  const Array a = random({8, 100, 60}, 90), b = random({60, 70}, 91), each = random({8, 60, 70}, 92);
  check_near(on_threads([&] { return kernels::matmul(a, b); }), product_of(a.reshape({800, 60}), b), 1e-5);
  on_threads([&] { return kernels::matmul(a, each); });
  on_threads([&] {
    Array total = Array::zeros({60, 60});
    kernels::matmul_into(total, a.transposed(), a);
    return total;
  });
}
