#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "nn/layers/stateful.hpp"
#include "nn/regularizers.hpp"

namespace xg::nn {

/// One step of a recurrent layer: called with x (batch, ...) and a state, it gives the output and the state after it,
/// `cell({x, h, c})` -> {output, h, c}. Without a state it begins with zeros. A cell of the user's says the shapes of
/// its state, and what a step does:
/// ```cpp
/// struct Decay : nn::RecurrentCell {
///   std::vector<xg::Shape> state_shapes() const override { return {{3}}; }
///   nn::Tensors step(const xg::Tensor& x, const std::vector<xg::Tensor>& state) override {
///     const xg::Tensor h = 0.9 * state[0] + 0.1 * x;
///     return {h, h};
///   }
/// };
/// ```
class XG_API RecurrentCell : public Layer {
 public:
  /// The shapes of the state of a sample.
  virtual std::vector<Shape> state_shapes() const = 0;
  /// The output, and then the state after the step, for x (batch, ...) and the state before.
  virtual Tensors step(const Tensor& x, const std::vector<Tensor>& state) = 0;
  /// Of the state.
  virtual DType dtype() const { return float32; }

  /// The output of a step from a state of zeros.
  Tensor forward(const Tensor& x) override;
  /// A state of other shapes, before or after the step, is a ShapeError.
  Tensors forward_many(const Tensors& inputs) override;
  void build_many(const std::vector<Shape>& samples) override { build(samples.front()); }
  std::string type() const override { return "RecurrentCell"; }
};

/// The options of RNN.
struct RNNOptions {
  Regularizer activity_regularizer = {};  ///< of the output
  bool activity_mean = true;              ///< divide the activity penalty by the batch size
  bool return_sequences = false;          ///< the outputs of all steps instead of the last one's
  bool return_state = false;              ///< the state after the last step too, as further outputs
  bool go_backwards = false;              ///< from the last step to the first
  bool stateful = false;                  ///< goes on where the batch before stopped: see StatefulLayer
};

/// What goes from step to step: x (batch, steps, ...). Initial states and masks as for Recurrent.
class XG_API SteppingLayer : public StatefulLayer {
 public:
  Tensor forward(const Tensor& x) override;
  void build_many(const std::vector<Shape>& samples) override { build(samples.front()); }
  bool is_stateful() const override { return options_.stateful; }

 protected:
  /// What a step does: the output, and then the state after it, for the number of the step and the state before.
  using Step = std::function<Tensors(std::int64_t step, const std::vector<Tensor>& state)>;

  /// For derived classes.
  explicit SteppingLayer(RNNOptions options) : options_(std::move(options)) {}
  /// All steps of inputs[0], from the state in the inputs, whose shapes for a sample are these.
  Tensors run(const Tensors& inputs, const std::vector<Shape>& state_shapes, DType dtype, const Step& step);

  RNNOptions options_;  ///< what it was made with

 private:
  std::vector<Tensor> initial_state(const Tensors& inputs, const std::vector<Shape>& shapes, DType dtype) const;
};

/// Any cell, step by step: x (batch, steps, ...) -> (batch, ...), or (batch, steps, ...) with return_sequences. Child:
/// cell.
class XG_API RNN : public SteppingLayer {
 public:
  /// Of that cell.
  template <std::derived_from<RecurrentCell> C>
  explicit RNN(C cell, RNNOptions options = {}, std::source_location where = std::source_location::current())
      : SteppingLayer(std::move(options)), cell_(&adopt(shared(std::move(cell)), "cell", where)) {}

  /// An input without steps is a ShapeError.
  Tensors forward_many(const Tensors& inputs) override;
  std::string type() const override { return "RNN"; }
  std::shared_ptr<Module> copy() const override;
  /// One of its own with the same values.
  RNN clone() const;
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override;

 private:
  explicit RNN(RNNOptions options) : SteppingLayer(std::move(options)) {}

  RecurrentCell* cell_ = nullptr;
};

}  // namespace xg::nn
