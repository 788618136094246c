#include "nn/module.hpp"

#include <algorithm>
#include <cctype>

#include "autograd/ops/arithmetic.hpp"

namespace xg::nn {
namespace {

thread_local int call_depth = 0;

/// Counts how deep module calls are nested on this thread.
struct CallDepth {
  CallDepth() { ++call_depth; }
  ~CallDepth() { --call_depth; }
};

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
  const Tensor y = [&] {
    if (reports_caller()) {
      const CallerScope scope(where);
      return forward(x);
    }
    const OwnLines own;
    return forward(x);
  }();
  last_output_shape_ = y.shape();
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

Tensor Module::operator[](const std::string& path) const {
  std::string known;
  for (const auto& list : {parameters(), buffers()})
    for (const auto& [name, value] : list) {
      if (name == path) return value;
      known += (known.empty() ? "" : ", ") + name;
    }
  throw ValueError(concat("no parameter or buffer is named '", path, "': known are ", known));
}

std::int64_t Module::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& [name, value] : parameters()) count += value.size();
  return count;
}

void Module::train(bool on) {
  training_ = on;
  for (auto& [name, child] : children_) child->train(on);
}

Tensor Module::penalty() const {
  std::vector<Tensor> terms;
  collect_penalties(terms);
  Tensor total;
  for (const Tensor& term : terms) total = total.defined() ? total + term : term;
  return total;
}

Tensor& Module::parameter(const std::string& name, const Tensor& initial, Regularizer regularizer) {
  Tensor& value = declare(parameters_, name, initial, std::move(regularizer));
  return value.set_requires_grad();
}

Tensor& Module::buffer(const std::string& name, const Tensor& initial) { return declare(buffers_, name, initial, {}); }

void Module::adopt(std::shared_ptr<Module> child, std::string name) {
  if (name.empty()) {
    const auto same = std::count_if(children_.begin(), children_.end(),
                                    [&](const auto& other) { return other.second->type() == child->type(); });
    name = concat(snake_case(child->type()), '_', same + 1);
  }
  for (const auto& [taken, other] : children_)
    if (taken == name) throw ValueError(concat("a child named '", name, "' is declared already"));
  children_.emplace_back(std::move(name), std::move(child));
}

Tensor& Module::declare(List& list, const std::string& name, const Tensor& initial, Regularizer regularizer) {
  for (const List* known : {&parameters_, &buffers_})
    for (const auto& other : *known)
      if (other->name == name) throw ValueError(concat("a parameter or buffer named '", name, "' is declared already"));
  // Its own elements: an optimizer changes them in place.
  list.push_back(std::make_unique<Declared>(Declared{name, Tensor(initial.array().clone()), std::move(regularizer)}));
  return list.back()->value;
}

void Module::collect(List Module::*list, const std::string& prefix, std::vector<NamedTensor>& found) const {
  for (const auto& declared : this->*list) found.push_back({prefix + declared->name, declared->value});
  for (const auto& [name, child] : children_) child->collect(list, prefix + name + '.', found);
}

void Module::collect_penalties(std::vector<Tensor>& terms) const {
  for (const auto& declared : parameters_)
    if (declared->regularizer) terms.push_back(declared->regularizer(declared->value));
  terms.insert(terms.end(), pass_penalties_.begin(), pass_penalties_.end());
  for (const auto& [name, child] : children_) child->collect_penalties(terms);
}

void Module::forget_penalties() {
  pass_penalties_.clear();
  for (auto& [name, child] : children_) child->forget_penalties();
}

}  // namespace xg::nn
