#include "nn/layers/conv_lstm.hpp"

#include <utility>
#include <vector>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/assemble.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/shape.hpp"
#include "nn/layers/convolution_checks.hpp"

namespace xg::nn {
namespace {

constexpr const char* sample_axes = "steps, rows, columns, channels";

RNNOptions stepping(const ConvLSTM2DOptions& options) {
  return {.activity_regularizer = options.activity_regularizer,
          .activity_mean = options.activity_mean,
          .return_sequences = options.return_sequences,
          .return_state = options.return_state,
          .go_backwards = options.go_backwards,
          .stateful = options.stateful};
}

}  // namespace

ConvLSTM2D::ConvLSTM2D(ConvLSTM2DOptions options, std::source_location where)
    : SteppingLayer(stepping(options)), options_(std::move(options)) {
  detail::check_options<2>(type(), options_, where);
  for (const double rate : {options_.dropout, options_.recurrent_dropout})
    if (!(rate >= 0 && rate < 1)) refuse(where, "a dropout rate must lie in [0, 1), got ", rate);
}

void ConvLSTM2D::build(const Shape& sample) {
  if (sample.rank() != 4)
    throw ShapeError(concat(type(), ": a sample has shape ", sample, ", (", sample_axes, ") is expected"),
                     std::source_location::current());
  const std::int64_t filters = options_.filters;
  kernel_ =
      add_weight("kernel", detail::kernel_shape<2>(type(), options_.kernel_size, sample[3], 4 * filters),
                 options_.kernel_initializer, options_.kernel_regularizer, options_.kernel_constraint, options_.dtype);
  recurrent_kernel_ = add_weight(
      "recurrent_kernel", detail::kernel_shape<2>(type(), options_.kernel_size, filters, 4 * filters),
      options_.recurrent_initializer, options_.recurrent_regularizer, options_.recurrent_constraint, options_.dtype);
  const NoGrad values_only;
  if (options_.use_bias) {
    bias_ = add_weight("bias", {4 * filters}, options_.bias_initializer, options_.bias_regularizer,
                       options_.bias_constraint, options_.dtype);
    if (options_.unit_forget_bias)
      bias_.assign(concatenate({slice(bias_, 0, {.stop = filters}), ones({filters}, options_.dtype),
                                slice(bias_, 0, {.start = 2 * filters})}));
  }
  if (!options_.stateful) return;
  const Shape gates = from_input(zeros({0, 1, sample[1], sample[2], sample[3]}, options_.dtype)).shape();
  declare_states(std::vector<Shape>(2, Shape{gates[2], gates[3], filters}), options_.dtype);
}

std::optional<Shape> ConvLSTM2D::output_shape(const Shape& sample) const {
  if (options_.return_state || !kernel_.defined()) return std::nullopt;
  return shape_by_trial(sample, options_.dtype);
}

void ConvLSTM2D::check(const Tensor& x) const {
  check_input(x, 4, sample_axes, options_.dtype);
  detail::check_channels(type(), x, kernel_.shape()[2]);
}

/// The input's part of the gates, for all steps at once: (batch, steps, rows', columns', 4 filters).
Tensor ConvLSTM2D::from_input(const Tensor& x) {
  const std::int64_t batch = x.shape()[0], steps = x.shape()[1];
  Shape image = x.shape();
  image.erase(0);
  Tensor seen = x;
  if (training() && options_.dropout > 0) {
    Shape mask = x.shape();
    mask[1] = 1;
    seen = x * Tensor(drawn().dropout_mask(mask, options_.dropout, x.dtype()));
  }
  image[0] = batch * steps;
  seen = reshape(seen, image);
  detail::check_reach<2>(type(), seen, options_);
  const Tensor gates = conv2d(
      seen, kernel_,
      {.bias = bias_, .stride = options_.strides, .padding = options_.padding, .dilation = options_.dilation_rate});
  Shape shape = gates.shape();
  shape[0] = steps;
  shape.insert(0, batch);
  return reshape(gates, shape);
}

Tensors ConvLSTM2D::step(const Tensor& from_input, const std::vector<Tensor>& state, const Tensor& state_mask) const {
  const Tensor h = state_mask.defined() ? state[0] * state_mask : state[0];
  const std::vector<Tensor> gates = chunk(from_input + conv2d(h, recurrent_kernel_, {.padding = "same"}), 4, 3);
  const auto& gate = options_.recurrent_activation;
  const Tensor c = gate(gates[1]) * state[1] + gate(gates[0]) * options_.activation(gates[2]);
  const Tensor output = gate(gates[3]) * options_.activation(c);
  return {output, output, c};
}

Tensors ConvLSTM2D::forward_many(const Tensors& inputs) {
  Tensor x = inputs[0];
  check(x);
  if (const Tensor mask = mask_for(type(), inputs, x); mask.defined()) x = cleared(x, mask);
  const Tensor gates = from_input(x);
  const Shape state{gates.shape()[2], gates.shape()[3], options_.filters};
  Tensor state_mask;
  if (training() && options_.recurrent_dropout > 0)
    state_mask =
        drawn().dropout_mask({x.shape()[0], state[0], state[1], state[2]}, options_.recurrent_dropout, x.dtype());
  return run(inputs, {state, state}, options_.dtype, [&](std::int64_t t, const std::vector<Tensor>& before) {
    return step(select(gates, t, 1), before, state_mask);
  });
}

std::shared_ptr<Module> ConvLSTM2D::copy() const { return std::make_shared<ConvLSTM2D>(clone()); }

}  // namespace xg::nn
