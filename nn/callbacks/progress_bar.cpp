#include "nn/callbacks/progress_bar.hpp"

#include <ostream>

namespace xg::nn {

void ProgressBar::on_epoch_begin(TrainingRun& run, int epoch) {
  // Not when training begins: a callback may still refuse.
  if (epoch == 0 && run.validation_samples > 0)
    *display_.out << "Train on " << run.samples << " samples, validate on " << run.validation_samples << " samples\n";
  *display_.out << "Epoch " << epoch + 1 << '/' << run.epochs << '\n';
  line_.emplace(run.samples, display_);
}

void ProgressBar::on_batch_end(TrainingRun& run, std::int64_t, std::int64_t seen, const Logs& logs) {
  // The last batch waits for the validation's figures.
  if (verbose_ == 1 && seen < run.samples) line_->update(seen, logs);
}

void ProgressBar::on_epoch_end(TrainingRun& run, int, const Logs& logs) {
  if (verbose_ == 1)
    line_->update(run.samples, logs);
  else
    *display_.out << line_->elapsed() << figures(logs) << '\n' << std::flush;
}

}  // namespace xg::nn
