#include "nn/callbacks/early_stopping.hpp"
#include "nn/callbacks/history.hpp"
#include "nn/callbacks/moving_average.hpp"
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

Value make_early_stopping(Arguments& given) {
  // It reports this line again when a run begins.
  return std::make_shared<EarlyStopping>(options_from<EarlyStoppingOptions>(given),
                                         caller(std::source_location::current()));
}

Value make_moving_average(Arguments& given) {
  return std::make_shared<ExponentialMovingAverage>(options_from<MovingAverageOptions>(given));
}

Value make_history(Arguments&) { return std::make_shared<History>(); }

}  // namespace

std::shared_ptr<Callback> CallbackChoice::at_epoch_end(EpochEnd function) {
  return std::make_shared<AtEpochEnd>(std::move(function));
}

template <>
Registry<Value>& Choice<CallbackChoice, Value>::registry() {
  static Registry<Value> known(CallbackChoice::kind, {
                                                         {"early_stopping", make_early_stopping},
                                                         {"exponential_moving_average", make_moving_average},
                                                         {"history", make_history},
                                                     });
  return known;
}

template class Choice<CallbackChoice, Value>;

}  // namespace xg::nn
