#include "nn/callbacks/terminate_on_nan.hpp"

#include <cmath>
#include <iostream>

namespace xg::nn {

void TerminateOnNaN::on_batch_end(TrainingRun& run, std::int64_t batch, std::int64_t, const Logs& logs) {
  if (std::isfinite(logs["loss"])) return;
  std::cout << "Batch " << batch << ": Invalid loss, terminating training\n";
  run.stop_now = true;
}

}  // namespace xg::nn
