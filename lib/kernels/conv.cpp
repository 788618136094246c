#include "lib/kernels/conv.hpp"

#include <algorithm>
#include <vector>

#include "lib/kernels/gemm/gemm.hpp"

namespace xg::kernels {
namespace {

using Offsets = std::vector<std::int64_t, pool::Allocator<std::int64_t>>;

/// Images are convolved in blocks that stay in the caches.
constexpr std::size_t block_bytes = 2 << 20;
constexpr std::int64_t block_rows = 16384;

std::int64_t product(const Spatial& extents) { return extents[0] * extents[1] * extents[2]; }

/// How the images of one side are read: `before` zeros in front of them, `spread` - 1 between their pixels, `extent`
/// pixels in all; what lies outside is left out.
struct Frame {
  Spatial image, before, spread, extent;
  std::int64_t channels;

  bool plain() const { return image == extent && before == Spatial{} && spread == Spatial{1, 1, 1}; }
  std::int64_t image_size() const { return product(image) * channels; }
  std::int64_t framed_size() const { return product(extent) * channels; }
  /// Where a pixel of the image comes to lie along an axis; negative if outside.
  std::int64_t place(std::size_t axis, std::int64_t i) const {
    const std::int64_t at = before[axis] + i * spread[axis];
    return at < extent[axis] ? at : -1;
  }
};

/// Copies an image into its frame of zeros.
template <class T>
void put_in_frame(const Frame& frame, const T* image, T* to) {
  std::fill_n(to, frame.framed_size(), T{0});
  const std::int64_t width = frame.image[2];
  for (std::int64_t d = 0; d < frame.image[0]; ++d)
    for (std::int64_t h = 0; h < frame.image[1]; ++h) {
      const T* row = image + (d * frame.image[1] + h) * width * frame.channels;
      const std::int64_t at_d = frame.place(0, d), at_h = frame.place(1, h);
      if (at_d < 0 || at_h < 0) continue;
      T* line = to + (at_d * frame.extent[1] + at_h) * frame.extent[2] * frame.channels;
      if (frame.spread[2] == 1 && frame.place(2, 0) >= 0 && frame.place(2, width - 1) >= 0) {
        std::copy_n(row, width * frame.channels, line + frame.before[2] * frame.channels);
        continue;
      }
      for (std::int64_t w = 0; w < width; ++w)
        if (const std::int64_t at = frame.place(2, w); at >= 0)
          std::copy_n(row + w * frame.channels, frame.channels, line + at * frame.channels);
    }
}

/// The images of a contiguous batch, a block of them at a time.
template <class T>
class Blocks {
 public:
  Blocks(const Frame& frame, const Array& images, std::int64_t batch, std::int64_t pixels)
      : frame_(frame), images_(images.data<T>()), batch_(batch) {
    constexpr auto block_elements = static_cast<std::int64_t>(block_bytes / sizeof(T));
    count_ = std::clamp(std::min(block_elements / std::max<std::int64_t>(1, frame.framed_size()),
                                 block_rows / std::max<std::int64_t>(1, pixels)),
                        std::int64_t{1}, std::max<std::int64_t>(1, batch));
    if (!frame.plain()) scratch_ = Array::empty({count_ * frame.framed_size()}, images.dtype());
  }

  std::int64_t count() const { return count_; }

  /// Calls f(first image, how many, their elements) for every block.
  template <class F>
  void for_each(F f) {
    for (std::int64_t first = 0; first < batch_; first += count_) {
      const std::int64_t count = std::min(count_, batch_ - first);
      const T* images = images_ + first * frame_.image_size();
      if (!scratch_.defined()) {
        f(first, count, images);
        continue;
      }
      T* framed = scratch_.data<T>();
      for (std::int64_t i = 0; i < count; ++i)
        put_in_frame(frame_, images + i * frame_.image_size(), framed + i * frame_.framed_size());
      f(first, count, static_cast<const T*>(framed));
    }
  }

 private:
  Frame frame_;
  const T* images_;
  std::int64_t batch_, count_ = 1;
  Array scratch_;
};

/// Where the windows of `count` framed images begin: one for each pixel of the output.
Offsets windows(const Frame& frame, const Spatial& out, const Spatial& stride, std::int64_t count) {
  Offsets offsets;
  offsets.reserve(static_cast<std::size_t>(count * product(out)));
  for (std::int64_t n = 0; n < count; ++n)
    for (std::int64_t d = 0; d < out[0]; ++d)
      for (std::int64_t h = 0; h < out[1]; ++h)
        for (std::int64_t w = 0; w < out[2]; ++w)
          offsets.push_back(n * frame.framed_size() +
                            ((d * stride[0] * frame.extent[1] + h * stride[1]) * frame.extent[2] + w * stride[2]) *
                                frame.channels);
  return offsets;
}

/// Where the elements of a window lie, from its beginning: in the order of the kernel's rows.
Offsets window(const Frame& frame, const Spatial& kernel, const Spatial& dilation, std::int64_t channels) {
  Offsets offsets;
  for (std::int64_t d = 0; d < kernel[0]; ++d)
    for (std::int64_t h = 0; h < kernel[1]; ++h)
      for (std::int64_t w = 0; w < kernel[2]; ++w)
        for (std::int64_t c = 0; c < channels; ++c)
          offsets.push_back(
              ((d * dilation[0] * frame.extent[1] + h * dilation[1]) * frame.extent[2] + w * dilation[2]) *
                  frame.channels +
              c);
  return offsets;
}

/// The frame in which windows at every step lie inside. One that no array could be is a ShapeError.
Frame input_frame(const Convolution& c) {
  Frame frame{c.in, c.before, {1, 1, 1}, {}, c.channels};
  for (std::size_t axis = 0; axis < 3; ++axis)
    frame.extent[axis] =
        std::max<std::int64_t>(0, (c.out[axis] - 1) * c.stride[axis] + (c.kernel[axis] - 1) * c.dilation[axis] + 1);
  Shape{frame.extent[0], frame.extent[1], frame.extent[2], frame.channels}.elements();
  return frame;
}

/// Copies the pixels of an image out of its frame; those outside stay what they are.
template <class T>
void take_from_frame(const Frame& frame, const T* from, T* image) {
  for (std::int64_t d = 0; d < frame.image[0]; ++d)
    for (std::int64_t h = 0; h < frame.image[1]; ++h)
      for (std::int64_t w = 0; w < frame.image[2]; ++w, image += frame.channels) {
        const std::int64_t at_d = frame.place(0, d), at_h = frame.place(1, h), at_w = frame.place(2, w);
        const T* pixel = from + ((at_d * frame.extent[1] + at_h) * frame.extent[2] + at_w) * frame.channels;
        if (at_d >= 0 && at_h >= 0 && at_w >= 0) std::copy_n(pixel, frame.channels, image);
      }
}

/// A product for every window of every image and every group: out = bias + windows w.
template <class T>
void convolve(const Frame& frame, const Array& images, const T* w, const T* bias, const Convolution& c, T* out) {
  const std::int64_t pixels = product(c.out);
  const std::int64_t channels = c.channels / c.groups, features = c.features / c.groups;
  Blocks<T> blocks(frame, images, c.batch, pixels);
  const Offsets rows = windows(frame, c.out, c.stride, blocks.count());
  const Offsets columns = window(frame, c.kernel, c.dilation, channels);
  blocks.for_each([&](std::int64_t first, std::int64_t count, const T* x) {
    for (std::int64_t g = 0; g < c.groups; ++g)
      gemm<T>(count * pixels, features, static_cast<std::int64_t>(columns.size()),
              {x + g * channels, rows.data(), columns.data()}, {w + g * features, c.features, 1},
              {bias ? bias + g * features : nullptr, 0}, out + first * pixels * c.features + g * features, c.features);
  });
}

/// The convolution whose input is y's gradient, with the kernel flipped, that gives x's.
Convolution reversed(const Convolution& c) {
  Convolution back{c.batch, c.features, c.channels, c.groups, c.out, c.in, c.kernel, {1, 1, 1}, c.dilation, {}};
  for (std::size_t axis = 0; axis < 3; ++axis)
    back.before[axis] = (c.kernel[axis] - 1) * c.dilation[axis] - c.before[axis];
  return back;
}

/// w with its spatial axes flipped and its last two swapped within every group: (kernel, features / groups, channels).
template <class T>
Array flipped(const Array& w, const Convolution& c) {
  const std::int64_t taps = product(c.kernel), channels = c.channels / c.groups, features = c.features / c.groups;
  const Array out = Array::empty({taps * features, c.channels}, w.dtype());
  const T* from = w.data<T>();
  T* to = out.data<T>();
  for (std::int64_t k = 0; k < taps; ++k)
    for (std::int64_t i = 0; i < channels; ++i)
      for (std::int64_t g = 0; g < c.groups; ++g)
        for (std::int64_t f = 0; f < features; ++f)
          to[((taps - 1 - k) * features + f) * c.channels + g * channels + i] =
              from[(k * channels + i) * c.features + g * features + f];
  return out;
}

}  // namespace

Array conv(const Array& x, const Array& w, const Array& bias, const Convolution& c, const Shape& y) {
  const Array images = x.contiguous(), kernel = w.contiguous(), out = Array::empty(y, x.dtype());
  if (out.size() == 0) return out;
  const Array row = bias.defined() ? bias.contiguous() : bias;
  dispatch_floating(x.dtype(), [&]<class T>() {
    convolve<T>(input_frame(c), images, kernel.data<T>(), row.defined() ? row.data<T>() : nullptr, c, out.data<T>());
  });
  return out;
}

Array conv_transpose(const Array& dy, const Array& w, const Convolution& c, const Shape& x) {
  const Array images = dy.contiguous(), kernel = w.contiguous(), out = Array::empty(x, dy.dtype());
  if (out.size() == 0) return out;
  const Convolution back = reversed(c);
  Frame frame = input_frame(back);
  frame.spread = c.stride;
  dispatch_floating(dy.dtype(), [&]<class T>() {
    const Array turned = flipped<T>(kernel, c);
    convolve<T>(frame, images, turned.data<T>(), nullptr, back, out.data<T>());
  });
  return out;
}

Array conv_kernel(const Array& x, const Array& dy, const Convolution& c, const Shape& w) {
  const Array images = x.contiguous(), gradient = dy.contiguous(), out = Array::zeros(w, x.dtype());
  if (images.size() == 0 || gradient.size() == 0) return out;
  const std::int64_t pixels = product(c.out);
  const std::int64_t channels = c.channels / c.groups, features = c.features / c.groups;
  const Frame frame = input_frame(c);
  dispatch_floating(x.dtype(), [&]<class T>() {
    Blocks<T> blocks(frame, images, c.batch, pixels);
    const Offsets columns = windows(frame, c.out, c.stride, blocks.count());
    const Offsets rows = window(frame, c.kernel, c.dilation, channels);
    T* const to = out.data<T>();
    blocks.for_each([&](std::int64_t first, std::int64_t count, const T* from) {
      for (std::int64_t g = 0; g < c.groups; ++g)
        gemm<T>(static_cast<std::int64_t>(rows.size()), features, count * pixels,
                {from + g * channels, rows.data(), columns.data()},
                {gradient.data<T>() + first * pixels * c.features + g * features, c.features, 1},
                {to + g * features, c.features}, to + g * features, c.features);
    });
  });
  return out;
}

Array unfold(const Array& x, const Convolution& c, const Shape& patches) {
  const Array images = x.contiguous(), out = Array::empty(patches, x.dtype());
  if (out.size() == 0) return out;
  const Frame frame = input_frame(c);
  const std::int64_t pixels = product(c.out);
  dispatch_floating(x.dtype(), [&]<class T>() {
    Blocks<T> blocks(frame, images, c.batch, pixels);
    const Offsets rows = windows(frame, c.out, c.stride, blocks.count());
    const Offsets columns = window(frame, c.kernel, c.dilation, c.channels);
    T* to = out.data<T>();
    blocks.for_each([&](std::int64_t, std::int64_t count, const T* from) {
      for (std::int64_t row = 0; row < count * pixels; ++row)
        for (const std::int64_t column : columns) *to++ = from[rows[static_cast<std::size_t>(row)] + column];
    });
  });
  return out;
}

Array fold(const Array& patches, const Convolution& c, const Shape& x) {
  const Array from = patches.contiguous(), out = Array::zeros(x, patches.dtype());
  if (from.size() == 0) return out;
  const Frame frame = input_frame(c);
  const Offsets rows = windows(frame, c.out, c.stride, 1), columns = window(frame, c.kernel, c.dilation, c.channels);
  dispatch_floating(patches.dtype(), [&]<class T>() {
    const Array framed = Array::empty({frame.framed_size()}, patches.dtype());
    const T* value = from.data<T>();
    for (std::int64_t n = 0; n < c.batch; ++n) {
      std::fill_n(framed.data<T>(), frame.framed_size(), T{0});
      for (const std::int64_t row : rows)
        for (const std::int64_t column : columns) framed.data<T>()[row + column] += *value++;
      take_from_frame(frame, framed.data<T>(), out.data<T>() + n * frame.image_size());
    }
  });
  return out;
}

}  // namespace xg::kernels
