#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/gradcheck.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/assemble.hpp"
#include "autograd/ops/conv.hpp"
#include "autograd/ops/decomposition.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/loss.hpp"
#include "autograd/ops/pool.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/scan.hpp"
#include "autograd/ops/shape.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max(),
                       least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t huge = std::int64_t{1} << 62, large = std::int64_t{1} << 40;

using Numbers = std::vector<double>;

Numbers numbers(const Tensor& x) { return x.to_vector<double>(); }

/// A call that must throw an error of ours before it has used memory.
template <class F>
void check_refused(const char* what, F f) {
  CAPTURE(what);
  pool::reset_peak();
  const std::size_t before = pool::statistics().used_bytes;
  CHECK_THROWS_AS(f(), Error);
  CHECK(pool::statistics().peak_bytes < before + (1 << 20));
}
#define CHECK_REFUSED(call) check_refused(#call, [&] { static_cast<void>(call); })

/// What Python takes of `extent` positions.
Numbers sliced(std::int64_t extent, const Slice& slice) {
  const auto place = [&](std::int64_t bound) {
    if (bound < 0) return std::max<std::int64_t>(bound, -extent - 1) + extent;
    return std::min(bound, extent);
  };
  const bool forwards = slice.step > 0;
  const std::int64_t start = slice.start ? place(*slice.start) : forwards ? 0 : extent - 1;
  const std::int64_t stop = slice.stop ? place(*slice.stop) : forwards ? extent : -1;
  const std::int64_t step = std::clamp<std::int64_t>(slice.step, -extent - 1, extent + 1);
  Numbers result;
  for (std::int64_t i = forwards ? std::max<std::int64_t>(start, 0) : std::min(start, extent - 1);
       forwards ? i < stop : i > stop; i += step)
    result.push_back(static_cast<double>(i));
  return result;
}

/// dx of cumprod by its definition, for one line.
Numbers cumprod_gradient(const Numbers& x, const Numbers& dy) {
  Numbers dx(x.size(), 0);
  for (std::size_t k = 0; k < x.size(); ++k)
    for (std::size_t i = k; i < x.size(); ++i) {
      double product = dy[i];
      for (std::size_t j = 0; j <= i; ++j) product *= j == k ? 1 : x[j];
      dx[k] += product;
    }
  return dx;
}

}  // namespace

TEST_CASE("extents: pooling an empty spatial axis is an error") {
  const PoolOptions padded{.window = 2, .padding = 1};
  CHECK_ERROR(ShapeError, max_pool1d(ones({1, 0, 2}), padded),
              "max_pool1d: nothing to pool along the empty spatial axes of shape (1, 0, 2)");
  CHECK_ERROR(ShapeError, average_pool1d(ones({1, 0, 2}), padded),
              "average_pool1d: nothing to pool along the empty spatial axes of shape (1, 0, 2)");
  CHECK_ERROR(ShapeError, max_pool2d(ones({1, 3, 0, 2}), padded),
              "max_pool2d: nothing to pool along the empty spatial axes of shape (1, 3, 0, 2)");
  CHECK_ERROR(ShapeError, average_pool3d(ones({1, 0, 3, 3, 1}), {.padding = "same"}),
              "average_pool3d: nothing to pool along the empty spatial axes of shape (1, 0, 3, 3, 1)");
  CHECK_ERROR(ShapeError, adaptive_max_pool(ones({1, 0, 1}), 1),
              "adaptive_max_pool: nothing to pool along the empty spatial axes of shape (1, 0, 1)");
}

TEST_CASE("extents: pooling no images gives none") {
  for (const auto pool : {max_pool2d, average_pool2d}) {
    Tensor x = ones({0, 4, 4, 3}).set_requires_grad();
    const Tensor y = pool(x, {.padding = 1});
    CHECK(y.shape() == Shape{0, 3, 3, 3});
    sum(y).backward();
    CHECK(x.grad().shape() == x.shape());
    CHECK(pool(ones({2, 4, 4, 0}), {}).shape() == Shape{2, 2, 2, 0});
  }
}

TEST_CASE("extents: geometry that does not fit 64 bits is refused") {
  const Tensor line = ones({1, 4, 1}), image = ones({1, 4, 4, 1}), kernel = ones({3, 1, 1});
  CHECK_ERROR(ShapeError, conv1d(line, kernel, {.padding = "same", .dilation = huge}),
              "conv1d: 2 * 4611686018427387904 is too large for an extent");
  CHECK_ERROR(ShapeError, conv1d(line, kernel, {.padding = huge}),
              "conv1d: 2 * 4611686018427387904 is too large for an extent");
  CHECK_ERROR(ShapeError, conv1d(line, ones({2, 1, 1}), {.padding = "same", .dilation = most}),
              "conv1d: 9223372036854775807 + 1 is too large for an extent");
  CHECK_REFUSED(conv1d(line, kernel, {.padding = "same", .dilation = huge / 2}));
  CHECK_REFUSED(conv2d(image, ones({3, 3, 1, 1}), {.padding = "same", .dilation = large}));
  CHECK_REFUSED(conv1d(ones({1, 4, 0}), ones({3, 8, 0}), {.groups = huge}));
  CHECK_REFUSED(conv1d_transpose(line, kernel, {.stride = huge}));
  CHECK_REFUSED(conv1d_transpose(line, kernel, {.stride = most, .padding = "same"}));
  CHECK_REFUSED(conv1d_transpose(line, kernel, {.dilation = huge}));
  CHECK_REFUSED(conv1d_transpose(line, kernel, {.padding = huge}));
  CHECK_REFUSED(unfold(line, {.window = huge, .padding = "same"}));
  CHECK_REFUSED(unfold(line, {.window = 3, .padding = "same", .dilation = huge}));
  CHECK_REFUSED(unfold(image, {.window = std::int64_t{1} << 32, .padding = "same"}));
  CHECK_REFUSED(fold(ones({1, 4, 3}), {1, 4, 1}, {.window = 3, .padding = "same", .dilation = huge}));
  CHECK_REFUSED(fold(ones({1, 4, 3}), {1, huge, 1}, {.window = 3}));
  for (const std::int64_t negative : {std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()})
    CHECK_REFUSED(fold(ones({1, 3, 2}), {1, negative, 1}, {.window = 2}));
  for (const auto pool : {max_pool1d, average_pool1d}) {
    CHECK_REFUSED(pool(line, {.window = most, .padding = most - 1}));
    CHECK_REFUSED(pool(line, {.window = most, .stride = 1, .padding = "same"}));
    CHECK_REFUSED(pool(line, {.window = most}));
  }
}

TEST_CASE("extents: a stride beyond the end leaves one window") {
  const Tensor line = reshape(Tensor{1.0, 2.0, 3.0, 4.0}, {1, 4, 1}), kernel = ones({2, 1, 1});
  for (const std::int64_t stride : {huge, most}) {
    CHECK(numbers(max_pool1d(line, {.window = 2, .stride = stride})) == Numbers{2});
    CHECK(numbers(average_pool1d(line, {.window = 2, .stride = stride})) == Numbers{1.5});
    CHECK(numbers(max_pool1d(line, {.window = 3, .stride = stride, .padding = "same"})) == Numbers{3});
    CHECK(numbers(conv1d(line, kernel, {.stride = stride})) == Numbers{3});
    CHECK(numbers(conv1d(line, kernel, {.stride = stride, .padding = "same"})).size() == 1);
    CHECK(numbers(unfold(line, {.window = 2, .stride = stride})) == Numbers{1, 2});
    CHECK(numbers(fold(ones({1, 1, 2}), {1, 4, 1}, {.window = 2, .stride = stride})) == Numbers{1, 1, 0, 0});
    Tensor x = line.detach().array().clone();
    x.set_requires_grad();
    sum(max_pool1d(x, {.window = 2, .stride = stride}) + conv1d(x, kernel, {.stride = stride})).backward();
    CHECK(numbers(x.grad()) == Numbers{1, 2, 0, 0});
  }
  CHECK(numbers(conv1d(line, ones({1, 1, 1}), {.dilation = most})) == Numbers{1, 2, 3, 4});
}

TEST_CASE("extents: a kernel without elements is an error") {
  CHECK_ERROR(ShapeError, conv1d(ones({1, 4, 1}), ones({0, 1, 1})),
              "conv1d: the kernel of shape (0, 1, 1) has an empty spatial axis");
  CHECK_ERROR(ShapeError, conv2d_transpose(ones({1, 4, 4, 1}), ones({2, 0, 1, 1})),
              "conv2d_transpose: the kernel of shape (2, 0, 1, 1) has an empty spatial axis");
}

TEST_CASE("extents: absurd counts are refused before memory or time is spent") {
  const Tensor x = ones({3, 4}), image = ones({1, 2, 2, 1}), wide = ones({2, 2, 1, 1 << 10});
  for (const std::int64_t count : {std::int64_t{1} << 44, std::int64_t{1} << 46, huge, most}) {
    CAPTURE(count);
    CHECK_REFUSED(chunk(x, count));
    CHECK_REFUSED(split(x, {count, count}));
    CHECK_REFUSED(repeat(x, count, 0));
    CHECK_REFUSED(repeat(x, count, -1));
    CHECK_REFUSED(tile(x, {count}));
    CHECK_REFUSED(tile(x, {count, count}));
    CHECK_REFUSED(tile(ones({0, 3}), {count, count}));
    CHECK_REFUSED(pad(x, {{count, 0}}));
    CHECK_REFUSED(pad(x, {{count, count}}));
    CHECK_REFUSED(pad(x, {{count, count}}, {.mode = PadMode::edge}));
    CHECK_REFUSED(pad(x, {{count, 0}}, {.mode = PadMode::reflect}));
    CHECK_REFUSED(resize(image, count));
    CHECK_REFUSED(resize(image, count, Interpolation::nearest));
    CHECK_REFUSED(adaptive_max_pool(image, count));
    CHECK_REFUSED(adaptive_average_pool(image, {1, count}));
    CHECK_REFUSED(one_hot(arange(3), count));
    CHECK_REFUSED(arange(count));
    CHECK_REFUSED(arange(0, static_cast<double>(count)));
    CHECK_REFUSED(linspace(0, 1, count));
    CHECK_REFUSED(eye(count));
    CHECK_REFUSED(diag(x, count));
    CHECK_REFUSED(diag(x, -count));
    CHECK_REFUSED(topk(x, count));
    CHECK_REFUSED(zeros({count, 2}));
    CHECK_REFUSED(broadcast_to(ones({1}), {count, 64}) + 1.0);
    CHECK_REFUSED(reshape(x, {count, -1}));
    CHECK_REFUSED(reshape(ones({0}), {count, 64, 0}));
    CHECK_REFUSED(unfold(image, {.window = count, .padding = "same"}));
  }
  CHECK_REFUSED(diag(x, least));
  CHECK_REFUSED(resize(wide, std::int64_t{1} << 26));
  CHECK_REFUSED(repeat(wide, std::int64_t{1} << 28, 0));
  CHECK_REFUSED(tile(wide, {std::int64_t{1} << 28, 1, 1, 1}));
  CHECK_REFUSED(pad(wide, {{std::int64_t{1} << 28, 0}}, {.mode = PadMode::edge}));
}

TEST_CASE("extents: absurd offsets and shifts mean what they say") {
  const Tensor x = reshape(arange(6), {2, 3});
  for (const std::int64_t offset : {huge, most, -huge, least}) {
    CAPTURE(offset);
    CHECK(diagonal(x, offset).shape() == Shape{0});
    CHECK(numbers(tril(x, offset)) == (offset > 0 ? numbers(x) : Numbers(6, 0)));
    CHECK(numbers(triu(x, offset)) == (offset < 0 ? numbers(x) : Numbers(6, 0)));
  }
  CHECK(numbers(roll(Tensor{0, 1, 2}, most, 0)) == Numbers{2, 0, 1});   // most = 3 k + 1
  CHECK(numbers(roll(Tensor{0, 1, 2}, least, 0)) == Numbers{2, 0, 1});  // least = -(3 k + 2)
  CHECK(roll(ones({0, 2}), 5, 0).shape() == Shape{0, 2});
}

TEST_CASE("extents: slices with any bounds and steps are Python's") {
  using Bound = std::optional<std::int64_t>;
  const std::vector<Bound> bounds{{}, least, -huge, -6, -5, -4, -1, 0, 1, 3, 4, 5, huge, most};
  Tensor x = arange(0, 4);
  x.set_requires_grad();
  for (const Bound& start : bounds)
    for (const Bound& stop : bounds)
      for (const std::int64_t step : {least, -most, std::int64_t{-3}, std::int64_t{-1}, std::int64_t{1},
                                      std::int64_t{2}, std::int64_t{4}, huge, most}) {
        const Slice range(start, stop, step);
        const Numbers expected = sliced(4, range);
        REQUIRE(numbers(x[{range}]) == expected);
        const Tensor part = slice(x, 0, {.start = start, .stop = stop, .step = step});
        REQUIRE(numbers(part) == expected);
        Numbers places(4, 0);
        for (const double place : expected) places[static_cast<std::size_t>(place)] = 1;
        REQUIRE(numbers(grad(sum(part), x)) == places);
      }
  CHECK_ERROR(ValueError, x[most], "index: 9223372036854775807 is out of range for an axis of extent 4 of shape (4,)");
  CHECK_ERROR(ValueError, x[least],
              "index: -9223372036854775808 is out of range for an axis of extent 4 of shape (4,)");
}

TEST_CASE("extents: nothing is not walked a long time") {
  const Tensor rows = zeros({large, 0}), matrices = zeros({large, 0, 0}), lines = zeros({large, 4, 0});
  CHECK(sum(rows, {.axis = 0}).shape() == Shape{0});
  CHECK(mean(rows, {.axis = 0}).shape() == Shape{0});
  CHECK(cumsum(rows, 0).shape() == rows.shape());
  CHECK(cumsum(rows, 1).shape() == rows.shape());
  CHECK(cumprod(lines, 1).shape() == lines.shape());
  CHECK(cummax(lines, 1).shape() == lines.shape());
  CHECK(sort(lines, 1).shape() == lines.shape());
  CHECK(argsort(rows, 0).shape() == rows.shape());
  CHECK(max(lines, {.axis = 1}).shape() == rows.shape());
  CHECK(argmax(lines, {.axis = 1}).shape() == rows.shape());
  CHECK(take(lines, arange(2), 1).shape() == Shape{large, 2, 0});
  CHECK(matmul(matrices, matrices).shape() == matrices.shape());
  CHECK(inv(matrices).shape() == matrices.shape());
  CHECK(softmax(lines, 1).shape() == lines.shape());
  CHECK(concatenate({lines, lines}, 1).shape() == Shape{large, 8, 0});
  CHECK(roll(lines, 1, 1).shape() == lines.shape());
  CHECK(repeat(lines, 2, 1).shape() == Shape{large, 8, 0});
  CHECK(pad(lines, {{0, 0}, {1, 1}}).shape() == Shape{large, 6, 0});
  CHECK(max_pool1d(lines).shape() == Shape{large, 2, 0});
  CHECK(average_pool1d(lines).shape() == Shape{large, 2, 0});
  CHECK(conv1d(lines, zeros({2, 0, 0})).shape() == Shape{large, 3, 0});
  CHECK(conv1d_transpose(lines, zeros({2, 0, 0})).shape() == Shape{large, 5, 0});
  CHECK(unfold(lines, {.window = 2}).shape() == Shape{large, 3, 0});
  CHECK(to_string(lines) == "[]");
  Tensor x = zeros({large, 4, 0}).set_requires_grad(), w = zeros({2, 0, 0}).set_requires_grad();
  sum(conv1d(x, w) + 1.0).backward();
  CHECK(x.grad().shape() == x.shape());
  CHECK(w.grad().shape() == w.shape());
}

TEST_CASE("extents: errors from below the operations name the user's line") {
  const Tensor one = ones({1}), long_one = broadcast_to(one, {large});
  const Tensor column = broadcast_to(one, {1 << 23, 1}), row = broadcast_to(one, {1, 1 << 23});
  CHECK_ERROR(MemoryError, exp(long_one), "the system has no memory for 4398046511232 bytes");
  CHECK_ERROR(MemoryError, sum(long_one.array() * 2.0), "the system has no memory for 4398046511232 bytes");
  CHECK_ERROR(ShapeError, column * row, "shape (8388608, 8388608) of float32 does not fit the address space");
  CHECK_ERROR(ShapeError, broadcast_to(one, {huge}),
              "shape (4611686018427387904,) of float32 does not fit the address space");
  CHECK_ERROR(ShapeError, zeros({huge, 8}), "shape (4611686018427387904, 8) has too many elements");
  CHECK_ERROR(ShapeError, one.shape()[1], "axis 1 is out of range for shape (1,)");
  CHECK(column.shape()[-2] == 1 << 23);
}

TEST_CASE("extents: undefined tensors are errors where elements are asked for") {
  Tensor none, x = ones({}).set_requires_grad();
  CHECK_ERROR(ValueError, none.to_vector<float>(), "the array is undefined: assign it a value first");
  CHECK_ERROR(ValueError, none.item(), "item: an undefined tensor: assign it a value first");
  CHECK_ERROR(ValueError, none.set_requires_grad(), "set_requires_grad: an undefined tensor: assign it a value first");
  CHECK_ERROR(ValueError, x.set_grad(none), "set_grad: an undefined tensor: zero_grad() forgets the gradient");
  CHECK_ERROR(ValueError, zeros_like(none), "zeros_like: the tensor is undefined: assign it a value first");
  CHECK_ERROR(ValueError, ones_like(none), "ones_like: the tensor is undefined: assign it a value first");
  CHECK_ERROR(
      ValueError, exp(none),
      "an undefined tensor was given to an operation: assign it a value first; a grad() has none before backward()");
}

TEST_CASE("extents: arange refuses what no sequence is, and is exact in integers") {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_ERROR(ValueError, arange(0, 1e300), "arange: from 0 to 1e+300 by 1 are too many elements");
  CHECK_ERROR(ValueError, arange(-1.7e308, 1.7e308), "arange: from -1.7e+308 to 1.7e+308 by 1 are too many elements");
  CHECK_ERROR(ValueError, arange(0, 1, 1e-300), "arange: from 0 to 1 by 1e-300 are too many elements");
  CHECK_ERROR(ValueError, arange(0, nan), "arange: from 0 to NaN by 1 makes no sequence");
  CHECK_ERROR(ValueError, arange(-infinity, 0), "arange: from -inf to 0 by 1 makes no sequence");
  CHECK_ERROR(ValueError, arange(0, 1, 0), "arange: from 0 to 1 by 0 makes no sequence");
  CHECK(arange(0, 3, -1).shape() == Shape{0});
  CHECK(arange(3, 0).shape() == Shape{0});
  const std::int64_t start = std::int64_t{1} << 53;
  CHECK(arange(0x1p53, 0x1p53 + 6, 1, int64).to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{start, start + 1, start + 2, start + 3, start + 4, start + 5});
  CHECK(arange(-0x1p63, 0x1p62, 0x1p62, int64).to_vector<std::int64_t>() == std::vector<std::int64_t>{least, -huge, 0});
  CHECK(numbers(arange(250, 255, 4, uint8)) == Numbers{250, 254});
  CHECK(numbers(linspace(0.1, 0.7, 38, float64)).back() == 0.7);
  CHECK_ERROR(ValueError, linspace(0, 1, -1), "linspace: the count must not be negative, got -1");
  CHECK_ERROR(ValueError, eye(-1), "eye: the extent must not be negative, got -1");
}

TEST_CASE("extents: chunk refuses more parts than elements") {
  CHECK_ERROR(ValueError, chunk(ones({3, 4}), 4), "chunk: axis 0 of shape (3, 4) has too few elements for 4 parts");
  CHECK(chunk(ones({3, 4}), 3).size() == 3);
  CHECK(chunk(ones({0}), 1).size() == 1);
}

TEST_CASE("nll_loss: classes outside the range are refused, negative ones too") {
  const Tensor x = log_softmax(ones({2, 3}));
  CHECK_ERROR(ValueError, nll_loss(x, Tensor{0, -1}), "nll_loss: -1 is none of the 3 classes, which count from 0");
  CHECK_ERROR(ValueError, nll_loss(x, Tensor{3, 0}), "nll_loss: 3 is none of the 3 classes, which count from 0");
  CHECK_ERROR(ValueError, nll_loss(x, full({2}, 200, uint8)),
              "nll_loss: 200 is none of the 3 classes, which count from 0");
  CHECK(nll_loss(x, Tensor{0, 2}).shape() == Shape{2});
}

TEST_CASE("values: NaN is the largest for sort, argsort and topk, and wins max, min, argmax and argmin, on any axis") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const Tensor lines({{nan, 1.0, infinity}, {3.0, nan, 2.0}, {nan, nan, 0.0}}, float64);
  for (const bool turned : {false, true}) {
    const Tensor x = turned ? transpose(lines) : lines;
    for (const int axis : {turned ? 0 : 1, turned ? -2 : -1}) {
      CAPTURE(axis);
      const auto line = [&](const Tensor& y, std::int64_t i) { return to_string(select(y, i, turned ? 1 : 0)); };
      const auto text = [](std::initializer_list<double> values) { return to_string(Tensor(values, float64)); };
      const auto places = [](std::initializer_list<int> values) { return to_string(Tensor(values)); };
      CHECK(line(sort(x, axis), 0) == text({1, infinity, nan}));
      CHECK(line(sort(x, axis, true), 0) == text({nan, infinity, 1}));
      CHECK(line(sort(x, axis, true), 2) == text({nan, nan, 0}));
      CHECK(line(argsort(x, axis), 2) == places({2, 0, 1}));
      CHECK(line(argsort(x, axis, true), 1) == places({1, 0, 2}));
      CHECK(line(topk(x, 2, axis).values, 0) == text({nan, infinity}));
      CHECK(line(topk(x, 2, axis).indices, 2) == places({0, 1}));
      CHECK(line(topk(x, 2, axis, false).values, 2) == text({0, nan}));
      CHECK(to_string(select(topk(x, 1, axis).indices, 0, axis)) == to_string(argmax(x, {.axis = axis})));
      CHECK(to_string(select(topk(x, 1, axis).values, 0, axis)) == to_string(max(x, {.axis = axis})));
      CHECK(to_string(min(x, {.axis = axis})) == text({nan, nan, nan}));
      CHECK(to_string(argmin(x, {.axis = axis})) == places({0, 1, 0}));
      CHECK(to_string(median(x, {.axis = axis})) == text({nan, nan, nan}));
    }
  }
}

TEST_CASE("cumprod: the gradient needs memory for a few copies of x, and holds with no, one and several zeros") {
  const std::vector<Numbers> samples{
      {2, -0.5, 3, 1.5, 4}, {2, 0, 3, 1.5, 4}, {0, 2, 0, 3, 0}, {1, 2, 3, 4, 0}, {0}, {}};
  for (const Numbers& values : samples) {
    Tensor x(Array::from(values, {static_cast<std::int64_t>(values.size())}));
    Numbers dy(values.size());
    for (std::size_t i = 0; i < dy.size(); ++i) dy[i] = 0.5 + static_cast<double>(i);
    x.set_requires_grad();
    cumprod(x, 0).backward({.gradient = Tensor(Array::from(dy, x.shape()))});
    CHECK(numbers(x.grad()) == cumprod_gradient(values, dy));
    const auto report = gradgradcheck([](const auto& inputs) { return cumprod(inputs[0], 0); }, {x});
    CHECK_MESSAGE(report.passed, to_string(report));
  }
  Tensor x = ones({1 << 14}, float64).set_requires_grad();
  const std::size_t size = x.array().bytes(), before = pool::statistics().used_bytes;
  slice(x.detach(), 0, {.start = 100, .stop = 101}).assign(zeros({1}));
  pool::reset_peak();
  sum(cumprod(x, 0)).backward();
  CHECK(numbers(x.grad())[0] == 100);
  CHECK(numbers(x.grad())[100] == (1 << 14) - 100);
  CHECK(pool::statistics().peak_bytes < before + 16 * size);
}
