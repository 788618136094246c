#include "nn/layers/stateful.hpp"

#include "autograd/creation.hpp"
#include "nn/pass.hpp"

namespace xg::nn {
namespace {

std::string name_of(std::size_t index) { return concat("state_", index + 1); }

}  // namespace

void StatefulLayer::declare_states(const std::vector<Shape>& shapes, DType dtype) {
  none_.clear();
  for (Shape shape : shapes) {
    shape.insert(0, 0);
    none_.push_back(zeros(shape, dtype));
    buffer(name_of(none_.size() - 1), none_.back());
  }
}

std::vector<Tensor> StatefulLayer::kept_states(std::int64_t batch) const {
  const Pass* const pass = Pass::current();
  std::vector<Tensor> states;
  for (std::size_t i = 0; i < none_.size(); ++i) {
    Tensor state = latest(name_of(i));
    const std::int64_t kept = state.shape()[0];
    if (kept == 0 || batch == 0 || (pass && pass->rehearses())) {
      Shape shape = none_[i].shape();
      shape[0] = batch;
      state = zeros(shape, none_[i].dtype());
    } else if (kept != batch) {
      throw ShapeError(
          concat(type(), ": a batch of ", batch, " samples cannot go on with the state of the ", kept,
                 " samples before: give batches of ", kept, ", or begin anew with another number after reset_states()"),
          std::source_location::current());
    }
    states.push_back(std::move(state));
  }
  return states;
}

void StatefulLayer::keep_states(const std::vector<Tensor>& states) {
  if (states.front().shape()[0] == 0) return;
  for (std::size_t i = 0; i < states.size(); ++i) replace_buffer(name_of(i), states[i]);
}

void StatefulLayer::reset_states(std::source_location where) {
  if (!is_stateful()) refuse(where, "it keeps no state: that is the option stateful");
  for (std::size_t i = 0; i < none_.size(); ++i) replace_buffer(name_of(i), none_[i]);
}

void reset_states(Module& module) {
  for (Module* const each : module.modules())
    if (auto* const layer = dynamic_cast<StatefulLayer*>(each); layer && layer->is_stateful()) layer->reset_states();
}

}  // namespace xg::nn
