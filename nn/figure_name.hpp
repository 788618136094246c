#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/lookup.hpp"

namespace xg::nn {

// The accuracy has two names: "accuracy", which figures are kept under, and "acc", which progress is shown with.

/// The long name, if the figure has two.
inline std::string_view long_name(std::string_view figure) {
  if (figure == "acc") return "accuracy";
  if (figure == "val_acc") return "val_accuracy";
  return figure;
}

/// The short name, if the figure has two.
inline std::string_view short_name(std::string_view figure) {
  if (figure == "accuracy") return "acc";
  if (figure == "val_accuracy") return "val_acc";
  return figure;
}

/// True if both are names of one figure.
inline bool same_figure(std::string_view a, std::string_view b) { return long_name(a) == long_name(b); }

/// Where a figure stands in a table, by any of its names.
template <class Table>
auto find_figure(Table& table, std::string_view name) {
  return std::find_if(table.begin(), table.end(), [=](const auto& entry) { return same_figure(entry.first, name); });
}

/// What a figure is, in a table that may have it under its other name. An unknown one is a ValueError that lists them.
template <class Value>
const Value& figure_by_name(const Name& name, const std::vector<std::pair<std::string, Value>>& table) {
  const auto entry = find_figure(table, name.text);
  return entry != table.end() ? entry->second : find_by_name("figure", name.text, table, name.where);
}

}  // namespace xg::nn
