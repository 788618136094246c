#include "nn/module.hpp"

#include <algorithm>
#include <cctype>

#include "autograd/ops/arithmetic.hpp"

namespace xg::nn {
namespace {

thread_local int call_depth = 0;
/// The number of the pass: of the outermost call on this thread.
thread_local std::uint64_t pass = 0;

/// Counts how deep module calls are nested on this thread.
struct CallDepth {
  CallDepth() {
    if (call_depth++ == 0) ++pass;
  }
  ~CallDepth() { --call_depth; }
};

/// The values with elements of their own: an optimizer changes them in place.
Tensor own_copy(const std::string& name, const Tensor& initial, std::source_location where) {
  if (!initial.defined()) throw ValueError(concat("the initial value of '", name, "' is an undefined tensor"), where);
  return initial.array().clone();
}

/// "BatchNorm" -> "batch_norm".
std::string snake_case(const std::string& type) {
  std::string name;
  for (const char c : type) {
    if (std::isupper(static_cast<unsigned char>(c)) && !name.empty()) name += '_';
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return name;
}

}  // namespace

Tensor Module::operator()(const Tensor& x, std::source_location where) {
  if (call_depth == 0) forget_penalties();
  const CallDepth depth;
  const Tensor y = hooked(x, [&] {
    if (reports_caller()) {
      const CallerScope scope(where);
      return forward(x);
    }
    const OwnLines own;
    return forward(x);
  }());
  last_output_shape_ = y.shape();
  return y;
}

Tensor Module::hooked(const Tensor& x, Tensor y) {
  const OwnLines own;
  for (const ForwardHook& hook : forward_hooks_)
    if (Tensor changed = hook(*this, x, y); changed.defined()) y = std::move(changed);
  if (y.requires_grad())
    for (const BackwardHook& hook : backward_hooks_)
      y.register_hook([this, hook](const Tensor& gradient) { return hook(*this, gradient); });
  return y;
}

std::vector<NamedTensor> Module::parameters() const {
  std::vector<NamedTensor> found;
  collect(&Module::parameters_, "", found);
  return found;
}

std::vector<NamedTensor> Module::buffers() const {
  std::vector<NamedTensor> found;
  collect(&Module::buffers_, "", found);
  return found;
}

Tensor Module::operator[](const Name& path) const {
  std::vector<std::pair<std::string, Tensor>> table;
  for (const auto& list : {parameters(), buffers()})
    for (const auto& known : list) table.emplace_back(known.name, known.value);
  return find_by_name("parameter or buffer", path.text, table, path.where);
}

std::int64_t Module::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& parameter : parameters()) count += parameter.value.size();
  return count;
}

void Module::train(bool on) {
  training_ = on;
  for (auto& [name, child] : children_) child->train(on);
}

Tensor Module::penalty(std::source_location where) const {
  const CallerScope scope(where);
  Tensor total = 0.0;
  for (const auto& [name, value, regularizer] : parameters())
    if (regularizer) total = total + regularizer(value);
  for (const Tensor& term : pass_penalties()) total = total + term;
  return total;
}

std::vector<Tensor> Module::pass_penalties() const {
  std::vector<Tensor> terms = pass_penalties_;
  for (const auto& [name, child] : children_) {
    const auto inner = child->pass_penalties();
    terms.insert(terms.end(), inner.begin(), inner.end());
  }
  return terms;
}

void Module::add_penalty(const Tensor& term) {
  // A module called in the forward() of one that does not own it is not told that a pass begins.
  if (penalty_pass_ != pass) pass_penalties_.clear();
  penalty_pass_ = pass;
  pass_penalties_.push_back(term);
}

Tensor& Module::parameter(const std::string& name, const Tensor& initial, Regularizer regularizer,
                          std::source_location where) {
  Tensor value = own_copy(name, initial, where);
  value.set_requires_grad(true, where);
  return declare(parameters_, name, std::move(value), std::move(regularizer), where);
}

Tensor& Module::buffer(const std::string& name, const Tensor& initial, std::source_location where) {
  return declare(buffers_, name, own_copy(name, initial, where), {}, where);
}

void Module::adopt(std::shared_ptr<Module> child, std::string name, std::source_location where) {
  const auto is_taken = [&] {
    return std::any_of(children_.begin(), children_.end(), [&](const auto& other) { return other.first == name; });
  };
  if (name.empty()) {
    auto count = std::count_if(children_.begin(), children_.end(),
                               [&](const auto& other) { return other.second->type() == child->type(); });
    do name = concat(snake_case(child->type()), '_', ++count);
    while (is_taken());
  }
  if (is_taken()) throw ValueError(concat("a child named '", name, "' is declared already"), where);
  children_.emplace_back(std::move(name), std::move(child));
}

Tensor& Module::declare(List& list, const std::string& name, Tensor value, Regularizer regularizer,
                        std::source_location where) {
  for (const List* known : {&parameters_, &buffers_})
    for (const auto& other : *known)
      if (other->name == name)
        throw ValueError(concat("a parameter or buffer named '", name, "' is declared already"), where);
  list.push_back(std::make_unique<NamedTensor>(NamedTensor{name, std::move(value), std::move(regularizer)}));
  return list.back()->value;
}

void Module::collect(List Module::*list, const std::string& prefix, std::vector<NamedTensor>& found) const {
  for (const auto& declared : this->*list)
    found.push_back({prefix + declared->name, declared->value, declared->regularizer});
  for (const auto& [name, child] : children_) child->collect(list, prefix + name + '.', found);
}

void Module::forget_penalties() {
  pass_penalties_.clear();
  for (auto& [name, child] : children_) child->forget_penalties();
}

}  // namespace xg::nn
