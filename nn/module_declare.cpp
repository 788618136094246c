#include <algorithm>
#include <cctype>
#include <utility>

#include "nn/module_building.hpp"
#include "nn/module_tree.hpp"
#include "nn/pass.hpp"

namespace xg::nn {
namespace {

/// The values with elements of their own: an optimizer changes them in place.
Tensor own_copy(const std::string& name, const Tensor& initial, std::source_location where) {
  if (!initial.defined()) throw ValueError(concat("the initial value of '", name, "' is an undefined tensor"), where);
  return initial.array().clone();
}

/// Keras's rule: "BatchNormalization" -> "batch_normalization", "Conv2D" -> "conv2d". An underscore goes before every
/// capital that begins a run of small letters and digits, and between a small letter and a capital.
std::string snake_case(const std::string& type) {
  const auto is_capital = [](char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; };
  const auto is_small = [](char c) { return std::islower(static_cast<unsigned char>(c)) != 0; };
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  std::string name;
  for (std::size_t i = 0; i < type.size(); ++i) {
    const bool begins_run = i + 1 < type.size() && (is_small(type[i + 1]) || is_digit(type[i + 1]));
    if (i > 0 && is_capital(type[i]) && (begins_run || is_small(type[i - 1]))) name += '_';
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(type[i])));
  }
  return name;
}

/// Dots stand between the names in a path.
void check_no_dot(const char* kind, const std::string& name, std::source_location where) {
  if (name.find('.') != std::string::npos)
    throw ValueError(
        concat("a ", kind, " named '", name, "': a name must not hold a dot, which separates the names in a path"),
        where);
}

}  // namespace

Parameter Module::parameter(const std::string& name, const Tensor& initial, Regularizer regularizer,
                            std::source_location where) {
  Tensor value = own_copy(name, initial, where);
  value.set_requires_grad(true, where);
  return declare(state_.parameters, {name, std::move(value), std::move(regularizer)}, where);
}

Parameter Module::parameter_from(const std::string& name, Array initial, Regularizer regularizer, Constraint constraint,
                                 std::source_location where) {
  Tensor value = initial.is_unique() && initial.is_contiguous() ? std::move(initial) : initial.clone();
  value.set_requires_grad(true, where);
  return declare(state_.parameters, {name, std::move(value), std::move(regularizer), std::move(constraint)}, where);
}

Parameter Module::add_weight(const std::string& name, const Shape& shape, const Initializer& initializer,
                             Regularizer regularizer, Constraint constraint, DType dtype, std::source_location where) {
  check_here(where);
  const CallerScope scope(where);
  return parameter_from(name, initializer(shape, dtype, drawn(*state_.generator)), std::move(regularizer),
                        std::move(constraint), where);
}

Parameter Module::buffer(const std::string& name, const Tensor& initial, std::source_location where) {
  return declare(state_.buffers, {name, own_copy(name, initial, where)}, where);
}

Parameter Module::declare(List& list, NamedTensor made, std::source_location where) {
  check_here(where);
  check_no_dot("parameter or buffer", made.name, where);
  if (declared(made.name))
    throw ValueError(concat("a parameter or buffer named '", made.name, "' is declared already"), where);
  const std::lock_guard lock(declaring);
  list.push_back(made);
  count_declaration();
  return Parameter(std::move(made.value));
}

void Module::put_buffer(const std::string& name, const Array& value) noexcept {
  for (NamedTensor& known : state_.buffers) {
    if (known.name != name) continue;
    const std::lock_guard lock(declaring);
    known.value = Tensor(value);
  }
}

const Tensor* Module::declared(std::string_view name) const {
  for (const auto* list : {&state_.parameters, &state_.buffers})
    for (const auto& known : *list)
      if (known.name == name) return &known.value;
  return nullptr;
}

void Module::check_child(const Module& child, const std::string& name, std::source_location where) {
  check_here(where);
  child.check_here(where);
  if (&child == this || (is_part() && child.has_below(*this)))
    throw ValueError(concat("a module cannot be a part of itself: this ", type(), " is ",
                            &child == this ? "the child" : "a part of the child"),
                     where);
  check_no_dot("child", name, where);
  for (const auto& [other, module] : children())
    if (other == name) throw ValueError(concat("a child named '", name, "' is declared already"), where);
  const std::lock_guard lock(declaring);
  if (state_.children.size() == state_.children.capacity())
    state_.children.reserve(std::max<std::size_t>(2 * state_.children.size(), 4));
}

std::string Module::free_name(const std::string& type) const {
  auto count = std::count_if(children().begin(), children().end(),
                             [&](const Child& other) { return other.second->type() == type; });
  std::string name;
  const auto is_taken = [&](const Child& other) { return other.first == name; };
  do name = snake_case(type) + '_' + std::to_string(++count);
  while (std::any_of(children().begin(), children().end(), is_taken));
  return name;
}

void Module::declare_child(std::shared_ptr<Module> child, std::string name, std::source_location where) {
  if (!child) throw ValueError("the child is a null pointer", where);
  check_child(*child, name, where);
  if (name.empty()) name = free_name(child->type());
  const std::lock_guard lock(declaring);
  child->enter(state_.anchor);
  state_.children.emplace_back(std::move(name), std::move(child));
  count_declaration();
}

std::shared_ptr<Module> Module::disown(std::size_t index) {
  const std::lock_guard lock(declaring);
  const auto place = state_.children.begin() + static_cast<std::ptrdiff_t>(index);
  std::shared_ptr<Module> child = std::move(place->second);
  state_.children.erase(place);
  child->leave(state_.anchor);
  count_declaration();
  return child;
}

void Module::replace_child(std::size_t index, std::shared_ptr<Module> child, std::source_location where) {
  check_child(*child, {}, where);
  const std::lock_guard lock(declaring);
  child->enter(state_.anchor);
  child.swap(state_.children[index].second);
  child->leave(state_.anchor);
  count_declaration();
}

Module::Building::Building(const Module& module) noexcept
    : anchor_(module.state_.anchor),
      parameters_(module.state_.parameters.size()),
      buffers_(module.state_.buffers.size()),
      children_(module.state_.children.size()) {}

void Module::Building::take_back() noexcept {
  Module* const module = anchor_->module;
  if (!module) return;
  State& state = module->state_;
  for (std::size_t i = children_; i < state.children.size(); ++i) state.children[i].second->leave(state.anchor);
  // Freed while the lock is not held: what a user's destructor does is open.
  const auto cut = [](auto& list, std::size_t size) {
    while (list.size() > size) {
      std::unique_lock lock(declaring);
      const auto last = std::move(list.back());
      list.pop_back();
      lock.unlock();
    }
  };
  cut(state.parameters, parameters_);
  cut(state.buffers, buffers_);
  cut(state.children, children_);
  if (!module->built()) module->unbuild();
  count_declaration();
}

void Module::Building::keep(std::optional<Shape> output) noexcept {
  Module* const module = anchor_->module;
  if (!module) return;
  // Another thread may have been the first while this one waited.
  if (output && !module->called_.load(std::memory_order_relaxed)) {
    module->state_.output_shape = output;
    module->called_.store(true, std::memory_order_release);
  }
  module->built_.store(true, std::memory_order_release);
}

}  // namespace xg::nn
