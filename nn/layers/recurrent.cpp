#include "nn/layers/recurrent.hpp"

#include <algorithm>
#include <utility>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/assemble.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/recurrent.hpp"
#include "autograd/ops/shape.hpp"

namespace xg::nn {
namespace {

RecurrentOptions reversed(RecurrentOptions options) {
  options.go_backwards = !options.go_backwards;
  return options;
}

}  // namespace

Recurrent::Recurrent(const char* type, RecurrentOptions options, std::int64_t gates, std::size_t states,
                     std::source_location where)
    : options_(std::move(options)), gates_(gates), states_(states) {
  if (options_.units < 1) throw ValueError(concat(type, ": units must be at least 1, got ", options_.units), where);
  for (const double rate : {options_.dropout, options_.recurrent_dropout})
    if (!(rate >= 0 && rate < 1))
      throw ValueError(concat(type, ": a dropout rate must lie in [0, 1), got ", rate), where);
  if (!is_floating(options_.dtype))
    throw ValueError(concat(type, ": the dtype must be float32 or float64, got ", options_.dtype), where);
}

void Recurrent::build(const Shape& sample) {
  if (sample.rank() != 2)
    throw ShapeError(concat(type(), ": a sample has shape ", sample, ", (steps, features) is expected"),
                     std::source_location::current());
  const std::int64_t units = options_.units;
  kernel_ = add_weight("kernel", {sample[1], gates_ * units}, options_.kernel_initializer, options_.kernel_regularizer,
                       options_.kernel_constraint, options_.dtype);
  recurrent_kernel_ = add_weight("recurrent_kernel", {units, gates_ * units}, options_.recurrent_initializer,
                                 options_.recurrent_regularizer, options_.recurrent_constraint, options_.dtype);
  if (options_.use_bias)
    bias_ = add_weight("bias", bias_shape(), options_.bias_initializer, options_.bias_regularizer,
                       options_.bias_constraint, options_.dtype);
  if (options_.stateful) declare_states(std::vector<Shape>(states_, Shape{units}), options_.dtype);
}

std::optional<Shape> Recurrent::output_shape(const Shape& sample) const {
  if (options_.return_state || !kernel_.defined()) return std::nullopt;
  return shape_by_trial(sample, options_.dtype);
}

Tensor Recurrent::forward(const Tensor& x) {
  if (options_.return_state) return {};
  return run(x)[0];
}

Tensors Recurrent::forward_many(const Tensors& inputs) { return run(inputs); }

std::vector<Tensor> Recurrent::initial_state(const Tensors& inputs, std::int64_t batch) const {
  std::vector<Tensor> state;
  for (std::size_t i = 1; i < inputs.size(); ++i)
    if (inputs.begin()[static_cast<std::ptrdiff_t>(i)].name != "mask") state.push_back(inputs[i]);
  const Shape shape{batch, options_.units};
  if (state.empty() && options_.stateful) return kept_states(batch);
  if (state.empty()) return std::vector<Tensor>(states_, zeros(shape, options_.dtype));
  const bool fits = state.size() == states_ && std::all_of(state.begin(), state.end(), [&](const Tensor& part) {
                      return part.shape() == shape && part.dtype() == options_.dtype;
                    });
  if (!fits)
    throw ShapeError(concat(type(), ": an initial state of ", states_, ' ', options_.dtype, " tensors of shape ", shape,
                            " is expected beside the samples, got ", shapes_of(inputs)),
                     std::source_location::current());
  return state;
}

/// The input's part of the gates, for all steps at once.
Tensor Recurrent::from_input(const Tensor& x) {
  Tensor dropped = x;
  if (training() && options_.dropout > 0) {
    const Shape mask{x.shape()[0], 1, x.shape()[2]};
    dropped = x * Tensor(drawn().dropout_mask(mask, options_.dropout, x.dtype()));
  }
  if (!options_.use_bias) return matmul(dropped, kernel_);
  return linear(dropped, kernel_, bias_.rank() == 2 ? select(bias_, 0) : Tensor(bias_));
}

Tensors Recurrent::run(const Tensors& inputs) {
  Tensor x = inputs[0];
  check_input(x, 2, "steps, features", options_.dtype);
  if (x.shape()[2] != kernel_.shape()[0])
    throw ShapeError(concat(type(), ": the input of shape ", x.shape(), " has ", x.shape()[2],
                            " features, the kernel was made for ", kernel_.shape()[0]),
                     std::source_location::current());
  const std::int64_t batch = x.shape()[0], steps = x.shape()[1];
  const Tensor mask = mask_for(type(), inputs, x);
  const bool masked = mask.defined();
  if (masked) x = cleared(x, mask);
  std::vector<Tensor> state = initial_state(inputs, batch), outputs;
  Tensor state_mask;
  if (training() && options_.recurrent_dropout > 0)
    state_mask = drawn().dropout_mask({batch, options_.units}, options_.recurrent_dropout, x.dtype());
  const Tensor gates = from_input(x);
  Tensor output = zeros({batch, options_.units}, options_.dtype);
  for (std::int64_t i = 0; i < steps; ++i) {
    const std::int64_t t = options_.go_backwards ? steps - 1 - i : i;
    std::vector<Tensor> before = state;
    if (state_mask.defined()) before[0] = before[0] * state_mask;
    std::vector<Tensor> after = step(select(gates, t, 1), before);
    if (masked) {
      const Tensor seen = expand_dims(select(mask, t, 1), -1);
      for (std::size_t part = 0; part < after.size(); ++part) after[part] = where(seen, after[part], state[part]);
      output = where(seen, after[0], output);
    } else {
      output = after[0];
    }
    state = std::move(after);
    if (options_.return_sequences) outputs.push_back(output);
  }
  if (options_.return_sequences)
    output = steps == 0 ? zeros({batch, 0, options_.units}, options_.dtype) : stack(outputs, 1);
  Tensors result = regularized(output, options_.activity_regularizer, options_.activity_mean);
  if (options_.stateful) keep_states(state);
  if (options_.return_state)
    for (const Tensor& part : state) result.push_back(part);
  if (masked && options_.return_sequences) result.push_back({"mask", options_.go_backwards ? flip(mask, 1) : mask});
  return result;
}

std::shared_ptr<Recurrent> SimpleRNN::other_way() const { return shared(SimpleRNN(reversed(options_))); }

std::vector<Tensor> SimpleRNN::step(const Tensor& from_input, const std::vector<Tensor>& state) const {
  return {options_.activation(from_input + matmul(state[0], recurrent_kernel_))};
}

std::shared_ptr<Recurrent> LSTM::other_way() const { return shared(LSTM(reversed(options_))); }

void LSTM::build(const Shape& sample) {
  Recurrent::build(sample);
  if (!options_.use_bias || !options_.unit_forget_bias) return;
  const NoGrad values_only;
  const std::int64_t units = options_.units;
  bias_.assign(concatenate(
      {slice(bias_, 0, {.stop = units}), ones({units}, options_.dtype), slice(bias_, 0, {.start = 2 * units})}));
}

std::vector<Tensor> LSTM::step(const Tensor& from_input, const std::vector<Tensor>& state) const {
  const Tensor sums = from_input + matmul(state[0], recurrent_kernel_);
  const auto& gate = options_.recurrent_activation;
  if (gate.name() == "sigmoid" && options_.activation.name() == "tanh") {
    const Tensor c = lstm_state(sums, state[1]);
    return {lstm_output(sums, c), c};
  }
  const std::vector<Tensor> gates = chunk(sums, 4, 1);
  const Tensor c = gate(gates[1]) * state[1] + gate(gates[0]) * options_.activation(gates[2]);
  return {gate(gates[3]) * options_.activation(c), c};
}

std::shared_ptr<Recurrent> GRU::other_way() const { return shared(GRU(reversed(options_))); }

Shape GRU::bias_shape() const {
  return options_.reset_after ? Shape{2, 3 * options_.units} : Shape{3 * options_.units};
}

std::vector<Tensor> GRU::step(const Tensor& from_input, const std::vector<Tensor>& state) const {
  const auto& gate = options_.recurrent_activation;
  const Tensor& h = state[0];
  const std::vector<Tensor> x = chunk(from_input, 3, 1);
  if (options_.reset_after) {
    const Tensor product =
        options_.use_bias ? linear(h, recurrent_kernel_, select(bias_, 1)) : matmul(h, recurrent_kernel_);
    const std::vector<Tensor> r = chunk(product, 3, 1);
    const Tensor z = gate(x[0] + r[0]), candidate = options_.activation(x[2] + gate(x[1] + r[1]) * r[2]);
    return {z * h + (1.0 - z) * candidate};
  }
  const std::int64_t units = options_.units;
  const Tensor for_gates = slice(recurrent_kernel_, 1, {.stop = 2 * units}),
               for_candidate = slice(recurrent_kernel_, 1, {.start = 2 * units});
  const std::vector<Tensor> r = chunk(matmul(h, for_gates), 2, 1);
  const Tensor z = gate(x[0] + r[0]);
  const Tensor candidate = options_.activation(x[2] + matmul(gate(x[1] + r[1]) * h, for_candidate));
  return {z * h + (1.0 - z) * candidate};
}

std::shared_ptr<Module> SimpleRNN::copy() const { return std::make_shared<SimpleRNN>(clone()); }

std::shared_ptr<Module> LSTM::copy() const { return std::make_shared<LSTM>(clone()); }

std::shared_ptr<Module> GRU::copy() const { return std::make_shared<GRU>(clone()); }

}  // namespace xg::nn
