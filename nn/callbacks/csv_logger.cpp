#include "nn/callbacks/csv_logger.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace xg::nn {
namespace {

/// The shortest text that reads back as the number.
std::string exact(double value) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace

CSVLogger::CSVLogger(std::string filename, const CSVLoggerOptions& options, std::source_location where)
    : filename_(std::move(filename)), options_(options), where_(where) {
  if (filename_.empty()) throw ValueError("CSVLogger: the name of the file is empty", where);
}

void CSVLogger::on_train_begin(TrainingRun& run) {
  std::error_code none;
  const bool continues = options_.append && std::filesystem::file_size(filename_, none) > 0 && !none;
  file_ = std::make_shared<std::ofstream>(filename_, options_.append ? std::ios::app : std::ios::trunc);
  names_ = run.figures;
  std::sort(names_.begin(), names_.end());
  std::string header = "epoch";
  for (const std::string& name : names_) header += options_.separator + name;
  write(continues ? "" : header + '\n');
}

void CSVLogger::on_epoch_end(TrainingRun&, int epoch, const Logs& logs) {
  std::string line = std::to_string(epoch);
  for (const std::string& name : names_) line += options_.separator + (logs.contains(name) ? exact(logs[name]) : "NA");
  write(line + '\n');
}

void CSVLogger::on_train_end(TrainingRun&) { file_.reset(); }

void CSVLogger::write(const std::string& line) {
  if (!file_)
    throw ValueError(concat("CSVLogger: no run writes to '", filename_,
                            "' now: a logger that is given by std::ref serves one run of fit() at a time"),
                     where_);
  if (!(*file_ << line << std::flush)) throw IOError(concat("CSVLogger: cannot write to '", filename_, "'"), where_);
}

}  // namespace xg::nn
