#include "nn/callbacks/callback.hpp"

#include "lib/error.hpp"

namespace xg::nn {

void Logs::set(const std::string& name, double value) {
  for (auto& [key, old] : entries_)
    if (key == name) {
      old = value;
      return;
    }
  entries_.emplace_back(name, value);
}

bool Logs::contains(const std::string& name) const {
  for (const auto& [key, value] : entries_)
    if (key == name) return true;
  return false;
}

double Logs::operator[](const std::string& name) const {
  std::string known;
  for (const auto& [key, value] : entries_) {
    if (key == name) return value;
    known += (known.empty() ? "" : ", ") + key;
  }
  throw ValueError(concat("no figure is named '", name, "': known are ", known));
}

}  // namespace xg::nn
