#include "nn/layers/dropout.hpp"

#include <utility>

#include "autograd/ops/activation.hpp"

namespace xg::nn {

Dropout::Dropout(double rate, std::source_location where) : rate_(rate), generator_(new_generator()) {
  if (!(rate >= 0 && rate <= 1)) throw ValueError(concat("Dropout: the rate must lie in [0, 1], got ", rate), where);
}

Dropout Dropout::clone() const {
  Dropout made(rate_);
  made.generator_ = generator_;
  return copied(std::move(made));
}

Tensor Dropout::forward(const Tensor& x) { return training() ? dropout(x, rate_, drawn(generator_)) : x; }

template class ClonedLayer<Dropout>;

}  // namespace xg::nn
