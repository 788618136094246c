#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <source_location>
#include <utility>
#include <vector>

#include "autograd/ops/pool.hpp"
#include "nn/layer.hpp"

namespace xg::nn {

/// Gives samples another shape, of as many elements.
class XG_API Reshape : public ClonedLayer<Reshape> {
 public:
  /// One extent may be -1: what is left. A second one, and another negative number, is a ValueError.
  explicit Reshape(Shape target_shape, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "Reshape"; }
  /// One of its own.
  Reshape clone() const { return copied(Reshape(target_shape_)); }
  std::optional<Shape> output_shape(const Shape& sample) const override;

 private:
  Shape target_shape_;
};

/// Puts the axes of samples into another order.
class XG_API Permute : public ClonedLayer<Permute> {
 public:
  /// Axes count from 1, the batch aside: {2, 1} swaps the two axes of a matrix. What is no order of 1, 2, ... is a
  /// ValueError.
  explicit Permute(std::vector<int> dims, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "Permute"; }
  /// One of its own.
  Permute clone() const { return copied(Permute(dims_)); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return shape_by_trial(sample); }

 private:
  std::vector<int> dims_;
};

/// (batch, features) -> (batch, n, features): the same n times.
class XG_API RepeatVector : public ClonedLayer<RepeatVector> {
 public:
  /// Fewer than one is a ValueError.
  explicit RepeatVector(std::int64_t n, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "RepeatVector"; }
  /// One of its own.
  RepeatVector clone() const { return copied(RepeatVector(n_)); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return shape_by_trial(sample); }

 private:
  std::int64_t n_;
};

/// How much is before and behind a spatial axis: one number for both, or a pair.
struct Sides {
  /// The same on both sides.
  Sides(std::int64_t both) : before(both), after(both) {}
  /// Before and behind.
  Sides(std::int64_t first, std::int64_t second) : before(first), after(second) {}

  std::int64_t before;  ///< in front of the first element
  std::int64_t after;   ///< behind the last
};

/// Zeros around the spatial axes: x (batch, spatial axes, channels).
template <std::size_t Axes>
class XG_API ZeroPadding : public ClonedLayer<ZeroPadding<Axes>> {
 public:
  /// The same on all sides. A negative width is a ValueError.
  explicit ZeroPadding(std::int64_t all = 1, std::source_location where = std::source_location::current());
  /// Of the only axis.
  explicit ZeroPadding(Sides length, std::source_location where = std::source_location::current()) requires(Axes == 1)
      : ZeroPadding(std::vector{length}, where) {}
  /// Of both axes.
  ZeroPadding(Sides height, Sides width,
              std::source_location where = std::source_location::current()) requires(Axes == 2)
      : ZeroPadding(std::vector{height, width}, where) {}
  /// Of all three axes.
  ZeroPadding(Sides depth, Sides height, Sides width,
              std::source_location where = std::source_location::current()) requires(Axes == 3)
      : ZeroPadding(std::vector{depth, height, width}, where) {}

  Tensor forward(const Tensor& x) override;
  std::string type() const override;
  /// One of its own.
  ZeroPadding clone() const { return this->copied(ZeroPadding(padding_, std::source_location::current())); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return this->shape_by_trial(sample); }

 private:
  ZeroPadding(std::vector<Sides> padding, std::source_location where);

  std::vector<Sides> padding_;
};

/// Of (batch, length, channels).
using ZeroPadding1D = ZeroPadding<1>;
/// Of (batch, height, width, channels).
using ZeroPadding2D = ZeroPadding<2>;
/// Of (batch, depth, height, width, channels).
using ZeroPadding3D = ZeroPadding<3>;

/// Takes elements away around the spatial axes: x (batch, spatial axes, channels).
template <std::size_t Axes>
class XG_API Cropping : public ClonedLayer<Cropping<Axes>> {
 public:
  /// The same on all sides. A negative width is a ValueError.
  explicit Cropping(std::int64_t all = 1, std::source_location where = std::source_location::current());
  /// Of the only axis.
  explicit Cropping(Sides length, std::source_location where = std::source_location::current()) requires(Axes == 1)
      : Cropping(std::vector{length}, where) {}
  /// Of both axes.
  Cropping(Sides height, Sides width, std::source_location where = std::source_location::current()) requires(Axes == 2)
      : Cropping(std::vector{height, width}, where) {}
  /// Of all three axes.
  Cropping(Sides depth, Sides height, Sides width,
           std::source_location where = std::source_location::current()) requires(Axes == 3)
      : Cropping(std::vector{depth, height, width}, where) {}

  Tensor forward(const Tensor& x) override;
  std::string type() const override;
  /// One of its own.
  Cropping clone() const { return this->copied(Cropping(cropping_, std::source_location::current())); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return this->shape_by_trial(sample); }

 private:
  Cropping(std::vector<Sides> cropping, std::source_location where);

  std::vector<Sides> cropping_;
};

/// Of (batch, length, channels).
using Cropping1D = Cropping<1>;
/// Of (batch, height, width, channels).
using Cropping2D = Cropping<2>;
/// Of (batch, depth, height, width, channels).
using Cropping3D = Cropping<3>;

/// The options of UpSampling1D, UpSampling2D and UpSampling3D.
struct UpSamplingOptions {
  PerAxis size = 2;                                      ///< how often each element is repeated along each axis
  Interpolation interpolation = Interpolation::nearest;  ///< or linear, with pixel centres at half numbers
};

/// Stretches the spatial axes: x (batch, spatial axes, channels).
template <std::size_t Axes>
class XG_API UpSampling : public ClonedLayer<UpSampling<Axes>> {
 public:
  /// Factors below 1 are a ValueError.
  explicit UpSampling(UpSamplingOptions options = {}, std::source_location where = std::source_location::current());

  Tensor forward(const Tensor& x) override;
  std::string type() const override;
  /// One of its own.
  UpSampling clone() const { return this->copied(UpSampling(options_)); }
  std::optional<Shape> output_shape(const Shape& sample) const override { return this->shape_by_trial(sample); }

 private:
  UpSamplingOptions options_;
};

/// Of (batch, length, channels).
using UpSampling1D = UpSampling<1>;
/// Of (batch, height, width, channels).
using UpSampling2D = UpSampling<2>;
/// Of (batch, depth, height, width, channels).
using UpSampling3D = UpSampling<3>;

extern template class ClonedLayer<Reshape>;
extern template class ClonedLayer<Permute>;
extern template class ClonedLayer<RepeatVector>;

}  // namespace xg::nn
