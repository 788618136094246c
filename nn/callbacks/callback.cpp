#include "nn/callbacks/callback.hpp"

namespace xg::nn {

void Logs::set(const std::string& name, double value) {
  for (auto& [key, old] : entries_)
    if (key == name) {
      old = value;
      return;
    }
  entries_.emplace_back(name, value);
}

void Logs::remove(const std::string& name) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.first == name; });
}

bool Logs::contains(const std::string& name) const {
  for (const auto& [key, value] : entries_)
    if (key == name) return true;
  return false;
}

double Logs::operator[](const Name& name) const { return find_by_name("figure", name.text, entries_, name.where); }

}  // namespace xg::nn
