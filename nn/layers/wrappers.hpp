#pragma once

#include <concepts>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

#include "nn/layers/recurrent.hpp"

namespace xg::nn {

/// How Bidirectional puts its two outputs together.
enum class Merge { concatenate, sum, multiply, average };

/// A recurrent layer and one of the same options that goes the other way: their outputs side by side, or merged. With
/// return_sequences, both belong to the same steps. Called with nn::Tensors, further inputs are the initial states of
/// the one, then of the other, and a mask as for Recurrent; with return_state further outputs are the states of both.
/// Children: forward and backward.
class XG_API Bidirectional : public ClonedLayer<Bidirectional> {
 public:
  /// A recurrent layer that is not built; another one is a ValueError.
  template <std::derived_from<Recurrent> R>
  explicit Bidirectional(R layer, Merge merge = Merge::concatenate,
                         std::source_location where = std::source_location::current())
      : Bidirectional(shared(std::move(layer)), merge, where) {}

  Tensor forward(const Tensor& x) override;
  Tensors forward_many(const Tensors& inputs) override;
  std::string type() const override { return "Bidirectional"; }
  /// One of its own with the same values.
  Bidirectional clone() const;
  void build(const Shape& sample) override;
  void build_many(const std::vector<Shape>& samples) override { build(samples.front()); }
  std::optional<Shape> output_shape(const Shape& sample) const override;

 private:
  Bidirectional(std::shared_ptr<Recurrent> layer, Merge merge, std::source_location where);

  Tensor merged(const Tensor& a, Tensor b) const;

  Merge merge_;
  Recurrent &forward_, &backward_;
};

/// A module for each step: x (batch, steps, ...) -> (batch, steps, ...), as if the steps were samples. A mask beside
/// the input stands beside the output too; one that the module makes itself stays in it. Child: layer.
class XG_API TimeDistributed : public ClonedLayer<TimeDistributed> {
 public:
  /// Of that module.
  template <std::derived_from<Module> M>
  explicit TimeDistributed(M layer, std::source_location where = std::source_location::current())
      : layer_(&adopt(shared(std::move(layer)), "layer", where)) {}

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "TimeDistributed"; }
  MaskUse mask_use() const override { return MaskUse::hands_on; }
  /// One of its own with the same values.
  TimeDistributed clone() const;
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override;

 private:
  TimeDistributed() = default;

  Module* layer_ = nullptr;
};

extern template class ClonedLayer<Bidirectional>;
extern template class ClonedLayer<TimeDistributed>;

}  // namespace xg::nn
