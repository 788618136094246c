#include "nn/callbacks/kept_weights.hpp"

#include "nn/module.hpp"

namespace xg::nn {
namespace {

/// Puts values into the place of those of a buffer: a state, which has come to be an array of its own.
void replace(Module& root, const Tensor& buffer, const Array& kept) {
  Module* owner = nullptr;
  std::string name;
  for (Module* const module : root.modules())
    for (const auto& named : module->buffers())
      if (named.value.array().raw() == buffer.array().raw()) {
        owner = module;  // the last one is the deepest, whose own it is
        name = named.name;
      }
  if (owner) owner->put_buffer(name, kept.clone());
}

}  // namespace

KeptWeights::KeptWeights(const Module& module) : module_(module.anchor()) {
  for (const auto& list : {module.parameters(), module.buffers()})
    for (const auto& named : list) weights_.push_back({named.value.array(), named.name, named.value.array().clone()});
}

void KeptWeights::restore() {
  for (Weight& weight : weights_) {
    Module* const module = module_->module;
    if (!module) continue;
    const Tensor now = (*module)[weight.path];
    if (now.array().raw() == weight.place.raw())
      weight.place.assign(weight.kept);
    else
      replace(*module, now, weight.kept);
  }
}

}  // namespace xg::nn
