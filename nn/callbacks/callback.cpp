#include "nn/callbacks/callback.hpp"

#include "nn/figure_name.hpp"

namespace xg::nn {

Callback::~Callback() = default;

void Logs::set(const std::string& name, double value) {
  if (const auto entry = find_figure(entries_, name); entry != entries_.end())
    entry->second = value;
  else
    entries_.emplace_back(name, value);
}

void Logs::remove(const std::string& name) {
  std::erase_if(entries_, [&](const Entry& entry) { return same_figure(entry.first, name); });
}

bool Logs::contains(const std::string& name) const { return find_figure(entries_, name) != entries_.end(); }

double Logs::operator[](const Name& name) const { return figure_by_name(name, entries_); }

}  // namespace xg::nn
