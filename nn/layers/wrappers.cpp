#include "nn/layers/wrappers.hpp"

#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/assemble.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/shape.hpp"

namespace xg::nn {

Bidirectional::Bidirectional(std::shared_ptr<Recurrent> layer, Merge merge, std::source_location where)
    : merge_(merge), forward_(adopt(layer, "forward", where)), backward_(adopt(layer->other_way(), "backward", where)) {
  if (layer->built()) refuse(where, "the ", layer->type(), " is built already: its copy would have other weights");
}

Bidirectional Bidirectional::clone() const {
  return copied(Bidirectional(backward_.other_way(), merge_, std::source_location::current()));
}

void Bidirectional::build(const Shape& sample) {
  forward_.build_for(sample);
  backward_.build_for(sample);
}

std::optional<Shape> Bidirectional::output_shape(const Shape& sample) const {
  if (forward_.options().return_state) return std::nullopt;
  auto result = forward_.output_shape(sample);
  if (result && merge_ == Merge::concatenate) (*result)[result->rank() - 1] *= 2;
  return result;
}

Tensor Bidirectional::forward(const Tensor& x) {
  if (forward_.options().return_state) return {};
  return merged(forward_(x), backward_(x));
}

Tensors Bidirectional::forward_many(const Tensors& inputs) {
  const std::size_t states = forward_.states();
  std::vector<Tensor> given;
  for (const auto& [name, value] : inputs)
    if (name != "mask") given.push_back(value);
  if (given.size() != 1 && given.size() != 1 + 2 * states)
    throw ShapeError(concat("Bidirectional: initial states of ", states,
                            " tensors for each direction are expected "
                            "beside the samples, got ",
                            shapes_of(inputs)),
                     std::source_location::current());
  Tensors ahead = given[0], back = given[0];
  for (std::size_t i = 1; i < given.size(); ++i) (i <= states ? ahead : back).push_back(given[i]);
  const Tensor mask = mask_for(type(), inputs, given[0]);
  if (mask.defined()) ahead.push_back({"mask", mask}), back.push_back({"mask", mask});
  const Tensors a = forward_(ahead), b = backward_(back);
  Tensors result = merged(a[0], b[0]);
  if (forward_.options().return_state)
    for (const Tensors* const both : {&a, &b})
      for (std::size_t i = 1; i <= states; ++i) result.push_back((*both)[i]);
  if (mask.defined() && forward_.options().return_sequences)
    result.push_back({"mask", forward_.options().go_backwards ? flip(mask, 1) : mask});
  return result;
}

Tensor Bidirectional::merged(const Tensor& a, Tensor b) const {
  if (forward_.options().return_sequences) b = flip(b, 1);
  switch (merge_) {
    case Merge::sum:
      return a + b;
    case Merge::multiply:
      return a * b;
    case Merge::average:
      return (a + b) / 2.0;
    default:
      return concatenate({a, b}, -1);
  }
}

TimeDistributed TimeDistributed::clone() const {
  TimeDistributed made;
  made.layer_ = &made.adopt(copy_of(*layer_), "layer");
  return copied(std::move(made));
}

void TimeDistributed::build(const Shape& sample) {
  if (sample.rank() == 0)
    throw ShapeError("TimeDistributed: a sample of no axes has no steps", std::source_location::current());
  Shape step = sample;
  step.erase(0);
  layer_->build_for(step);
}

std::optional<Shape> TimeDistributed::output_shape(const Shape& sample) const {
  Shape step = sample;
  step.erase(0);
  auto result = layer_->output_shape(step);
  if (result) result->insert(0, sample[0]);
  return result;
}

Tensor TimeDistributed::forward(const Tensor& x) {
  if (x.rank() < 2)
    throw ShapeError(concat("TimeDistributed: the input has shape ", x.shape(), ", (batch, steps, ...) is expected"),
                     std::source_location::current());
  const std::int64_t batch = x.shape()[0], steps = x.shape()[1];
  Shape all = x.shape();
  all.erase(0);
  all[0] = batch * steps;
  const Tensor y = (*layer_)(reshape(x, all));
  Shape result = y.shape();
  result[0] = steps;
  result.insert(0, batch);
  return reshape(y, result);
}

template class ClonedLayer<Bidirectional>;
template class ClonedLayer<TimeDistributed>;

}  // namespace xg::nn
