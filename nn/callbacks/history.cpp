#include "nn/callbacks/history.hpp"

#include "nn/figure_name.hpp"

namespace xg::nn {

const std::vector<double>& History::operator[](const Name& name) const { return figure_by_name(name, values_); }

bool History::contains(const std::string& name) const { return find_figure(values_, name) != values_.end(); }

Spec History::spec() const { return {"history"}; }

void History::on_epoch_begin(TrainingRun&, int) { start_ = std::chrono::steady_clock::now(); }

void History::on_epoch_end(TrainingRun&, int, const Logs& logs) {
  seconds_.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count());
  for (const auto& [name, value] : logs) {
    auto entry = find_figure(values_, name);
    if (entry == values_.end()) entry = values_.insert(entry, {name, {}});
    entry->second.push_back(value);
  }
}

}  // namespace xg::nn
