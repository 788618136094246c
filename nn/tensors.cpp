#include "nn/tensors.hpp"

#include <algorithm>

namespace xg::nn {

Tensors::Tensors(std::initializer_list<Entry> entries, std::source_location where) {
  for (const Entry& entry : entries) push_back(entry, where);
}

Tensors::Tensors(const std::vector<Entry>& entries, std::source_location where) {
  for (const Entry& entry : entries) push_back(entry, where);
}

void Tensors::check_new(const std::string& name, std::source_location where) const {
  if (!name.empty() && contains(name)) throw ValueError(concat("tensors: the name '", name, "' is given twice"), where);
}

void Tensors::push_back(Entry entry, std::source_location where) {
  check_new(entry.name, where);
  entries_.push_back(std::move(entry));
}

bool Tensors::contains(const std::string& name) const {
  return std::any_of(begin(), end(), [&](const Entry& entry) { return entry.name == name; });
}

bool Tensors::named() const {
  return std::none_of(begin(), end(), [](const Entry& entry) { return entry.name.empty(); });
}

const Tensor& Tensors::only(std::source_location where) const {
  if (size() != 1) throw ValueError(concat("tensors: one tensor is expected, there are ", size()), where);
  return entries_.front().value;
}

std::string shapes_of(const Tensors& tensors) {
  std::string text;
  for (const auto& [name, value] : tensors) {
    text += text.empty() ? "" : ", ";
    text += name.empty() ? "" : name + ": ";
    text += value.defined() ? to_string(value.shape()) : "undefined";
  }
  return '(' + text + ')';
}

}  // namespace xg::nn
