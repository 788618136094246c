#include <algorithm>
#include <iostream>
#include <string>

#include "nn/model.hpp"
#include "nn/summary.hpp"

namespace xg::nn {
namespace {

std::string row(const std::vector<std::string>& fields, const std::vector<std::size_t>& column_ends) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line.back() = ' ';
    line += fields[i];
    line.resize(column_ends[i], ' ');
  }
  return line + '\n';
}

/// 178110 -> "178,110".
std::string with_commas(std::int64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

/// "(None, 200)" from the shape of a batch.
std::string batch_text(const std::optional<Shape>& batch) {
  if (!batch) return "?";
  if (batch->rank() == 0) return "()";
  std::string text = "(None";
  for (std::size_t axis = 1; axis < batch->rank(); ++axis) text += ", " + std::to_string((*batch)[axis]);
  return text + ")";
}

}  // namespace

std::int64_t numbers_of(const Module& module) {
  std::int64_t count = module.parameter_count();
  for (const auto& buffer : module.buffers()) count += buffer.value.size();
  return count;
}

void Model::summary() const { summary(std::cout); }

SummaryTable Model::table() const {
  // The columns end at 45 %, 85 % and all of the line.
  SummaryTable table{65, {29, 55, 65}, {"Layer (type)", "Output Shape", "Param #"}, {}};
  std::optional<Shape> sample = input_shape();
  for (const auto& [name, child] : children()) {
    if (sample) sample = child->output_shape(*sample);
    std::optional<Shape> batch = child->first_output_shape();
    if (sample) {
      batch = sample;
      batch->insert(0, 0);
    }
    table.rows.push_back({{name + " (" + child->type() + ")", batch_text(batch), std::to_string(numbers_of(*child))}});
  }
  return table;
}

void Model::summary(std::ostream& out) const {
  const SummaryTable table = this->table();
  const std::string thin = std::string(table.width, '_') + '\n', thick = std::string(table.width, '=') + '\n';
  out << thin << row(table.titles, table.column_ends) << thick;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    for (const auto& line : table.rows[i]) out << row(line, table.column_ends);
    out << (i + 1 == table.rows.size() ? thick : thin);
  }
  std::int64_t trainable = 0, fixed = 0;
  for (const auto& list : {parameters(), buffers()})
    for (const auto& tensor : list) (tensor.value.requires_grad() ? trainable : fixed) += tensor.value.size();
  out << "Total params: " << with_commas(trainable + fixed) << '\n'
      << "Trainable params: " << with_commas(trainable) << '\n'
      << "Non-trainable params: " << with_commas(fixed) << '\n'
      << thin;
}

}  // namespace xg::nn
