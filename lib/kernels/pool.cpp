#include "lib/kernels/pool.hpp"

namespace xg::kernels {
namespace {

/// The spatial axes of a contiguous array as three.
struct Extents {
  std::int64_t batch, depth, height, width, channels;

  Extents(const Shape& shape) : batch(shape[0]), depth(1), height(1), width(1), channels(shape.back()) {
    const std::size_t axes = shape.rank() - 2;
    if (axes > 0) width = shape[axes];
    if (axes > 1) height = shape[axes - 1];
    if (axes > 2) depth = shape[axes - 2];
  }
  /// Where the channels of a pixel begin.
  std::int64_t at(std::int64_t n, std::int64_t d, std::int64_t h, std::int64_t w) const {
    return (((n * depth + d) * height + h) * width + w) * channels;
  }
};

/// Calls f(place of the output's channels, image, windows' bounds) for every pixel of the output, in order.
template <class F>
void for_each_window(const Extents& x, const Windows& windows, F f) {
  if (x.channels == 0) return;
  std::int64_t out = 0;
  for (std::int64_t n = 0; n < x.batch; ++n)
    for (std::int64_t i = 0; i < windows[0].count; ++i)
      for (std::int64_t j = 0; j < windows[1].count; ++j)
        for (std::int64_t k = 0; k < windows[2].count; ++k, out += x.channels)
          f(out, n, windows[0][i], windows[1][j], windows[2][k]);
}

/// Calls f(place of the input's channels) for every pixel of a window.
template <class Range, class F>
void for_each_pixel(const Extents& x, std::int64_t n, const Range& d, const Range& h, const Range& w, F f) {
  for (std::int64_t i = d.first; i < d.second; ++i)
    for (std::int64_t j = h.first; j < h.second; ++j)
      for (std::int64_t k = w.first; k < w.second; ++k) f(x.at(n, i, j, k));
}

template <class Range>
double share(const Range& d, const Range& h, const Range& w) {
  return 1.0 / static_cast<double>((d.second - d.first) * (h.second - h.first) * (w.second - w.first));
}

}  // namespace

Array max_pool(const Array& x, const Windows& windows, Array& places) {
  const Array from = x.contiguous();
  const Array result = Array::empty(places.shape(), x.dtype());
  const Extents extents(x.shape());
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T* in = from.data<T>();
    T* values = result.data<T>();
    std::int64_t* indices = places.data<std::int64_t>();
    for_each_window(extents, windows,
                    [&](std::int64_t out, std::int64_t n, const auto& d, const auto& h, const auto& w) {
                      T* best = values + out;
                      std::int64_t* place = indices + out;
                      bool first = true;
                      for_each_pixel(extents, n, d, h, w, [&](std::int64_t at) {
                        const T* pixel = in + at;
                        if (first) {
                          first = false;
                          for (std::int64_t c = 0; c < extents.channels; ++c) {
                            best[c] = pixel[c];
                            place[c] = at + c;
                          }
                          return;
                        }
#pragma GCC ivdep
                        for (std::int64_t c = 0; c < extents.channels; ++c) {
                          const bool better = pixel[c] > best[c] || (pixel[c] != pixel[c] && best[c] == best[c]);
                          best[c] = better ? pixel[c] : best[c];
                          place[c] = better ? at + c : place[c];
                        }
                      });
                    });
  });
  return result;
}

Array average_pool(const Array& x, const Windows& windows, const Shape& y) {
  const Array from = x.contiguous(), out = Array::zeros(y, x.dtype());
  const Extents extents(x.shape());
  dispatch_floating(x.dtype(), [&]<class T>() {
    for_each_window(extents, windows,
                    [&](std::int64_t at, std::int64_t n, const auto& d, const auto& h, const auto& w) {
                      T* to = out.data<T>() + at;
                      for_each_pixel(extents, n, d, h, w, [&](std::int64_t pixel) {
                        const T* in = from.data<T>() + pixel;
                        for (std::int64_t c = 0; c < extents.channels; ++c) to[c] += in[c];
                      });
                      const auto part = static_cast<T>(share(d, h, w));
                      for (std::int64_t c = 0; c < extents.channels; ++c) to[c] *= part;
                    });
  });
  return out;
}

Array average_pool_transpose(const Array& dy, const Windows& windows, const Shape& x) {
  const Array from = dy.contiguous(), out = Array::zeros(x, dy.dtype());
  const Extents extents(x);
  dispatch_floating(dy.dtype(), [&]<class T>() {
    for_each_window(extents, windows,
                    [&](std::int64_t at, std::int64_t n, const auto& d, const auto& h, const auto& w) {
                      const T* in = from.data<T>() + at;
                      const auto part = static_cast<T>(share(d, h, w));
                      for_each_pixel(extents, n, d, h, w, [&](std::int64_t pixel) {
                        T* to = out.data<T>() + pixel;
                        for (std::int64_t c = 0; c < extents.channels; ++c) to[c] += in[c] * part;
                      });
                    });
  });
  return out;
}

}  // namespace xg::kernels
