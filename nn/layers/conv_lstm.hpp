#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>

#include "autograd/ops/spatial.hpp"
#include "nn/activations.hpp"
#include "nn/initializers.hpp"
#include "nn/layers/rnn.hpp"

namespace xg::nn {

/// The options of ConvLSTM2D.
struct ConvLSTM2DOptions {
  std::int64_t filters = 0;                             ///< features of the output and of the state
  PerAxis kernel_size = 0;                              ///< extents of a window
  PerAxis strides = 1;                                  ///< the distance between the windows of the input
  Padding padding = "valid";                            ///< zeros around the input
  PerAxis dilation_rate = 1;                            ///< the distance between a window's elements of the input
  ActivationFunction activation = "tanh";               ///< of the candidate state
  ActivationFunction recurrent_activation = "sigmoid";  ///< of the gates
  bool use_bias = true;                                 ///< whether a bias is added
  Initializer kernel_initializer = "glorot_uniform";    ///< of the kernel
  Initializer recurrent_initializer = "orthogonal";     ///< of the recurrent kernel
  Initializer bias_initializer = "zeros";               ///< of the bias
  bool unit_forget_bias = true;                         ///< the forget gate's bias begins at 1
  Regularizer kernel_regularizer = {};                  ///< of the kernel
  Regularizer recurrent_regularizer = {};               ///< of the recurrent kernel
  Regularizer bias_regularizer = {};                    ///< of the bias
  Regularizer activity_regularizer = {};                ///< of the output
  bool activity_mean = true;                            ///< divide the activity penalty by the batch size
  Constraint kernel_constraint = {};                    ///< of the kernel
  Constraint recurrent_constraint = {};                 ///< of the recurrent kernel
  Constraint bias_constraint = {};                      ///< of the bias
  double dropout = 0;                                   ///< of the inputs, the same for all steps of a sample
  double recurrent_dropout = 0;                         ///< of the state, the same for all steps of a sample
  bool return_sequences = false;                        ///< the outputs of all steps instead of the last one's
  bool return_state = false;                            ///< the state after the last step too, as further outputs
  bool go_backwards = false;                            ///< from the last step to the first
  bool stateful = false;                                ///< goes on where the batch before stopped: see StatefulLayer
  DType dtype = float32;                                ///< of the parameters: float32 or float64
};

/// An LSTM whose products are convolutions (Shi and others, 2015, without peepholes): x (batch, steps, rows, columns,
/// channels) -> (batch, rows', columns', filters), or all steps with return_sequences. Gates in the order i, f, c, o,
/// each x * W + h * R + b, where R sees the state padded "same"; h and c as in LSTM. Initial states and masks as for
/// Recurrent. Parameters: kernel (kernel_size, channels, 4 filters), recurrent_kernel (kernel_size, filters, 4 filters)
/// and bias (4 filters).
class XG_API ConvLSTM2D : public SteppingLayer {
 public:
  /// Filters below 1, extents, strides or dilations below 1, rates outside [0, 1), and a dtype that is not floating are
  /// a ValueError.
  explicit ConvLSTM2D(ConvLSTM2DOptions options, std::source_location where = std::source_location::current());

  Tensors forward_many(const Tensors& inputs) override;
  std::string type() const override { return "ConvLSTM2D"; }
  std::shared_ptr<Module> copy() const override;
  /// One of its own with the same values.
  ConvLSTM2D clone() const { return copied(ConvLSTM2D(options_)); }
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override;

 private:
  Tensor from_input(const Tensor& x);
  Tensors step(const Tensor& from_input, const std::vector<Tensor>& state, const Tensor& state_mask) const;
  void check(const Tensor& x) const;

  ConvLSTM2DOptions options_;
  Parameter kernel_, recurrent_kernel_, bias_;
};

}  // namespace xg::nn
