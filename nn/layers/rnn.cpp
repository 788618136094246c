#include "nn/layers/rnn.hpp"

#include "autograd/creation.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/shape.hpp"

namespace xg::nn {
namespace {

Shape with_batch(std::int64_t batch, Shape sample) {
  sample.insert(0, batch);
  return sample;
}

std::vector<Tensor> zero_state(std::int64_t batch, const std::vector<Shape>& shapes, DType dtype) {
  std::vector<Tensor> state;
  for (const Shape& shape : shapes) state.push_back(zeros(with_batch(batch, shape), dtype));
  return state;
}

bool fits(const std::vector<Tensor>& state, std::int64_t batch, const std::vector<Shape>& shapes) {
  if (state.size() != shapes.size()) return false;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    if (state[i].shape() != with_batch(batch, shapes[i])) return false;
  return true;
}

std::string shapes_text(std::int64_t batch, const std::vector<Shape>& shapes) {
  std::string text;
  for (const Shape& shape : shapes) text += (text.empty() ? "(" : ", ") + to_string(with_batch(batch, shape));
  return text + ')';
}

/// What stands behind the first tensor, the mask aside.
std::vector<Tensor> further(const Tensors& tensors) {
  std::vector<Tensor> found;
  for (auto entry = tensors.begin() + 1; entry != tensors.end(); ++entry)
    if (entry->name != "mask") found.push_back(entry->value);
  return found;
}

/// `now` for the samples that are seen, else `before`.
Tensor where_seen(Tensor seen, const Tensor& now, const Tensor& before) {
  while (seen.rank() < now.rank()) seen = expand_dims(seen, -1);
  return where(seen, now, before);
}

}  // namespace

Tensor RecurrentCell::forward(const Tensor& x) { return forward_many(x)[0]; }

Tensors RecurrentCell::forward_many(const Tensors& inputs) {
  const Tensor& x = inputs[0];
  const std::vector<Shape> shapes = state_shapes();
  if (x.rank() == 0) throw ShapeError(concat(type(), ": the input has no batch axis"), std::source_location::current());
  const std::int64_t batch = x.shape()[0];
  std::vector<Tensor> state = further(inputs);
  if (state.empty()) state = zero_state(batch, shapes, dtype());
  if (!fits(state, batch, shapes))
    throw ShapeError(concat(type(), ": a state of the shapes ", shapes_text(batch, shapes),
                            " is expected beside the samples, got ", shapes_of(inputs)),
                     std::source_location::current());
  Tensors result = step(x, state);
  if (result.empty() || !fits(further(result), batch, shapes))
    throw ShapeError(concat(type(), ": step() is to give an output and a state of the shapes ",
                            shapes_text(batch, shapes), ", it gave ", shapes_of(result)),
                     std::source_location::current());
  return result;
}

Tensor SteppingLayer::forward(const Tensor& x) {
  if (options_.return_state) return {};
  return forward_many(x)[0];
}

std::vector<Tensor> SteppingLayer::initial_state(const Tensors& inputs, const std::vector<Shape>& shapes,
                                                 DType dtype) const {
  const std::int64_t batch = inputs[0].shape()[0];
  std::vector<Tensor> state = further(inputs);
  if (state.empty()) return options_.stateful ? kept_states(batch) : zero_state(batch, shapes, dtype);
  if (!fits(state, batch, shapes))
    throw ShapeError(concat(type(), ": an initial state of the shapes ", shapes_text(batch, shapes),
                            " is expected beside the samples, got ", shapes_of(inputs)),
                     std::source_location::current());
  return state;
}

Tensors SteppingLayer::run(const Tensors& inputs, const std::vector<Shape>& state_shapes, DType dtype,
                           const Step& step) {
  const Tensor& x = inputs[0];
  const std::int64_t steps = x.shape()[1];
  if (steps == 0)
    throw ShapeError(concat(type(), ": the input of shape ", x.shape(), " has no steps"),
                     std::source_location::current());
  const Tensor mask = mask_for(type(), inputs, x);
  std::vector<Tensor> state = initial_state(inputs, state_shapes, dtype), outputs;
  Tensor output;
  for (std::int64_t i = 0; i < steps; ++i) {
    const std::int64_t t = options_.go_backwards ? steps - 1 - i : i;
    const Tensors given = step(t, state);
    std::vector<Tensor> after = further(given);
    if (mask.defined()) {
      const Tensor seen = select(mask, t, 1);
      for (std::size_t part = 0; part < after.size(); ++part) after[part] = where_seen(seen, after[part], state[part]);
      output = where_seen(seen, given[0], output.defined() ? output : zeros_like(given[0]));
    } else {
      output = given[0];
    }
    state = std::move(after);
    if (options_.return_sequences) outputs.push_back(output);
  }
  if (options_.return_sequences) output = stack(outputs, 1);
  Tensors result = regularized(output, options_.activity_regularizer, options_.activity_mean);
  if (options_.stateful) keep_states(state);
  if (options_.return_state)
    for (const Tensor& part : state) result.push_back(part);
  if (mask.defined() && options_.return_sequences)
    result.push_back({"mask", options_.go_backwards ? flip(mask, 1) : mask});
  return result;
}

void RNN::build(const Shape& sample) {
  if (sample.rank() < 2)
    throw ShapeError(concat("RNN: a sample has shape ", sample, ", (steps, ...) is expected"),
                     std::source_location::current());
  Shape step = sample;
  step.erase(0);
  cell_->build_for(step);
  if (options_.stateful) declare_states(cell_->state_shapes(), cell_->dtype());
}

std::shared_ptr<Module> RNN::copy() const { return std::make_shared<RNN>(clone()); }

RNN RNN::clone() const {
  RNN made(options_);
  made.cell_ = &static_cast<RecurrentCell&>(made.adopt(copy_of(*cell_), "cell"));
  return copied(std::move(made));
}

std::optional<Shape> RNN::output_shape(const Shape& sample) const {
  if (options_.return_state || !cell_->built()) return std::nullopt;
  return shape_by_trial(sample, cell_->dtype());
}

Tensors RNN::forward_many(const Tensors& inputs) {
  Tensor x = inputs[0];
  if (x.rank() < 3)
    throw ShapeError(concat("RNN: the input has shape ", x.shape(), ", (batch, steps, ...) is expected"),
                     std::source_location::current());
  if (const Tensor mask = mask_for(type(), inputs, x); mask.defined()) x = cleared(x, mask);
  return run(inputs, cell_->state_shapes(), cell_->dtype(), [&](std::int64_t t, const std::vector<Tensor>& state) {
    Tensors given = select(x, t, 1);
    for (const Tensor& part : state) given.push_back(part);
    return (*cell_)(given);
  });
}

}  // namespace xg::nn
