#include "nn/callbacks/monitor.hpp"

#include <algorithm>
#include <utility>

#include "nn/figure_name.hpp"

namespace xg::nn {
namespace {

bool is_maximized(const std::string& callback, const std::string& figure, const std::string& mode,
                  std::source_location where) {
  if (mode == "min" || mode == "max") return mode == "max";
  if (mode != "auto")
    throw ValueError(concat(callback, ": unknown mode '", mode, "': known are auto, min, max"), where);
  const auto parts = {"acc", "auc", "precision", "recall", "f1", "r2_score", "iou"};
  return std::any_of(parts.begin(), parts.end(),
                     [&](const char* part) { return figure.find(part) != std::string::npos; });
}

}  // namespace

Monitor::Monitor(std::string callback, std::string figure, const std::string& mode, double min_delta,
                 std::source_location where)
    : callback_(std::move(callback)), figure_(std::move(figure)), min_delta_(min_delta), where_(where) {
  if (!(min_delta >= 0 && std::isfinite(min_delta)))
    throw ValueError(concat(callback_, ": min_delta must be a finite number of at least 0, got ", min_delta), where);
  maximize_ = is_maximized(callback_, figure_, mode, where);
}

void Monitor::begin(const TrainingRun& run) {
  std::string known;
  for (const auto& name : run.figures) known += (known.empty() ? "" : ", ") + name;
  if (std::none_of(run.figures.begin(), run.figures.end(),
                   [&](const auto& name) { return same_figure(name, figure_); }))
    throw ValueError(concat(callback_, ": the run has no figure '", figure_, "' to monitor: known are ", known),
                     where_);
  best_.reset();
  best_epoch_.reset();
}

bool Monitor::improves(int epoch, const Logs& logs) {
  const double value = logs[figure_];
  const bool better = !best_      ? !std::isnan(value)
                      : maximize_ ? value - min_delta_ > *best_
                                  : value + min_delta_ < *best_;
  if (!better) return false;
  best_ = value;
  best_epoch_ = epoch;
  return true;
}

std::string epoch_title(int epoch) {
  const std::string number = std::to_string(epoch + 1);
  return "Epoch " + std::string(number.size() < 5 ? 5 - number.size() : 0, '0') + number + ": ";
}

void check_epochs(const char* callback, const char* what, int epochs, std::source_location where) {
  if (epochs < 0) throw ValueError(concat(callback, ": ", what, " must not be negative, got ", epochs), where);
}

}  // namespace xg::nn
