#include "lib/kernels/conv.hpp"

#include <algorithm>
#include <string>

#include "tests/lib/kernels/compare.hpp"

using namespace xg;
using namespace xg::testing;
using kernels::Convolution;

namespace {

/// A convolution of images (batch, 1, height, width, channels), and all that can be computed of it by plain loops.
struct Case {
  std::string name;
  Convolution c;

  Case(std::string what, Convolution settings) : name(std::move(what)), c(settings) {
    for (std::size_t axis = 0; axis < 3; ++axis)
      c.out[axis] =
          (c.in[axis] + 2 * c.before[axis] - (c.kernel[axis] - 1) * c.dilation[axis] - 1) / c.stride[axis] + 1;
  }

  Shape x() const { return {c.batch, c.in[0], c.in[1], c.in[2], c.channels}; }
  Shape w() const { return {c.kernel[0], c.kernel[1], c.kernel[2], c.channels / c.groups, c.features}; }
  Shape y() const { return {c.batch, c.out[0], c.out[1], c.out[2], c.features}; }
  Shape patches() const {
    return {c.batch, c.out[0], c.out[1], c.out[2], c.kernel[0] * c.kernel[1] * c.kernel[2] * c.channels};
  }
  double depth() const { return static_cast<double>(w().elements() / c.features); }

  /// Calls f(image, pixel of y, tap, pixel of x) for every pixel that a tap of the kernel sees; pixels count from the
  /// first of the batch.
  template <class F>
  void for_each_tap(F f) const {
    for (std::int64_t n = 0; n < c.batch; ++n)
      for (std::int64_t h = 0; h < c.out[1]; ++h)
        for (std::int64_t v = 0; v < c.out[2]; ++v)
          for (std::int64_t p = 0; p < c.kernel[1]; ++p)
            for (std::int64_t q = 0; q < c.kernel[2]; ++q) {
              const std::int64_t i = h * c.stride[1] + p * c.dilation[1] - c.before[1];
              const std::int64_t j = v * c.stride[2] + q * c.dilation[2] - c.before[2];
              if (i >= 0 && i < c.in[1] && j >= 0 && j < c.in[2])
                f((n * c.out[1] + h) * c.out[2] + v, p * c.kernel[2] + q, (n * c.in[1] + i) * c.in[2] + j);
            }
  }
  /// Calls f(element of y, element of w, element of x) for every product.
  template <class F>
  void for_each_product(F f) const {
    const std::int64_t channels = c.channels / c.groups, features = c.features / c.groups;
    for_each_tap([&](std::int64_t out, std::int64_t tap, std::int64_t in) {
      for (std::int64_t g = 0; g < c.groups; ++g)
        for (std::int64_t i = 0; i < channels; ++i)
          for (std::int64_t o = 0; o < features; ++o)
            f(out * c.features + g * features + o, (tap * channels + i) * c.features + g * features + o,
              in * c.channels + g * channels + i);
    });
  }
};

std::vector<double> zeros_of(const Shape& shape) {
  return std::vector<double>(static_cast<std::size_t>(shape.elements()), 0);
}

/// More images than a block has: 64 of 16 x 16 pixels fill 16,384 rows, large ones 2 MB.
std::vector<Case> cases() {
  return {
      {"three blocks", {150, 3, 8, 1, {1, 16, 16}, {}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}}},
      {"plain frames", {150, 2, 5, 1, {1, 16, 18}, {}, {1, 1, 3}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}}},
      {"strides, dilation and groups", {300, 4, 6, 2, {1, 23, 21}, {}, {1, 3, 2}, {1, 2, 1}, {1, 1, 2}, {0, 1, 1}}},
      {"a block an image", {3, 30, 4, 1, {1, 140, 130}, {}, {1, 2, 2}, {1, 3, 3}, {1, 1, 1}, {0, 1, 0}}},
      {"gaps between the windows", {130, 2, 3, 1, {1, 50, 49}, {}, {1, 2, 2}, {1, 5, 4}, {1, 1, 1}, {0, 1, 2}}},
  };
}

}  // namespace

TEST_CASE("conv: every block of a large batch, with the same bits on any number of threads") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    const Array x = random(each.x(), 1), w = random(each.w(), 2), bias = random({each.c.features}, 3);
    const auto values = numbers(x), kernel = numbers(w), start = numbers(bias);
    auto expected = zeros_of(each.y());
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = start[i % start.size()];
    each.for_each_product([&](std::int64_t out, std::int64_t tap, std::int64_t in) {
      expected[static_cast<std::size_t>(out)] += at(values, in) * at(kernel, tap);
    });
    check_near(on_threads([&] { return kernels::conv(x, w, bias, each.c, each.y()); }), expected, 1e-5);
  }
}

TEST_CASE("conv_transpose: every block of a large batch, with the same bits on any number of threads") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    const Array dy = random(each.y(), 4), w = random(each.w(), 5);
    const auto given = numbers(dy), kernel = numbers(w);
    auto expected = zeros_of(each.x());
    each.for_each_product([&](std::int64_t out, std::int64_t tap, std::int64_t in) {
      expected[static_cast<std::size_t>(in)] += at(given, out) * at(kernel, tap);
    });
    check_near(on_threads([&] { return kernels::conv_transpose(dy, w, each.c, each.x()); }), expected, 1e-5);
  }
}

TEST_CASE("conv_kernel: every block of a large batch, with the same bits on any number of threads") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    const Array x = random(each.x(), 6), dy = random(each.y(), 7);
    const auto values = numbers(x), given = numbers(dy);
    auto expected = zeros_of(each.w());
    each.for_each_product([&](std::int64_t out, std::int64_t tap, std::int64_t in) {
      expected[static_cast<std::size_t>(tap)] += at(values, in) * at(given, out);
    });
    check_near(on_threads([&] { return kernels::conv_kernel(x, dy, each.c, each.w()); }), expected, 2e-3);
  }
}

TEST_CASE("conv_kernel: the error does not grow with the number of pixels as one chain's would") {
  const Case each("long", {100, 1, 1, 1, {1, 100, 100}, {}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}});
  const Array w = kernels::conv_kernel(Array::full(each.x(), 1), Array::full(each.y(), 0.1), each.c, each.w());
  const double exact = 1e6 * static_cast<double>(0.1F);
  CHECK(std::abs(w.item<double>() - exact) < (256 + 1e6 / 256) * 0x1p-24 * exact);
}

TEST_CASE("unfold and fold: every image of a large batch, and zeros in the gaps between windows") {
  for (const Case& each : cases()) {
    CAPTURE(each.name);
    const Array x = random(each.x(), 8), patches = random(each.patches(), 9);
    const auto values = numbers(x), given = numbers(patches);
    auto windows = zeros_of(each.patches()), images = zeros_of(each.x());
    const std::int64_t taps = each.c.kernel[1] * each.c.kernel[2], channels = each.c.channels;
    each.for_each_tap([&](std::int64_t out, std::int64_t tap, std::int64_t in) {
      for (std::int64_t i = 0; i < channels; ++i) {
        const std::int64_t place = (out * taps + tap) * channels + i;
        windows[static_cast<std::size_t>(place)] = at(values, in * channels + i);
        images[static_cast<std::size_t>(in * channels + i)] += at(given, place);
      }
    });
    check_near(kernels::unfold(x, each.c, each.patches()), windows, 0);
    check_near(kernels::fold(patches, each.c, each.x()), images, 1e-5);
  }
}
