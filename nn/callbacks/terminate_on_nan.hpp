#pragma once

#include "nn/callbacks/callback.hpp"

namespace xg::nn {

/// Ends a run after the batch in which the loss is no finite number. The epoch has no end then: no validation, and no
/// figures in the history.
class XG_API TerminateOnNaN : public Callback {
 public:
  /// What spec() tells of; a class that is derived from it may do something else.
  using Named = TerminateOnNaN;

  Spec spec() const override { return {"terminate_on_nan"}; }
  /// Looks at the loss.
  void on_batch_end(TrainingRun& run, std::int64_t batch, std::int64_t seen, const Logs& logs) override;
};

}  // namespace xg::nn
