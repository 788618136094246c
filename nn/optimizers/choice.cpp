#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/registry.hpp"

namespace xg::nn {
namespace {

using Value = std::shared_ptr<Optimizer>;

/// Makes an O from its options.
template <class O, class Options>
Value make(Arguments& given) {
  return std::make_shared<O>(options_from<Options>(given));
}

}  // namespace

template <>
Registry<Value>& Choice<OptimizerChoice, Value>::registry() {
  static Registry<Value> known(OptimizerChoice::kind,
                               {{"sgd", make<SGD, SGDOptions>}, {"adam", make<Adam, AdamOptions>}});
  return known;
}

template class Choice<OptimizerChoice, Value>;

}  // namespace xg::nn
