#pragma once

#include <cstdint>
#include <source_location>

#include "nn/layer.hpp"

namespace xg::nn {

// Layers of several inputs: `nn::Add()({a, b, c})`. All of them broadcast, after samples with fewer axes got axes of
// one element behind the batch axis. A mask beside the inputs is that of all of them, and stands beside the output of
// all but Dot.

/// How inputs are merged element by element.
enum class Merging { add, subtract, multiply, average, maximum, minimum };

/// One tensor of several: their sum, product, mean, largest or smallest elements; of exactly two, their difference.
template <Merging Kind>
class XG_API MergeLayer : public ClonedLayer<MergeLayer<Kind>> {
 public:
  /// Fewer than two inputs, and more than two of a difference, are a ValueError.
  Tensors forward_many(const Tensors& inputs) override;
  std::string type() const override;
  /// One of its own.
  MergeLayer clone() const { return this->copied(MergeLayer()); }
};

/// The sum.
using Add = MergeLayer<Merging::add>;
/// The first without the second.
using Subtract = MergeLayer<Merging::subtract>;
/// The product.
using Multiply = MergeLayer<Merging::multiply>;
/// The mean.
using Average = MergeLayer<Merging::average>;
/// The largest elements.
using Maximum = MergeLayer<Merging::maximum>;
/// The smallest elements.
using Minimum = MergeLayer<Merging::minimum>;

/// The inputs one behind the other along an axis.
class XG_API Concatenate : public ClonedLayer<Concatenate> {
 public:
  /// Along that axis; 0 is the batch, negative ones count from the end.
  explicit Concatenate(int axis = -1) : axis_(axis) {}

  Tensors forward_many(const Tensors& inputs) override;
  std::string type() const override { return "Concatenate"; }
  /// One of its own.
  Concatenate clone() const { return copied(Concatenate(axis_)); }

 private:
  int axis_;
};

/// The options of Dot.
struct DotOptions {
  int first_axis = -1;     ///< of the first input; negative ones count from the end
  int second_axis = -1;    ///< of the second
  bool normalize = false;  ///< divide by the norms along the axes first: the cosine of the angle
};

/// The sum of the products of two inputs along an axis of each, for each sample: what is left of the first one's axes,
/// then of the second one's; (batch, 1) if there is nothing.
class XG_API Dot : public ClonedLayer<Dot> {
 public:
  /// Along these axes.
  explicit Dot(const DotOptions& options = {}) : options_(options) {}

  /// Another number of inputs than two is a ValueError; axes of different extents are a ShapeError.
  Tensors forward_many(const Tensors& inputs) override;
  std::string type() const override { return "Dot"; }
  /// One of its own.
  Dot clone() const { return copied(Dot(options_)); }

 private:
  DotOptions options_;
};

extern template class ClonedLayer<Concatenate>;
extern template class ClonedLayer<Dot>;

}  // namespace xg::nn
