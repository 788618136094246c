#include "nn/callbacks/history.hpp"

#include <algorithm>
#include <typeinfo>

namespace xg::nn {

const std::vector<double>& History::operator[](const Name& name) const {
  return find_by_name("figure", name.text, values_, name.where);
}

bool History::contains(const std::string& name) const {
  return std::any_of(values_.begin(), values_.end(), [&](const auto& entry) { return entry.first == name; });
}

Spec History::spec() const {
  if (typeid(*this) != typeid(History)) return Callback::spec();
  return {"history"};
}

void History::on_epoch_begin(TrainingRun&, int) { start_ = std::chrono::steady_clock::now(); }

void History::on_epoch_end(TrainingRun&, int, const Logs& logs) {
  seconds_.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count());
  for (const auto& [name, value] : logs) {
    auto entry =
        std::find_if(values_.begin(), values_.end(), [&, &key = name](const auto& e) { return e.first == key; });
    if (entry == values_.end()) entry = values_.insert(entry, {name, {}});
    entry->second.push_back(value);
  }
}

}  // namespace xg::nn
