#include "nn/replace_buffer.hpp"

namespace xg::nn {

void replace_buffer(Module& root, const Tensor& buffer, const Array& value) {
  Module* owner = nullptr;
  std::string name;
  for (Module* const module : root.modules())
    for (const auto& named : module->buffers())
      if (named.value.array().raw() == buffer.array().raw()) {
        owner = module;  // the last one is the deepest, whose own it is
        name = named.name;
      }
  if (owner) owner->put_buffer(name, value);
}

}  // namespace xg::nn
