#include "nn/optimizers/adadelta.hpp"
#include "nn/optimizers/adagrad.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/adamax.hpp"
#include "nn/optimizers/adamw.hpp"
#include "nn/optimizers/lamb.hpp"
#include "nn/optimizers/lion.hpp"
#include "nn/optimizers/nadam.hpp"
#include "nn/optimizers/rmsprop.hpp"
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
  static Registry<Value> known(OptimizerChoice::kind, {{"sgd", make<SGD, SGDOptions>},
                                                       {"adam", make<Adam, AdamOptions>},
                                                       {"adamw", make<AdamW, AdamWOptions>},
                                                       {"adamax", make<Adamax, AdamaxOptions>},
                                                       {"nadam", make<Nadam, NadamOptions>},
                                                       {"rmsprop", make<RMSprop, RMSpropOptions>},
                                                       {"adagrad", make<Adagrad, AdagradOptions>},
                                                       {"adadelta", make<Adadelta, AdadeltaOptions>},
                                                       {"lion", make<Lion, LionOptions>},
                                                       {"lamb", make<LAMB, LAMBOptions>}});
  return known;
}

template class Choice<OptimizerChoice, Value>;

}  // namespace xg::nn
