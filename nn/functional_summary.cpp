#include <algorithm>

#include "nn/functional.hpp"
#include "nn/summary.hpp"

namespace xg::nn {
namespace {

/// "(None, 200)" for one output, "[(None, 4), (None, 8)]" for several.
std::string shapes_text(const std::vector<Shape>& samples) {
  std::string text;
  for (const Shape& sample : samples) {
    text += text.empty() ? "(None" : ", (None";
    for (const std::int64_t extent : sample) text += ", " + std::to_string(extent);
    text += ')';
  }
  return samples.size() == 1 ? text : '[' + text + ']';
}

}  // namespace

/// The name of an input in the table: its own, or "input_1" by its place.
std::string Functional::input_name(std::size_t index) const {
  return inputs_[index].name.empty() ? "input_" + std::to_string(index + 1) : inputs_[index].name;
}

/// Where a value comes from, as Keras writes it: "dense_1[0][0]", the layer, which of its calls, which of its outputs.
std::string Functional::source_of(std::size_t slot) const {
  if (slot < inputs_.size()) return input_name(slot) + "[0][0]";
  const auto step = std::find_if(steps_.rbegin(), steps_.rend(), [&](const Step& s) { return s.first_slot <= slot; });
  const auto earlier = std::count_if(step + 1, steps_.rend(), [&](const Step& s) { return s.child == step->child; });
  return concat(children()[step->child].first, '[', earlier, "][", slot - step->first_slot, ']');
}

/// The lines of a child: the first of its sources beside it, the others below.
std::vector<std::vector<std::string>> Functional::lines_of(std::size_t child) const {
  std::vector<std::string> sources;
  std::vector<Shape> shapes;
  bool differs = false;
  for (const Step& step : steps_) {
    if (step.child != child) continue;
    differs = differs || (!shapes.empty() && shapes != step.outputs);
    shapes = step.outputs;
    for (const Port& input : step.inputs) sources.push_back(source_of(input.slot));
  }
  const auto& [name, module] = children()[child];
  std::vector<std::vector<std::string>> lines{{name + " (" + module->type() + ")",
                                               differs ? "multiple" : shapes_text(shapes),
                                               std::to_string(numbers_of(*module)), sources.front()}};
  for (std::size_t i = 1; i < sources.size(); ++i) lines.push_back({"", "", "", sources[i]});
  return lines;
}

/// True if each layer is called once, with one tensor, which only it takes.
bool Functional::is_chain() const {
  if (inputs_.size() > 1 || steps_.size() > children().size()) return false;
  std::vector<bool> taken(slots_, false);
  for (const Step& step : steps_) {
    if (step.inputs.size() > 1 || taken[step.inputs.front().slot]) return false;
    taken[step.inputs.front().slot] = true;
  }
  return true;
}

SummaryTable Functional::table() const {
  // The columns end at 33 %, 55 %, 67 % and all of the line.
  SummaryTable table{98, {32, 53, 65, 98}, {"Layer (type)", "Output Shape", "Param #", "Connected to"}, {}};
  for (std::size_t i = 0; i < inputs_.size(); ++i)
    table.rows.push_back({{input_name(i) + " (Input)", shapes_text({inputs_[i].sample}), "0", ""}});
  for (std::size_t child = 0; child < children().size(); ++child) table.rows.push_back(lines_of(child));
  if (!is_chain()) return table;

  SummaryTable narrow{65, {29, 55, 65}, {"Layer (type)", "Output Shape", "Param #"}, std::move(table.rows)};
  for (auto& lines : narrow.rows) lines.front().pop_back();
  return narrow;
}

}  // namespace xg::nn
