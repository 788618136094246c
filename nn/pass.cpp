#include "nn/pass.hpp"

#include <algorithm>
#include <utility>

namespace xg::nn {
namespace {

/// Building is rare, and what is built by one thread is needed by the others.
std::recursive_mutex one_builds;

constinit thread_local Pass* innermost = nullptr;

/// What a module reported in the last pass of this thread, for Module::penalty().
struct Left {
  std::weak_ptr<const Anchor> module;
  std::vector<Tensor> terms = {};
};
std::vector<Left>& left() {
  thread_local std::vector<Left> all;
  return all;
}

}  // namespace

Pass::Pass(const Module& root, Mode mode) : root_(root), mode_(mode), outer_(innermost) { innermost = this; }

Pass::~Pass() {
  innermost = outer_;
  if (committed_) return;
  for (auto built = built_.rbegin(); built != built_.rend(); ++built) built->building.take_back();
  for (auto draw = draws_.rbegin(); draw != draws_.rend(); ++draw) draw->first->set_step(draw->second);
}

Pass* Pass::current() { return innermost; }

bool Pass::takes_in(const Module& module) const { return &module == &root_ || module.is_part(); }

bool Pass::covers(const Module& module) const {
  if (covered_.empty()) {
    const auto below = root_.modules();
    covered_.assign(below.begin(), below.end());
    std::sort(covered_.begin(), covered_.end());
  }
  return std::binary_search(covered_.begin(), covered_.end(), &module);
}

bool Pass::training(const Module& module) const {
  if (mode_ == Mode::own || !covers(module)) return module.mode();
  return mode_ == Mode::training;
}

void Pass::expect_penalties(const Module& module) { reporting_.push_back(module.anchor()); }

void Pass::add_penalty(const Module& module, const Tensor& value) {
  penalties_.push_back({module.anchor(), value});
  expect_penalties(module);
}

std::optional<std::vector<Tensor>> Pass::last_penalties(const Module& module) {
  for (const Left& each : left())
    if (each.module.lock() == module.anchor()) return each.terms;
  return std::nullopt;
}

void Pass::before_first(Module& module, const std::vector<Shape>& samples, std::source_location where) {
  if (!building_.owns_lock()) building_ = std::unique_lock(one_builds);
  if (where_built_.contains(&module)) return;
  const std::size_t index = built_.size();
  built_.push_back({Module::Building(module)});
  try {
    where_built_.emplace(&module, index);
    // A copy: those that are built on the way move the list.
    Module::Building building = built_[index].building;
    if (!module.built()) building.make(samples, where);
  } catch (...) {
    take_back(index);
    throw;
  }
}

void Pass::take_back(std::size_t first) noexcept {
  for (; built_.size() > first; built_.pop_back()) {
    built_.back().building.take_back();
    std::erase_if(where_built_, [&](const auto& entry) { return entry.second + 1 == built_.size(); });
  }
}

void Pass::after_first(const Module& module, const Shape& output) {
  if (const auto found = where_built_.find(&module); found != where_built_.end()) built_[found->second].output = output;
}

void Pass::note(Generator& generator) {
  const auto is_it = [&](const auto& draw) { return draw.first == &generator; };
  if (std::none_of(draws_.begin(), draws_.end(), is_it)) draws_.emplace_back(&generator, generator.step());
}

void Pass::commit() {
  if (mode_ != Mode::evaluation && !(reporting_.empty() && left().empty())) try {
      leave_penalties();
    } catch (...) {
      left().clear();
      if (mode_ == Mode::own) throw;  // else a step was made, which cannot fail any more
    }
  for (Built& built : built_) built.building.keep(std::move(built.output));
  committed_ = true;
}

void Pass::leave_penalties() {
  std::vector<Left> all;
  const auto entry_of = [&](const std::shared_ptr<const Anchor>& module) -> Left& {
    for (Left& each : all)
      if (each.module.lock() == module) return each;
    return all.emplace_back(Left{module});
  };
  for (const auto& module : reporting_) entry_of(module);
  for (const Penalty& penalty : penalties_) entry_of(penalty.module).terms.push_back(penalty.value);
  // What others reported stays; what modules below the root did that were not called now, does not.
  for (Left& old : left()) {
    const auto module = old.module.lock();
    const auto is_it = [&](const Left& each) { return each.module.lock() == module; };
    if (!module || !module->module || covers(*module->module) || std::any_of(all.begin(), all.end(), is_it)) continue;
    all.push_back(old);
  }
  left() = std::move(all);
}

}  // namespace xg::nn
