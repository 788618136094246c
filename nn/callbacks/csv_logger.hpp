#pragma once

#include <fstream>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "nn/callbacks/callback.hpp"

namespace xg::nn {

/// How CSVLogger writes.
struct CSVLoggerOptions {
  std::string separator = ",";  ///< between the figures of a line
  bool append = false;          ///< behind what the file holds; else it begins anew
};

/// Writes a line for each epoch into a file: its number, counted from 0, and its figures in the order of their names,
/// which stand in the first line. Numbers are written so that they can be read back exactly. Each line is in the file
/// when the next epoch begins.
class XG_API CSVLogger : public Callback {
 public:
  /// Into that file. An empty name is a ValueError; a file that cannot be written, later, an IOError.
  explicit CSVLogger(std::string filename, const CSVLoggerOptions& options = {},
                     std::source_location where = std::source_location::current());

  /// Opens the file.
  void on_train_begin(TrainingRun& run) override;
  /// Writes a line.
  void on_epoch_end(TrainingRun& run, int epoch, const Logs& logs) override;
  /// Closes the file.
  void on_train_end(TrainingRun& run) override;

 private:
  void write(const std::string& line);

  std::string filename_;
  CSVLoggerOptions options_;
  std::source_location where_;
  std::shared_ptr<std::ofstream> file_;
  std::vector<std::string> names_;
};

}  // namespace xg::nn
