#include "nn/callbacks/history.hpp"

#include <algorithm>

#include "lib/error.hpp"

namespace xg::nn {

const std::vector<double>& History::operator[](const std::string& name) const {
  std::string known;
  for (const auto& [key, values] : values_) {
    if (key == name) return values;
    known += (known.empty() ? "" : ", ") + key;
  }
  throw ValueError(concat("no figure is named '", name, "': known are ", known));
}

bool History::contains(const std::string& name) const {
  return std::any_of(values_.begin(), values_.end(), [&](const auto& entry) { return entry.first == name; });
}

void History::on_epoch_begin(TrainingRun&, int) { start_ = std::chrono::steady_clock::now(); }

void History::on_epoch_end(TrainingRun&, int, const Logs& logs) {
  seconds_.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count());
  for (const auto& [name, value] : logs) {
    auto entry = std::find_if(values_.begin(), values_.end(), [&, &key = name](const auto& e) { return e.first == key; });
    if (entry == values_.end()) entry = values_.insert(entry, {name, {}});
    entry->second.push_back(value);
  }
}

}  // namespace xg::nn
