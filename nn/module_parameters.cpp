#include <algorithm>
#include <string_view>

#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "nn/module.hpp"
#include "nn/module_tree.hpp"
#include "nn/pass.hpp"
#include "nn/pattern.hpp"

namespace xg::nn {

std::vector<NamedTensor> Module::collect(List State::*list) const {
  struct Level {
    const Module* module;
    std::size_t path_length;
    std::size_t next_child = 0;
  };
  std::vector<NamedTensor> found;
  std::string path;
  std::vector<Level> levels;
  Met met;
  const std::lock_guard lock(declaring);
  const auto enter = [&](const Module& module) {
    for (const auto& declared : module.state_.*list)
      found.push_back({path + declared.name, declared.value, declared.regularizer, declared.constraint});
    levels.push_back({&module, path.size()});
  };
  enter(*this);
  while (!levels.empty()) {
    Level& level = levels.back();
    path.resize(level.path_length);
    if (level.next_child == level.module->children().size()) {
      levels.pop_back();
      continue;
    }
    const auto& [name, child] = level.module->children()[level.next_child++];
    if (!met.is_new(child)) continue;
    path += name + '.';
    enter(*child);
  }
  return found;
}

ParameterList Module::parameters() const { return {collect(&State::parameters), state_.anchor}; }

ParameterList Module::buffers() const { return collect(&State::buffers); }

Tensor Module::operator[](const Name& path) const {
  // Down the path, which finds a module in all of its places.
  const Module* module = this;
  std::string_view rest = path.text;
  while (module) {
    if (const Tensor* found = module->declared(rest)) return *found;
    const auto child = std::find_if(module->children().begin(), module->children().end(), [&](const Child& each) {
      return rest.starts_with(each.first) && rest.substr(each.first.size()).starts_with('.');
    });
    module = child == module->children().end() ? nullptr : child->second.get();
    if (module) rest.remove_prefix(child->first.size() + 1);
  }
  std::vector<std::pair<std::string, Tensor>> table;
  for (const auto list : {&State::parameters, &State::buffers})
    for (const auto& known : collect(list)) table.emplace_back(known.name, known.value);
  return find_by_name("parameter or buffer", path.text, table, path.where);
}

std::int64_t Module::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& parameter : parameters()) count += parameter.value.size();
  return count;
}

void Module::freeze(const Name& pattern) { set_trainable("freeze", pattern, false); }

void Module::unfreeze(const Name& pattern) { set_trainable("unfreeze", pattern, true); }

void Module::set_trainable(const char* call, const Name& pattern, bool trainable) {
  std::string known;
  bool found = false;
  for (auto& [name, value, regularizer, constraint] : parameters()) {
    known += (known.empty() ? "" : ", ") + name;
    if (!fits(pattern.text, name)) continue;
    found = true;
    value.set_requires_grad(trainable, pattern.where);
  }
  if (!found)
    throw ValueError(concat(call, ": no parameter fits '", pattern.text, "': ",
                            known.empty() ? "there are none; layers that learn their input size have theirs after the "
                                            "first pass or build_for()"
                                          : "there are " + known),
                     pattern.where);
}

Tensor Module::penalty(std::source_location where) const {
  const CallerScope scope(where);
  Tensor total = 0.0;
  for (const auto& [name, value, regularizer, constraint] : parameters())
    if (regularizer && value.requires_grad()) total = total + regularizer(value);
  bool reports = false, has_reported = false;
  for (const Module* module : tree(*this)) {
    reports = reports || module->has_pass_penalties_.load(std::memory_order_relaxed);
    const Pass::Report* const report = Pass::last_report(*module);
    if (!report) continue;
    has_reported = true;
    for (const Tensor& term : report->terms) total = total + term;
  }
  if (reports && !has_reported)
    throw ValueError(
        "penalty: there are penalties on outputs, but no pass was made on this thread: call the module first", where);
  return total;
}

std::vector<Tensor> Module::pass_penalties() const {
  std::vector<Tensor> all;
  for (const Module* module : tree(*this)) {
    if (const Pass::Report* const report = Pass::last_report(*module))
      all.insert(all.end(), report->terms.begin(), report->terms.end());
  }
  return all;
}

}  // namespace xg::nn
