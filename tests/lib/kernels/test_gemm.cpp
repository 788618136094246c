#include "lib/kernels/gemm/gemm.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "lib/error.hpp"
#include "lib/kernels/gemm/tiles.hpp"
#include "lib/parallel.hpp"
#include "lib/random.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using kernels::Matrix;
using kernels::Start;
using kernels::Tiles;

namespace {

template <class T>
constexpr DType dtype_of = std::is_same_v<T, float> ? float32 : float64;

/// How a matrix lies in memory.
enum class Layout { rows, columns, wide_rows, backwards, every_third };

/// Random numbers, and the matrix of that layout that lies among them.
template <class T>
struct Sample {
  Array memory;
  Matrix<T> matrix;

  Sample(std::int64_t rows, std::int64_t columns, Layout layout, std::uint64_t seed)
      : memory(Generator(seed).uniform({3 * (rows + 1) * (columns + 5)}, -1, 1, dtype_of<T>)) {
    const T* data = memory.data<T>();
    switch (layout) {
      case Layout::rows:
        matrix = {data, columns, 1};
        break;
      case Layout::columns:
        matrix = {data, 1, rows};
        break;
      case Layout::wide_rows:
        matrix = {data + 1, columns + 5, 1};
        break;
      case Layout::backwards:
        matrix = {data + rows * columns, -columns, 1};
        break;
      case Layout::every_third:
        matrix = {data, 3 * columns, 3};
        break;
    }
  }
  T at(std::int64_t i, std::int64_t j) const { return matrix.data[i * matrix.row_step + j * matrix.column_step]; }
};

/// The largest error of gemm, in units of the rounding that k additions may show.
template <class T>
double error_of(std::int64_t m, std::int64_t n, std::int64_t k, Layout a_layout, Layout b_layout) {
  const Sample<T> a(m, k, a_layout, 1), b(k, n, b_layout, 2), start(m, n, Layout::rows, 3);
  std::vector<T> c(static_cast<std::size_t>(m * n + 1), T{7});
  kernels::gemm<T>(m, n, k, a.matrix, b.matrix, {start.matrix.data, n}, c.data());
  double worst = c.back() == T{7} ? 0 : std::numeric_limits<double>::infinity();
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      long double sum = start.at(i, j);
      for (std::int64_t p = 0; p < k; ++p) sum += static_cast<long double>(a.at(i, p)) * b.at(p, j);
      const double error = std::abs(static_cast<double>(sum - c[static_cast<std::size_t>(i * n + j)]));
      if (!(error <= worst)) worst = error;
    }
  return worst / (static_cast<double>(k + 1) * std::numeric_limits<T>::epsilon());
}

template <class T>
std::vector<T> product(std::int64_t m, std::int64_t n, std::int64_t k, const Sample<T>& a, const Sample<T>& b,
                       Start<T> start = {}) {
  std::vector<T> c(static_cast<std::size_t>(m * n), T{7});
  kernels::gemm<T>(m, n, k, a.matrix, b.matrix, start, c.data());
  return c;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

}  // namespace

TEST_CASE_TEMPLATE("gemm: agrees with long double for shapes around every block", T, float, double) {
  for (const std::int64_t m : {1, 5, 8, 9, 97})
    for (const std::int64_t n : {1, 7, 16, 48, 50, 101})
      for (const std::int64_t k : {1, 2, 31, 257}) CHECK(error_of<T>(m, n, k, Layout::rows, Layout::rows) < 1);
  CHECK(error_of<T>(70, 60, 1030, Layout::rows, Layout::rows) < 1);
  CHECK(error_of<T>(9, 1600, 20, Layout::rows, Layout::rows) < 1);
  CHECK(error_of<T>(100, 1600, 300, Layout::columns, Layout::rows) < 1);
}

TEST_CASE_TEMPLATE("gemm: any layout in memory", T, float, double) {
  for (const Layout a : {Layout::rows, Layout::columns, Layout::wide_rows, Layout::backwards, Layout::every_third})
    for (const Layout b : {Layout::rows, Layout::columns, Layout::wide_rows, Layout::backwards, Layout::every_third}) {
      CHECK(error_of<T>(13, 57, 29, a, b) < 1);
      CHECK(error_of<T>(72, 150, 300, a, b) < 1);
    }
}

TEST_CASE_TEMPLATE(
    "gemm: each element is a chain of additions for every 256 of the depth, whatever the tile, the rows "
    "and the columns",
    T, float, double) {
  // Both operands read in place, and both packed.
  for (const auto& [m, n, k] : {std::array<std::int64_t, 3>{50, 111, 256}, {50, 111, 1100}, {80, 600, 700}}) {
    const Sample<T> a(m, k, Layout::rows, 4), b(k, n, Layout::rows, 5);
    const auto whole = product(m, n, k, a, b);
    for (const std::int64_t i : {std::int64_t{0}, std::int64_t{7}, std::int64_t{8}, m - 1})
      for (const std::int64_t j : {std::int64_t{0}, std::int64_t{15}, std::int64_t{48}, n - 1}) {
        T alone = 0;
        kernels::gemm<T>(1, 1, k, {a.matrix.data + i * k, k, 1}, {b.matrix.data + j, n, 1}, {}, &alone);
        CHECK(alone == whole[static_cast<std::size_t>(i * n + j)]);
#ifdef __FMA__
        T sum = 0;
        for (std::int64_t block = 0; block < k; block += 256) {
          T chain = 0;
          for (std::int64_t p = block; p < std::min(k, block + 256); ++p)
            chain = std::fma(a.at(i, p), b.at(p, j), chain);
          sum += chain;
        }
        CHECK(alone == sum);
#endif
      }
  }
}

TEST_CASE("gemm: the error grows with a block's length and the number of blocks, not with the depth") {
  // One chain would round most of the later elements off in the same direction.
  const float tenth = 0.1F, one = 1;
  for (const std::int64_t k : {100000, 300001, 1000000})
    for (const auto& [m, n] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {1, 50}, {9, 1}, {9, 50}}) {
      CAPTURE(k);
      std::vector<float> c(static_cast<std::size_t>(m * n));
      kernels::gemm<float>(m, n, k, Matrix<float>{&one, 0, 0}, Matrix<float>{&tenth, 0, 0}, {}, c.data());
      const double exact = static_cast<double>(k) * static_cast<double>(tenth);
      const double roundings = 256 + static_cast<double>(k) / 256;
      for (const float element : c) CHECK(std::abs(static_cast<double>(element) - exact) < roundings * 0x1p-24 * exact);
    }
  const std::int64_t k = 500000;
  const Sample<float> a(4, k, Layout::rows, 14), b(k, 20, Layout::rows, 15);
  const auto c = product(4, 20, k, a, b);
  for (std::int64_t i = 0; i < 4; ++i)
    for (std::int64_t j = 0; j < 20; ++j) {
      long double sum = 0, magnitude = 0;
      for (std::int64_t p = 0; p < k; ++p) {
        const auto term = static_cast<long double>(a.at(i, p)) * b.at(p, j);
        sum += term;
        magnitude += std::abs(term);
      }
      // Signs are random: roundings add up to their root.
      CHECK(std::abs(static_cast<double>(sum - c[static_cast<std::size_t>(i * 20 + j)])) <
            std::sqrt(256 + 500000 / 256) * 0x1p-24 * static_cast<double>(magnitude));
    }
}

TEST_CASE_TEMPLATE("gemm: the same bits for any number of threads", T, float, double) {
  for (const auto& [m, n, k] : {std::array<std::int64_t, 3>{300, 200, 300}, {130, 1000, 200}, {2000, 10, 300}}) {
    const Sample<T> a(m, k, Layout::rows, 6), b(k, n, Layout::columns, 7);
    set_num_threads(1);
    const auto one = product(m, n, k, a, b);
    for (const int threads : {2, 3, 4}) {
      set_num_threads(threads);
      CHECK(same_bits(product(m, n, k, a, b), one));
    }
    set_num_threads(0);
  }
}

TEST_CASE_TEMPLATE("gemm: a thread whose part is one row gives the bits of all rows", T, float, double) {
  const std::int64_t m = 17, n = 16, k = 8000;
  const Sample<T> a(m, k, Layout::rows, 6), b(k, n, Layout::rows, 7), start(m, n, Layout::rows, 8);
  set_num_threads(1);
  const auto one = product(m, n, k, a, b, {start.matrix.data, n});
  for (const int threads : {2, 3, 17}) {
    set_num_threads(threads);
    CHECK(same_bits(product(m, n, k, a, b, {start.matrix.data, n}), one));
  }
  set_num_threads(0);
}

TEST_CASE_TEMPLATE("gemm: starts from nothing, a matrix, one row for all, or its own result", T, float, double) {
  const std::int64_t m = 10, n = 21, k = 6;
  const Sample<T> a(m, k, Layout::rows, 8), b(k, n, Layout::rows, 9), start(m, n, Layout::rows, 10);
  const auto zero = product(m, n, k, a, b);
  CHECK(same_bits(product(m, n, k, a, b, {std::vector<T>(static_cast<std::size_t>(n), T{0}).data(), 0}), zero));
  const auto row = product(m, n, k, a, b, {start.matrix.data, 0});
  const auto full = product(m, n, k, a, b, {start.matrix.data, n});
  std::vector<T> own(start.matrix.data, start.matrix.data + m * n);
  kernels::gemm<T>(m, n, k, a.matrix, b.matrix, {own.data(), n}, own.data());
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      const auto at = static_cast<std::size_t>(i * n + j);
      const auto error = [&](T found, double from) {  // of what is added, which may nearly cancel
        const double product = static_cast<double>(zero[at]);
        return std::abs(static_cast<double>(found) - product - from) / (std::abs(product) + std::abs(from));
      };
      CHECK(own[at] == start.at(i, j) + zero[at]);
      CHECK(error(row[at], start.at(0, j)) < 1e-6);
      CHECK(error(full[at], start.at(i, j)) < 1e-6);
    }
}

TEST_CASE_TEMPLATE("gemm: without depth the result is its start; without rows or columns nothing happens", T, float,
                   double) {
  const Sample<T> a(3, 1, Layout::rows, 1), b(1, 20, Layout::rows, 2), start(3, 20, Layout::rows, 3);
  CHECK(product(3, 20, 0, a, b) == std::vector<T>(60, T{0}));
  CHECK(product(3, 20, 0, a, b, {start.matrix.data, 20}) == std::vector<T>(start.matrix.data, start.matrix.data + 60));
  CHECK(product(0, 20, 1, a, b).empty());
  CHECK(product(3, 0, 1, a, b).empty());
}

TEST_CASE_TEMPLATE("gemm: NaN and infinity reach their row or column and no other", T, float, double) {
  const std::int64_t m = 9, n = 50, k = 4;
  std::vector<T> a(static_cast<std::size_t>(m * k), T{1}), b(static_cast<std::size_t>(k * n), T{1});
  a[2 * k + 1] = std::numeric_limits<T>::quiet_NaN();
  b[3 * n + 49] = std::numeric_limits<T>::infinity();
  std::vector<T> c(static_cast<std::size_t>(m * n));
  kernels::gemm<T>(m, n, k, {a.data(), k, 1}, {b.data(), n, 1}, {}, c.data());
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      const T value = c[static_cast<std::size_t>(i * n + j)];
      CHECK(std::isnan(value) == (i == 2));
      if (i != 2) CHECK(std::isinf(value) == (j == 49));
    }
}

TEST_CASE_TEMPLATE("gemm: one row has the bits that it has among others", T, float, double) {
  for (const std::int64_t n : {15, 16, 17, 31, 32, 33, 191, 192, 193, 200, 400})
    for (const std::int64_t k : {0, 1, 256, 257, 784}) {
      CAPTURE(n);
      CAPTURE(k);
      const Sample<T> a(3, k, Layout::rows, 6), b(k, n, Layout::wide_rows, 7), start(3, n, Layout::rows, 8);
      for (const Start<T>& from : {Start<T>{}, Start<T>{start.matrix.data, 0}, Start<T>{start.matrix.data, n}}) {
        const auto whole = product(3, n, k, a, b, from);
        Sample<T> second = a;
        second.matrix.data += k;
        const std::vector<T> expected(whole.begin() + n, whole.begin() + 2 * n);
        const T* const begin = from.data ? from.data + from.row_step : nullptr;
        CHECK(same_bits(product(1, n, k, second, b, {begin, n}), expected));
        std::vector<T> added(start.matrix.data, start.matrix.data + n), sum = added;
        kernels::gemm<T>(1, n, k, second.matrix, b.matrix, {added.data(), n}, added.data());
        const auto product_alone = product(1, n, k, second, b);
        if (k <= 256)
          for (std::size_t j = 0; j < added.size(); ++j) CHECK(added[j] == sum[j] + product_alone[j]);
      }
    }
}

#if defined(__x86_64__) && defined(__FMA__)
TEST_CASE("gemm: the tiles of every instruction set give the same bits") {
  const std::int64_t k = 100;
  const Sample<float> a(8, k, Layout::rows, 11), columns(8, k, Layout::columns, 12), b(k, 64, Layout::rows, 13);
  const auto check = [&](const Tiles<float>& set) {
    CAPTURE(set.lanes);
    for (int rows = 1; rows <= set.rows; ++rows)
      for (int vectors = 1; vectors <= set.vectors; ++vectors)
        for (const bool along_rows : {true, false}) {
          const Sample<float>& left = along_rows ? a : columns;
          const auto run = (along_rows ? set.along_rows : set.along_columns)[rows - 1][vectors - 1];
          CAPTURE(rows);
          CAPTURE(vectors);
          CAPTURE(along_rows);
          std::vector<float> c(8 * 64);
          run(k, left.matrix.data, along_rows ? left.matrix.row_step : left.matrix.column_step, b.matrix.data, 64,
              nullptr, 0, c.data(), 64, false);
          std::vector<float> twice = c;
          run(k, left.matrix.data, along_rows ? left.matrix.row_step : left.matrix.column_step, b.matrix.data, 64,
              twice.data(), 64, twice.data(), 64, true);
          for (int i = 0; i < rows; ++i)
            for (int j = 0; j < vectors * set.lanes; ++j) {
              float chain = 0;
              for (std::int64_t p = 0; p < k; ++p) chain = std::fma(left.at(i, p), b.at(p, j), chain);
              REQUIRE(c[static_cast<std::size_t>(i * 64 + j)] == chain);
              REQUIRE(twice[static_cast<std::size_t>(i * 64 + j)] == chain + chain);
            }
        }
  };
  check(kernels::base_tiles_float);
  check(kernels::avx2_tiles_float);
  if (__builtin_cpu_supports("avx512vl")) check(kernels::avx512_tiles_float);
}
#endif
