#include "nn/callbacks/kept_weights.hpp"

#include "nn/module.hpp"

namespace xg::nn {

KeptWeights::KeptWeights(const Module& module) {
  for (const auto& list : {module.parameters(), module.buffers()})
    for (const auto& named : list) weights_.push_back({named.value.array(), named.value.array().clone()});
}

void KeptWeights::restore() {
  for (Weight& weight : weights_) weight.place.assign(weight.kept);
}

}  // namespace xg::nn
