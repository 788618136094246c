#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "autograd/ops/conv.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/tensor.hpp"

namespace xg::testing {

/// Arguments of one call, fixed by a seed: mostly ones that fit each other, so that kernels and rules run, and now and
/// then absurd ones.
class Source {
 public:
  explicit Source(std::uint64_t seed) : bits_(seed) {}

  /// Uniform in [0, count).
  std::int64_t below(std::int64_t count) {
    return static_cast<std::int64_t>(bits_() % static_cast<std::uint64_t>(count));
  }
  /// True once in so many.
  bool once_in(std::int64_t count) { return below(count) == 0; }
  template <class T>
  T one_of(std::initializer_list<T> choices) {
    return choices.begin()[below(static_cast<std::int64_t>(choices.size()))];
  }

  /// Small numbers; once in twelve one at the end of the range.
  std::int64_t number();
  /// A few of them.
  std::vector<std::int64_t> numbers();
  /// Ordinary numbers, zeros, infinities, NaN, extremes.
  double real();
  int axis() { return static_cast<int>(once_in(12) ? number() : below(7) - 3); }
  std::vector<int> axis_list();
  Axes axes();
  DType dtype() { return static_cast<DType>(below(6)); }
  DType floating() { return once_in(2) ? float32 : float64; }
  PerAxis per_axis();
  Padding padding();
  Shape shape();
  /// One that was used before in this call, or may go with it; else any.
  Shape related_shape();
  /// With extents that no memory holds, or none at all.
  Shape absurd_shape();
  Indices indices();

  /// A tensor of any dtype, contiguous or a view, a leaf with gradient where it can be; once in a hundred undefined.
  Tensor tensor() { return once_in(3) ? tensor(related_shape(), dtype()) : tensor(related_shape(), floating()); }
  Tensor tensor(const Shape& shape, DType dtype);
  /// A floating tensor of so many axes.
  Tensor of_rank(std::size_t rank);
  /// Whole numbers, mostly small ones.
  Tensor index_tensor() { return tensor(related_shape(), one_of({int64, int64, int32, uint8, float32})); }
  Tensor mask() { return tensor(related_shape(), once_in(10) ? dtype() : boolean); }
  std::vector<Tensor> tensors();

  /// The leaves with gradient made so far.
  const std::vector<Tensor>& leaves() const { return leaves_; }

 private:
  std::int64_t extent() { return one_of<std::int64_t>({0, 1, 1, 2, 2, 3, 3, 4, 5, 7, 17}); }
  Tensor laid_out(const Shape& shape, DType dtype);

  std::mt19937_64 bits_;
  std::vector<Shape> shapes_;
  std::vector<Tensor> leaves_;
};

}  // namespace xg::testing
