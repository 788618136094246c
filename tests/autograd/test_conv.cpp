#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/conv.hpp"
#include "autograd/ops/pool.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/parallel.hpp"
#include "lib/random.hpp"
#include "lib/storage.hpp"
#include "tests/autograd/op_cases.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

struct Random {
  std::mt19937_64 engine{7};
  std::int64_t operator()(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine);
  }
};

/// A convolution of two spatial axes with everything that can be set, and its plain loops.
struct Configuration {
  std::int64_t batch, height, width, channels, features, kh, kw, groups;
  std::int64_t sh, sw, dh, dw, ph, pw;
  std::int64_t out_h, out_w;

  explicit Configuration(Random& random)
      : batch(random(1, 3)),
        height(random(1, 9)),
        width(random(1, 9)),
        kh(random(1, 3)),
        kw(random(1, 3)),
        groups(random(1, 3)),
        sh(random(1, 3)),
        sw(random(1, 3)),
        dh(random(1, 2)),
        dw(random(1, 2)),
        ph(random(0, 3)),
        pw(random(0, 3)) {
    channels = groups * random(1, 4);
    features = groups * random(1, 20);
    height += std::max<std::int64_t>(0, (kh - 1) * dh + 1 - height - 2 * ph);
    width += std::max<std::int64_t>(0, (kw - 1) * dw + 1 - width - 2 * pw);
    out_h = (height + 2 * ph - (kh - 1) * dh - 1) / sh + 1;
    out_w = (width + 2 * pw - (kw - 1) * dw - 1) / sw + 1;
  }

  ConvOptions options() const {
    return {.stride = {sh, sw}, .padding = {ph, pw}, .dilation = {dh, dw}, .groups = groups};
  }
  Shape x_shape() const { return {batch, height, width, channels}; }
  Shape w_shape() const { return {kh, kw, channels / groups, features}; }
  Shape y_shape() const { return {batch, out_h, out_w, features}; }

  /// Calls f(place in x, place in w, place in y) for every product that is part of the convolution.
  template <class F>
  void for_each_product(F f) const {
    const std::int64_t inner = channels / groups, outer = features / groups;
    for (std::int64_t n = 0; n < batch; ++n)
      for (std::int64_t oh = 0; oh < out_h; ++oh)
        for (std::int64_t ow = 0; ow < out_w; ++ow)
          for (std::int64_t o = 0; o < features; ++o)
            for (std::int64_t i = 0; i < kh; ++i)
              for (std::int64_t j = 0; j < kw; ++j)
                for (std::int64_t c = 0; c < inner; ++c) {
                  const std::int64_t h = oh * sh + i * dh - ph, w = ow * sw + j * dw - pw;
                  if (h < 0 || h >= height || w < 0 || w >= width) continue;
                  f(static_cast<std::size_t>(((n * height + h) * width + w) * channels + o / outer * inner + c),
                    static_cast<std::size_t>(((i * kw + j) * inner + c) * features + o),
                    static_cast<std::size_t>(((n * out_h + oh) * out_w + ow) * features + o));
                }
  }
};

using Numbers = std::vector<double>;

/// The largest difference, relative to the largest number.
double distance(const Tensor& got, const Numbers& expected) {
  const Numbers values = got.to_vector<double>();
  REQUIRE(values.size() == expected.size());
  double difference = 0, scale = 1;
  for (std::size_t i = 0; i < values.size(); ++i) {
    difference = std::max(difference, std::abs(values[i] - expected[i]));
    scale = std::max(scale, std::abs(expected[i]));
  }
  return difference / scale;
}

}  // namespace

TEST_CASE("conv2d: agrees with plain loops on 200 random configurations, as do both gradients") {
  Random random;
  for (int trial = 0; trial < 200; ++trial) {
    const Configuration c(random);
    const Tensor x = uniform(c.x_shape()).set_requires_grad(), w = uniform(c.w_shape()).set_requires_grad();
    const Tensor dy = uniform(c.y_shape()), y = conv2d(x, w, c.options());
    REQUIRE(y.shape() == c.y_shape());
    const Numbers xs = x.to_vector<double>(), ws = w.to_vector<double>(), gs = dy.to_vector<double>();
    Numbers ys(gs.size()), dx(xs.size()), dw(ws.size());
    c.for_each_product([&](std::size_t i, std::size_t j, std::size_t k) {
      ys[k] += xs[i] * ws[j];
      dx[i] += gs[k] * ws[j];
      dw[j] += gs[k] * xs[i];
    });
    const auto gradients = grad({y}, {x, w}, {.gradients = {dy}});
    CHECK(distance(y, ys) < 1e-12);
    CHECK(distance(gradients[0], dx) < 1e-12);
    CHECK(distance(gradients[1], dw) < 1e-12);
  }
}

TEST_CASE("conv2d: the same bits for any number of threads") {
  const Tensor x = Generator(1).normal({8, 14, 14, 16}), w = Generator(2).normal({3, 3, 16, 40});
  const auto all = [&] {
    const Tensor a = Tensor(x.array()).set_requires_grad(), b = Tensor(w.array()).set_requires_grad();
    const Tensor y = conv2d(a, b, {.padding = "same"});
    const auto gradients = grad({sum(y * y)}, {a, b});
    return std::vector{y.to_vector<float>(), gradients[0].to_vector<float>(), gradients[1].to_vector<float>()};
  };
  set_num_threads(1);
  const auto expected = all();
  for (const int threads : {2, 3}) {
    set_num_threads(threads);
    CHECK(all() == expected);
  }
  set_num_threads(0);
}

TEST_CASE("conv2d: pixels that no window reaches have a gradient of 0, whatever their memory held") {
  const Shape image{2, 8, 8, 3};
  {
    std::vector<Array> garbage;
    for (int i = 0; i < 64; ++i) garbage.push_back(Array::full(image, std::nan(""), float32));
  }
  const Tensor x = zeros(image).set_requires_grad(), w = ones({1, 1, 3, 1});
  const auto gradient = grad(sum(conv2d(x, w, {.stride = 5})), x).to_vector<float>();
  for (std::size_t place = 0; place < gradient.size(); ++place) {
    const std::size_t row = place / 24 % 8, column = place / 3 % 8;
    CHECK(gradient[place] == (row % 5 == 0 && column % 5 == 0 ? 1 : 0));
  }
}

TEST_CASE("conv2d: what it needs beside its result stays below 64 MB for a large batch") {
  const Tensor x = zeros({512, 28, 28, 16}).set_requires_grad(), w = zeros({3, 3, 16, 16}).set_requires_grad();
  const auto scratch = [](auto compute) {
    const std::size_t before = pool::statistics().used_bytes;
    pool::reset_peak();
    const Tensor result = compute();
    return pool::statistics().peak_bytes - before - result.array().storage_bytes();
  };
  const std::size_t most = 64 << 20;
  const Tensor y = conv2d(x, w, {.padding = "same"}), dy = zeros(y.shape());
  CHECK(scratch([&] { return conv2d(x.detach(), w.detach(), {.padding = "same"}); }) < most);
  CHECK(scratch([&] { return grad(y, x, {.gradients = {dy}, .retain_graph = true}); }) < most);
  CHECK(scratch([&] { return grad(y, w, {.gradients = {dy}}); }) < most);
}

TEST_CASE("convolutions: the transpose of a convolution undoes its shape") {
  const Tensor x = ones({2, 9, 7, 3}), w = ones({3, 3, 3, 5});
  for (const ConvOptions& options :
       {ConvOptions{}, ConvOptions{.padding = 1}, ConvOptions{.stride = 2}, ConvOptions{.padding = "same"}})
    CHECK(conv2d_transpose(conv2d(x, w, options), w, options).shape() == x.shape());
}

TEST_CASE("convolutions: errors") {
  const Tensor x = ones({2, 5, 5, 3}), w = ones({3, 3, 3, 4});
  CHECK_ERROR(ShapeError, conv2d(ones({2, 3, 5, 5}), w),
              "conv2d: x of shape (2, 3, 5, 5) has 5 channels, the kernel (3, 3, 3, 4) is for 3: channels are the last "
              "axis of x");
  CHECK_ERROR(ShapeError, conv2d(ones({5, 5, 3}), w),
              "conv2d: x of shape (5, 5, 3) and a kernel of shape (3, 3, 3, 4) where (batch, height, width, channels) "
              "and as many axes of the kernel are expected");
  CHECK_ERROR(
      ShapeError, conv2d(x, ones({6, 3, 3, 4})),
      "conv2d: the kernel of shape (6, 3, 3, 4) reaches over x of shape (2, 5, 5, 3): pad it, or take a smaller "
      "kernel or dilation");
  CHECK_ERROR(DTypeError, conv2d(x, ones({3, 3, 3, 4}, float64)),
              "conv2d: dtypes float32 and float64 differ: convert with astype");
  CHECK_ERROR(DTypeError, conv2d(ones({2, 5, 5, 3}, int64), w),
              "conv2d: a float32 or float64 tensor expected, got int64 of shape (2, 5, 5, 3): convert with astype");
  CHECK_ERROR(ValueError, conv2d(x, w, {.groups = 2}),
              "conv2d: 3 channels and 4 features do not fall into 2 groups, for shapes (2, 5, 5, 3) and (3, 3, 3, 4)");
  CHECK_ERROR(ValueError, conv2d(x, w, {.stride = 0}), "conv2d: the stride must be at least 1, got 0");
  CHECK_ERROR(ValueError, conv2d(x, w, {.dilation = {1, 1, 1}}),
              "conv2d: the dilation has 3 numbers for 2 spatial axes");
  CHECK_ERROR(ValueError, conv2d(x, w, {.padding = "full"}),
              "unknown padding 'full': it is \"valid\", \"same\", \"causal\" or numbers");
  CHECK_ERROR(ShapeError, conv2d(x, w, {.bias = ones({4}, float64)}),
              "conv2d: a float32 bias of shape (4,) is expected, got float64 (4,)");
  CHECK_ERROR(ShapeError, conv2d(x, w, {.bias = ones({3})}),
              "conv2d: a float32 bias of shape (4,) is expected, got float32 (3,)");
  CHECK_ERROR(
      ShapeError, conv2d_transpose(x, w),
      "conv2d_transpose: x of shape (2, 5, 5, 3) has 3 channels, the kernel (3, 3, 3, 4) is for 4: channels are "
      "the last axis of both");
  CHECK_ERROR(ShapeError, conv2d_transpose(ones({1, 1, 1, 4}), w, {.padding = 2}),
              "conv2d_transpose: no convolution with a kernel of shape (3, 3, 3, 4) and this padding gives shape "
              "(1, 1, 1, 4)");
  CHECK_ERROR(ValueError, conv2d_transpose(x, w, {.bias = ones({3})}),
              "conv2d_transpose: takes no bias: add it to the result");
  CHECK_ERROR(ShapeError, unfold(x, {.window = 6}), "unfold: the window reaches over shape (2, 5, 5, 3)");
  CHECK_ERROR(ShapeError, fold(x, {2, 5, 5, 3}, {.window = 2}),
              "fold: windows of shape (2, 5, 5, 3) where shape (2, 5, 5, 3) has (2, 4, 4, 12)");
}

TEST_CASE("pooling: errors") {
  const Tensor x = ones({2, 5, 5, 3});
  CHECK_ERROR(ShapeError, max_pool2d(ones({5, 5, 3})),
              "max_pool2d: (batch, 2 spatial axes, channels) expected, got shape (5, 5, 3)");
  CHECK_ERROR(ShapeError, max_pool2d(x, {.window = 6}), "max_pool2d: a window of 6 reaches over shape (2, 5, 5, 3)");
  CHECK_ERROR(ValueError, average_pool2d(x, {.window = 2, .padding = 2}),
              "average_pool2d: the padding 2 must be smaller than the window 2");
  CHECK_ERROR(ValueError, max_pool2d(x, {.window = 0}), "max_pool2d: the window must be at least 1, got 0");
  CHECK_ERROR(ShapeError, adaptive_max_pool(ones({2, 3}), 1),
              "adaptive_max_pool: (batch, one to three spatial axes, channels) expected, got shape (2, 3)");
  CHECK_ERROR(ValueError, adaptive_average_pool(x, {1, 2, 3}),
              "adaptive_average_pool: the size has 3 numbers for 2 spatial axes");
}

TEST_CASE("max_pool2d: NaN wins, and the gradient goes to the first of equal ones") {
  const Tensor x = Tensor(Array::from<double>({1, 3, 3, 2}, {1, 2, 2, 1})).set_requires_grad();
  const Tensor y = max_pool2d(x);
  CHECK(y.item() == 3);
  CHECK(grad(sum(y), x).to_vector<double>() == Numbers{0, 1, 0, 0});
  const double nan = std::nan("");
  CHECK(std::isnan(max_pool2d(Tensor(Array::from<double>({1, nan, 3, 2}, {1, 2, 2, 1}))).item()));
}
