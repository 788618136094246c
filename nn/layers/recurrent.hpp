#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "nn/activations.hpp"
#include "nn/initializers.hpp"
#include "nn/layers/stateful.hpp"

namespace xg::nn {

/// The options of SimpleRNN, LSTM and GRU.
struct RecurrentOptions {
  std::int64_t units = 0;                               ///< width of the state
  ActivationFunction activation = "tanh";               ///< of the candidate state
  ActivationFunction recurrent_activation = "sigmoid";  ///< of the gates; not for SimpleRNN
  bool use_bias = true;                                 ///< whether a bias is added
  Initializer kernel_initializer = "glorot_uniform";    ///< of the kernel
  Initializer recurrent_initializer = "orthogonal";     ///< of the recurrent kernel
  Initializer bias_initializer = "zeros";               ///< of the bias
  bool unit_forget_bias = true;                         ///< LSTM: the forget gate's bias begins at 1
  bool reset_after = true;                              ///< GRU: the reset gate acts behind the recurrent product
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

/// What goes from step to step: x (batch, steps, features), with a state of each sample that every step changes. Called
/// with nn::Tensors, further inputs are the initial state, 0 by default, and one that is named "mask" is boolean
/// (batch, steps): where it is false, the step is left out, and its output is the one before. With return_sequences the
/// mask stands beside the outputs too, behind the state.
/// ```cpp
/// nn::LSTM lstm({.units = 32, .return_state = true});
/// auto out = lstm(nn::Tensors{x});          // out[0]: the output, out[1], out[2]: the state
/// auto next = lstm({y, out[1], out[2]});    // goes on from there
/// ```
/// Parameters: kernel (features, gates units), recurrent_kernel (units, gates units), bias.
class XG_API Recurrent : public StatefulLayer {
 public:
  Tensor forward(const Tensor& x) override;
  Tensors forward_many(const Tensors& inputs) override;
  void build(const Shape& sample) override;
  void build_many(const std::vector<Shape>& samples) override { build(samples.front()); }
  std::optional<Shape> output_shape(const Shape& sample) const override;
  /// A new one with the same options, but that it goes the other way.
  virtual std::shared_ptr<Recurrent> other_way() const = 0;
  bool is_stateful() const override { return options_.stateful; }
  /// How many tensors the state has.
  std::size_t states() const { return states_; }
  /// The options it was made with.
  const RecurrentOptions& options() const { return options_; }

 protected:
  /// For derived classes, with so many gates beside each other in the kernels. Units below 1, rates outside [0, 1) and
  /// a dtype that is not floating are a ValueError.
  Recurrent(const char* type, RecurrentOptions options, std::int64_t gates, std::size_t states,
            std::source_location where);
  /// The state after a step: `from_input` is the input's part of all gates, with its bias (batch, gates units).
  virtual std::vector<Tensor> step(const Tensor& from_input, const std::vector<Tensor>& state) const = 0;
  /// The shape of the bias.
  virtual Shape bias_shape() const { return {gates_ * options_.units}; }

  RecurrentOptions options_;    ///< what it was made with
  std::int64_t gates_;          ///< how many are beside each other
  Parameter kernel_;            ///< (features, gates units)
  Parameter recurrent_kernel_;  ///< (units, gates units)
  Parameter bias_;              ///< see bias_shape(); none without use_bias

 private:
  std::vector<Tensor> initial_state(const Tensors& inputs, std::int64_t batch) const;
  Tensor from_input(const Tensor& x);
  Tensors run(const Tensors& inputs);

  std::size_t states_;
};

/// h = activation(x W + h R + b).
class XG_API SimpleRNN : public Recurrent {
 public:
  /// Errors: see Recurrent.
  explicit SimpleRNN(RecurrentOptions options, std::source_location where = std::source_location::current())
      : Recurrent("SimpleRNN", std::move(options), 1, 1, where) {}

  std::string type() const override { return "SimpleRNN"; }
  std::shared_ptr<Module> copy() const override;
  /// One of its own with the same values.
  SimpleRNN clone() const { return copied(SimpleRNN(options_)); }
  std::shared_ptr<Recurrent> other_way() const override;

 protected:
  std::vector<Tensor> step(const Tensor& from_input, const std::vector<Tensor>& state) const override;
};

/// Hochreiter and Schmidhuber, 1997, with a forget gate: gates in the order i, f, c, o, each x W + h R + b;
/// c = sigma(f) c + sigma(i) tanh(c'); h = sigma(o) tanh(c).
class XG_API LSTM : public Recurrent {
 public:
  /// Errors: see Recurrent.
  explicit LSTM(RecurrentOptions options, std::source_location where = std::source_location::current())
      : Recurrent("LSTM", std::move(options), 4, 2, where) {}

  std::string type() const override { return "LSTM"; }
  std::shared_ptr<Module> copy() const override;
  /// One of its own with the same values.
  LSTM clone() const { return copied(LSTM(options_)); }
  void build(const Shape& sample) override;
  std::shared_ptr<Recurrent> other_way() const override;

 protected:
  std::vector<Tensor> step(const Tensor& from_input, const std::vector<Tensor>& state) const override;
};

/// Cho and others, 2014: gates in the order z, r, h; h = z h + (1 - z) h', with h' = tanh(x W + r (h R + b)) or,
/// without reset_after, tanh(x W + (r h) R). With reset_after the bias is (2, 3 units): of the input's and of the
/// state's product.
class XG_API GRU : public Recurrent {
 public:
  /// Errors: see Recurrent.
  explicit GRU(RecurrentOptions options, std::source_location where = std::source_location::current())
      : Recurrent("GRU", std::move(options), 3, 1, where) {}

  std::string type() const override { return "GRU"; }
  std::shared_ptr<Module> copy() const override;
  /// One of its own with the same values.
  GRU clone() const { return copied(GRU(options_)); }
  std::shared_ptr<Recurrent> other_way() const override;

 protected:
  std::vector<Tensor> step(const Tensor& from_input, const std::vector<Tensor>& state) const override;
  Shape bias_shape() const override;
};

}  // namespace xg::nn
