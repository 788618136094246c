#include "nn/callbacks/early_stopping.hpp"
#include "nn/callbacks/history.hpp"
#include "nn/callbacks/model_checkpoint.hpp"
#include "nn/callbacks/moving_average.hpp"
#include "nn/callbacks/reduce_lr_on_plateau.hpp"
#include "nn/callbacks/terminate_on_nan.hpp"
#include "nn/registry.hpp"

namespace xg::nn {
namespace {

using Value = std::shared_ptr<Callback>;

/// A function in the place of a callback.
class AtEpochEnd : public Callback {
 public:
  explicit AtEpochEnd(CallbackChoice::EpochEnd function) : function_(std::move(function)) {}

  void on_epoch_end(TrainingRun& run, int epoch, const Logs& logs) override { function_(run, epoch, logs); }

 private:
  CallbackChoice::EpochEnd function_;
};

/// Makes a C from its options. It reports this line again when a run begins.
template <class C, class Options>
Value make(Arguments& given) {
  return std::make_shared<C>(options_from<Options>(given), caller(std::source_location::current()));
}

/// Makes a C, which has no options.
template <class C>
Value make_plain(Arguments&) {
  return std::make_shared<C>();
}

}  // namespace

std::shared_ptr<Callback> CallbackChoice::at_epoch_end(EpochEnd function) {
  return std::make_shared<AtEpochEnd>(std::move(function));
}

template <>
Registry<Value>& Choice<CallbackChoice, Value>::registry() {
  static Registry<Value> known(CallbackChoice::kind,
                               {{"early_stopping", make<EarlyStopping, EarlyStoppingOptions>},
                                {"exponential_moving_average", make<ExponentialMovingAverage, MovingAverageOptions>},
                                {"history", make_plain<History>},
                                {"model_checkpoint", make<ModelCheckpoint, ModelCheckpointOptions>},
                                {"reduce_lr_on_plateau", make<ReduceLROnPlateau, ReduceLROnPlateauOptions>},
                                {"terminate_on_nan", make_plain<TerminateOnNaN>}});
  return known;
}

template class Choice<CallbackChoice, Value>;

}  // namespace xg::nn
