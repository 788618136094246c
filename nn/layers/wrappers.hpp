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
/// return_sequences, both belong to the same steps. Children: forward and backward.
class XG_API Bidirectional : public ClonedLayer<Bidirectional> {
 public:
  /// A recurrent layer that is not built, and that does not return its state; another one is a ValueError.
  template <std::derived_from<Recurrent> R>
  explicit Bidirectional(R layer, Merge merge = Merge::concatenate,
                         std::source_location where = std::source_location::current())
      : Bidirectional(shared(std::move(layer)), merge, where) {}

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "Bidirectional"; }
  /// One of its own with the same values.
  Bidirectional clone() const;
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override;

 private:
  Bidirectional(std::shared_ptr<Recurrent> layer, Merge merge, std::source_location where);

  Merge merge_;
  Recurrent &forward_, &backward_;
};

/// A module for each step: x (batch, steps, ...) -> (batch, steps, ...), as if the steps were samples. Child: layer.
class XG_API TimeDistributed : public ClonedLayer<TimeDistributed> {
 public:
  /// Of that module.
  template <std::derived_from<Module> M>
  explicit TimeDistributed(M layer, std::source_location where = std::source_location::current())
      : layer_(&adopt(shared(std::move(layer)), "layer", where)) {}

  Tensor forward(const Tensor& x) override;
  std::string type() const override { return "TimeDistributed"; }
  /// One of its own with the same values.
  TimeDistributed clone() const;
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override;

 private:
  TimeDistributed() = default;

  Module* layer_ = nullptr;
};

}  // namespace xg::nn
