#include "nn/callbacks/kept_weights.hpp"

#include "nn/module.hpp"
#include "nn/replace_buffer.hpp"

namespace xg::nn {
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
      replace_buffer(*module, now, weight.kept.clone());
  }
}

}  // namespace xg::nn
