#include "nn/callbacks/progress_bar.hpp"

#include <ostream>

namespace xg::nn {

void ProgressBar::on_epoch_begin(TrainingRun& run, int epoch) {
  // Not when training begins: a callback may still refuse.
  if (epoch == 0 && run.validation_samples > 0 && run.samples > 0)
    *display_.out << "Train on " << run.samples << " samples, validate on " << run.validation_samples << " samples\n";
  *display_.out << "Epoch " << epoch + 1 << '/' << run.epochs << '\n';
  line_.emplace(run.samples >= 0 ? run.samples : run.steps, display_);
  done_ = 0;
}

void ProgressBar::on_batch_end(TrainingRun& run, std::int64_t batch, std::int64_t seen, const Logs& logs) {
  // Without a number of samples, batches are counted.
  done_ = run.samples >= 0 ? seen : batch + 1;
  const std::int64_t target = run.samples >= 0 ? run.samples : run.steps;
  // The last batch waits for the validation's figures.
  if (verbose_ == 1 && (target < 0 || done_ < target)) line_->update(done_, logs);
}

void ProgressBar::on_epoch_end(TrainingRun&, int, const Logs& logs) {
  if (verbose_ == 1)
    line_->finish(done_, logs);
  else
    *display_.out << line_->elapsed() << figures(logs) << '\n' << std::flush;
  line_.reset();
}

void ProgressBar::on_train_end(TrainingRun&) {
  if (line_ && done_ > 0) *display_.out << '\n' << std::flush;
  line_.reset();
}

}  // namespace xg::nn
