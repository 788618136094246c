#include "nn/functional.hpp"

#include <algorithm>
#include <unordered_map>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "nn/pass.hpp"

namespace xg::nn {
namespace {

std::string shape_text(const std::string& name, const Shape& sample) {
  return concat(name, name.empty() ? "" : ": ", sample);
}

/// The names and shapes: "(image: (28, 28), age: (1))".
template <class List>
std::string shapes_text(const List& list) {
  std::string text;
  for (const auto& entry : list) text += (text.empty() ? "" : ", ") + shape_text(entry.name, entry.sample);
  return '(' + text + ')';
}

Shape sample_of(const Tensor& batch, std::source_location where) {
  if (batch.rank() == 0)
    throw ShapeError("Functional: an input is a single number: its first axis must be the samples", where);
  Shape sample = batch.shape();
  sample.erase(0);
  return sample;
}

}  // namespace

/// Turns symbols into steps.
class Functional::Builder {
 public:
  Builder(Functional& model, std::source_location where) : model_(model), where_(where) {}

  void add_input(const Symbolic& input) {
    for (const auto& entry : input.entries()) {
      if (entry.call->module)
        throw ValueError(
            concat("Functional: ", shape_text(entry.name, entry.sample), " is given as an input, and comes out of ",
                   entry.call->module->type(), ": inputs are made by input()"),
            where_);
      if (slots_.contains(entry.call.get()))
        throw ValueError(concat("Functional: the input ", shape_text(entry.name, entry.sample), " is given twice"),
                         where_);
      check_new(model_.inputs_, "input", entry.name);
      slots_.emplace(entry.call.get(), model_.slots_);
      model_.inputs_.push_back({entry.name, entry.sample, entry.dtype, model_.slots_++});
      used_.push_back(false);
    }
  }

  /// A mask beside an output is not counted; add_mask() adds it.
  void add_output(const Output& output) {
    const auto& entries = output.value.entries();
    if (entries.size() != 1 && !(entries.size() == 2 && is_mask(entries.back())))
      throw ValueError(concat("Functional: an output is one tensor, got ", entries.size(), ' ', shapes_text(entries),
                              ": x[0] is the first of them"),
                       where_);
    const Symbolic::Entry& entry = entries.front();
    const std::string& name = output.name.empty() ? entry.name : output.name;
    check_new(model_.outputs_, "output", name);
    model_.outputs_.push_back({name, entry.sample, entry.dtype, slot_of(entry)});
  }

  /// Which steps of the only output count.
  void add_mask(const Output& output) {
    const Symbolic::Entry& entry = output.value.entries().back();
    if (output.value.size() == 2) model_.mask_ = Port{entry.name, entry.sample, entry.dtype, slot_of(entry)};
  }

  void finish() const {
    for (std::size_t i = 0; i < used_.size(); ++i)
      if (!used_[i])
        throw ValueError(concat("Functional: no output depends on the input ",
                                shape_text(model_.inputs_[i].name, model_.inputs_[i].sample)),
                         where_);
    model_.note_spent();
  }

 private:
  static bool is_mask(const Symbolic::Entry& entry) { return entry.name == "mask" && entry.dtype == boolean; }

  void check_new(const std::vector<Port>& ports, const char* role, const std::string& name) const {
    if (!name.empty() && std::any_of(ports.begin(), ports.end(), [&](const Port& port) { return port.name == name; }))
      throw ValueError(concat("Functional: two ", role, "s have the name '", name, "'"), where_);
  }

  /// Where a tensor is kept; what it depends on becomes steps first. By a list instead of by recursion: models are
  /// deep.
  std::size_t slot_of(const Symbolic::Entry& wanted) {
    std::vector<const Symbolic::Call*> open{wanted.call.get()};
    while (!open.empty()) {
      const Symbolic::Call& call = *open.back();
      const std::size_t before = open.size();
      if (!slots_.contains(&call)) {
        if (!call.module) refuse_input(call);
        for (auto input = call.inputs.rbegin(); input != call.inputs.rend(); ++input)
          if (!slots_.contains(input->call.get())) open.push_back(input->call.get());
      }
      if (open.size() > before) continue;
      open.pop_back();
      if (!slots_.contains(&call)) add_step(call);
    }
    const std::size_t slot = slots_.at(wanted.call.get()) + wanted.output;
    if (slot < used_.size()) used_[slot] = true;
    return slot;
  }

  [[noreturn]] void refuse_input(const Symbolic::Call& call) const {
    throw ValueError(concat("Functional: an output depends on the input ", shape_text(call.name, call.outputs.front()),
                            ", which is not among the inputs ", shapes_text(model_.inputs_)),
                     where_);
  }

  void add_step(const Symbolic::Call& call) {
    Step step{.child = child_of(call), .first_slot = model_.slots_, .outputs = call.outputs};
    for (const auto& input : call.inputs) {
      const std::size_t slot = slots_.at(input.call.get()) + input.output;
      if (slot < used_.size()) used_[slot] = true;
      step.inputs.push_back({input.name, input.sample, input.dtype, slot});
    }
    slots_.emplace(&call, model_.slots_);
    model_.slots_ += call.outputs.size();
    model_.steps_.push_back(std::move(step));
  }

  std::size_t child_of(const Symbolic::Call& call) {
    const auto& children = model_.children();
    for (std::size_t i = 0; i < children.size(); ++i)
      if (children[i].second == call.module) return i;
    model_.adopt(call.module, call.name, where_);
    return children.size() - 1;
  }

  Functional& model_;
  std::source_location where_;
  std::unordered_map<const Symbolic::Call*, std::size_t> slots_;  // of the first output
  std::vector<bool> used_;                                        // of the inputs, which have the first slots
};

Functional::Functional(const Symbolic& inputs, const Symbolic& output, std::source_location where)
    : Functional(std::vector<Symbolic>{inputs}, std::vector<Output>{output}, where) {}

Functional::Functional(const std::vector<Symbolic>& inputs, const Symbolic& output, std::source_location where)
    : Functional(inputs, std::vector<Output>{output}, where) {}

Functional::Functional(const Symbolic& inputs, const std::vector<Output>& outputs, std::source_location where)
    : Functional(std::vector<Symbolic>{inputs}, outputs, where) {}

Functional::Functional(const std::vector<Symbolic>& inputs, const std::vector<Output>& outputs,
                       std::source_location where) {
  Builder builder(*this, where);
  for (const Symbolic& input : inputs) builder.add_input(input);
  if (inputs_.empty()) throw ValueError("Functional: there are no inputs", where);
  for (const Output& output : outputs) builder.add_output(output);
  if (outputs_.empty()) throw ValueError("Functional: there are no outputs", where);
  if (outputs.size() == 1) builder.add_mask(outputs.front());
  builder.finish();
}

/// Notes after which step a value is not needed any more.
void Functional::note_spent() {
  std::vector<bool> needed(slots_, false);
  for (const Port& output : outputs_) needed[output.slot] = true;
  if (mask_) needed[mask_->slot] = true;
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step)
    for (const Port& input : step->inputs)
      if (!needed[input.slot]) {
        needed[input.slot] = true;
        step->spent.push_back(input.slot);
      }
}

std::string Functional::expected() const { return shapes_text(inputs_); }

/// The inputs in their slots.
std::vector<Tensor> Functional::bind(const Tensors& inputs) const {
  const auto where = std::source_location::current();
  if (inputs.size() != inputs_.size())
    throw ShapeError(concat("Functional: it takes ", inputs_.size(), " inputs with samples ", expected(), ", got ",
                            inputs.size(), ' ', shapes_of(inputs)),
                     where);
  const bool by_name = inputs.named() && std::none_of(inputs_.begin(), inputs_.end(),
                                                      [](const Port& input) { return input.name.empty(); });
  std::vector<Tensor> values(slots_);
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const Port& input = inputs_[i];
    if (by_name && !inputs.contains(input.name))
      throw ValueError(concat("Functional: there is no input '", input.name, "': samples ", expected(),
                              " are expected, got batches ", shapes_of(inputs)),
                       where);
    const Tensor& x = by_name ? inputs[input.name] : inputs[i];
    if (sample_of(x, where) != input.sample)
      throw ShapeError(concat("Functional: samples ", expected(), " are expected, got batches ", shapes_of(inputs)),
                       where);
    if (x.dtype() != input.dtype)
      throw DTypeError(concat("Functional: the input ", shape_text(input.name, input.sample), " is ", input.dtype,
                              ", got ", x.dtype(), ": astype() converts it, or input() takes the dtype"),
                       where);
    values[input.slot] = x;
  }
  return values;
}

Tensors Functional::forward_many(const Tensors& inputs) {
  std::vector<Tensor> values = bind(inputs);
  const std::int64_t batch = inputs[0].shape()[0];
  for (const Step& step : steps_) {
    Tensors x;
    for (const Port& port : step.inputs) x.push_back({port.name, values[port.slot]});
    for (const std::size_t slot : step.spent) values[slot] = {};
    const Tensors y = (*children()[step.child].second)(x);
    if (y.size() != step.outputs.size())
      throw ValueError(concat("Functional: '", children()[step.child].first, "' gave ", y.size(),
                              " tensors, and when the model was made ", step.outputs.size()),
                       std::source_location::current());
    for (std::size_t i = 0; i < y.size(); ++i) {
      Shape expected = step.outputs[i];
      expected.insert(0, batch);
      if (y[i].shape() != expected)
        throw ShapeError(concat("Functional: '", children()[step.child].first, "' gave shape ", y[i].shape(), ", ",
                                expected, " is expected: what a layer gives for a sample must not change"),
                         std::source_location::current());
      values[step.first_slot + i] = y[i];
    }
  }
  Tensors outputs;
  for (const Port& port : outputs_) outputs.push_back({port.name, values[port.slot]});
  if (mask_) outputs.push_back({mask_->name, values[mask_->slot]});
  return outputs;
}

Tensor Functional::forward(const Tensor& x) { return outputs_.size() == 1 ? forward_many(x)[0] : Tensor(); }

std::shared_ptr<Module> Functional::copy() const { return std::make_shared<Functional>(clone()); }

Functional Functional::clone() const {
  Functional made;
  const auto where = std::source_location::current();
  for (const auto& [name, child] : children()) made.adopt(copy_of(*child), name, where);
  made.inputs_ = inputs_;
  made.outputs_ = outputs_;
  made.steps_ = steps_;
  made.mask_ = mask_;
  made.slots_ = slots_;
  return copied(std::move(made));
}

std::optional<Shape> Functional::output_shape(const Shape& sample) const {
  if (inputs_.size() != 1 || outputs_.size() != 1) return std::nullopt;
  if (sample != inputs_[0].sample)
    throw ShapeError(concat("Functional: samples ", expected(), " are expected, got ", sample),
                     std::source_location::current());
  return outputs_[0].sample;
}

std::optional<Shape> Functional::input_shape() const {
  if (inputs_.size() != 1) return std::nullopt;
  return inputs_[0].sample;
}

}  // namespace xg::nn
