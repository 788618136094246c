#include "autograd/origin.hpp"

#include <cstring>
#include <utility>

namespace xg {

void OriginRef::share(Origin* origin) noexcept { origin->owners.fetch_add(1, std::memory_order_relaxed); }

void OriginRef::drop(Origin* origin) noexcept {
  if (origin->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete origin;
}

Tensor with_origin(Tensor made, const char* function, const Tensor& input) {
  const Array& elements = made.array();
  made.set_origin(OriginRef(new Origin{function, Saved(input), elements.raw(), elements.version()}));
  return made;
}

Tensor input_of(const Tensor& made, const char* function) {
  const Origin* const origin = made.origin().get();
  if (!origin || std::strcmp(origin->function, function) != 0) return {};
  const Array& elements = made.array();
  if (origin->elements != elements.raw() || origin->version != elements.version()) return {};
  if (!origin->input.intact()) return {};
  const Tensor& input = origin->input.get();
  return made.requires_grad() ? input : input.detach();
}

}  // namespace xg
