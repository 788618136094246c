#include "nn/pass.hpp"

#include <algorithm>
#include <utility>

#include "lib/kernels/copy.hpp"

namespace xg::nn {
namespace {

/// Building is rare, and what is built by one thread is needed by the others.
std::recursive_mutex one_builds;

constinit thread_local Pass* innermost = nullptr;

/// What modules reported in the last passes of this thread, for Module::penalty().
Pass::Reports& left() {
  thread_local Pass::Reports reports;
  return reports;
}

}  // namespace

Pass::Pass(const Module& root, Mode mode) : root_(root.anchor()), mode_(mode), outer_(innermost) {
  if (!left().empty()) cover();  // commit() asks, and must not fail
  innermost = this;
}

Pass::~Pass() {
  innermost = outer_;
  if (committed_) return;
  rewind();  // before modules go that were built, and their generators with them
  for (auto built = built_.rbegin(); built != built_.rend(); ++built) built->building.take_back();
}

void Pass::rewind() noexcept {
  for (auto draw = draws_.rbegin(); draw != draws_.rend(); ++draw)
    if (draw->anchor->module == draw->module) draw->generator->set_step(draw->step);
}

Pass* Pass::current() { return innermost; }

bool Pass::takes_in(const Module& module) const {
  if (&module == root_->module) return true;
  if (!module.is_part()) return false;
  return (caller_ && module.whole() == caller_) || covers(module);
}

void Pass::cover() const {
  covered_at_ = Module::declarations();
  covered_.clear();
  const Module* const root = root_->module;
  if (!root) return;  // a hook ended it
  const auto below = root->modules();
  covered_.assign(below.begin(), below.end());
  std::sort(covered_.begin(), covered_.end());
}

bool Pass::is_listed(const Module* module) const {
  return std::binary_search(covered_.begin(), covered_.end(), module);
}

bool Pass::covers(const Module& module) const {
  if (covered_.empty() || (covered_at_ != Module::declarations() && !is_listed(&module))) cover();
  return is_listed(&module);
}

bool Pass::training(const Module& module) const {
  const bool is_caller = caller_ && module.anchor().get() == caller_;
  if (mode_ == Mode::own || !(is_caller || covers(module))) return module.mode();
  return mode_ == Mode::training;
}

Pass::Call::Call(Pass& pass, const Module& module) : pass_(pass), outer_(pass.caller_) {
  if (!outer_ && !pass.reports_.empty()) pass.forget_reports_of(module);
  pass.caller_ = module.anchor().get();
}

void Pass::forget_reports_of(const Module& module) {
  const auto below = module.modules();
  reports_.remove_if([&](const Report& report) {
    return std::find(below.begin(), below.end(), report.module->module) != below.end();
  });
}

void Pass::expect_penalties(const Module& module) {
  const auto is_it = [&](const Report& report) { return report.module == module.anchor(); };
  if (std::none_of(reports_.begin(), reports_.end(), is_it)) reports_.push_back({module.anchor()});
}

void Pass::add_penalty(const Module& module, const Tensor& value) {
  expect_penalties(module);
  for (Report& report : reports_)
    if (report.module == module.anchor()) report.terms.push_back(value);
}

const Pass::Report* Pass::last_report(const Module& module) {
  const auto in = [&](const Reports& reports) -> const Report* {
    for (const Report& report : reports)
      if (report.module == module.anchor()) return &report;
    return nullptr;
  };
  for (const Pass* pass = innermost; pass; pass = pass->outer_)
    if (pass->covers(module)) return in(pass->reports_);
  return in(left());
}

bool Pass::has_built(const Module& module) const {
  for (const Pass* pass = this; pass; pass = pass->outer_)
    if (pass->where_built_.contains(&module)) return true;
  return module.built();
}

void Pass::before_first(Module& module, const std::vector<Shape>& samples, std::source_location where) {
  if (!building_.owns_lock()) building_ = std::unique_lock(one_builds);
  // A pass around this one may have built it, which does not count before that ends.
  for (const Pass* pass = this; pass; pass = pass->outer_)
    if (pass->where_built_.contains(&module)) return;
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

void Pass::after_first(const Module* module, const Shape& output) {
  if (const auto found = where_built_.find(module); found != where_built_.end()) built_[found->second].output = output;
}

void Pass::note(const Module& module, Generator& generator) {
  const auto is_it = [&](const Draw& draw) {
    return draw.generator == &generator && draw.anchor == module.anchor() && draw.module == &module;
  };
  if (std::none_of(draws_.begin(), draws_.end(), is_it))
    draws_.push_back({module.anchor(), &module, &generator, generator.step()});
  for (Pass* outer = outer_; outer; outer = outer->outer_)
    if (outer->mode_ == Mode::trial) outer->note(module, generator);
}

void Pass::update(const Tensor& buffer, const Array& value) {
  if (rehearses_) return;
  for (Update& known : updates_)
    if (known.buffer.array().raw() == buffer.array().raw()) {
      known.value = value;
      return;
    }
  updates_.push_back({buffer, value});
}

Array Pass::latest(const Tensor& buffer) const {
  for (const Update& known : updates_)
    if (known.buffer.array().raw() == buffer.array().raw()) return known.value;
  return buffer.array();
}

void Pass::replace(const Module& module, const std::string& name, const Array& value) {
  if (rehearses_) return;
  for (Replacement& known : replacements_)
    if (known.module == module.anchor() && known.name == name) {
      known.value = value;
      return;
    }
  replacements_.push_back({module.anchor(), name, value});
}

const Array* Pass::replaced(const Module& module, const std::string& name) const {
  for (const Replacement& known : replacements_)
    if (known.module == module.anchor() && known.name == name) return &known.value;
  return nullptr;
}

void Pass::commit() noexcept {
  if (mode_ != Mode::evaluation) leave_reports();
  for (Update& update : updates_) {
    kernels::copy(update.value, update.buffer.array());
    update.buffer.array().bump_version();
  }
  for (const Replacement& each : replacements_)
    if (Module* const module = each.module->module) module->put_buffer(each.name, each.value);
  for (Built& built : built_) built.building.keep(std::move(built.output));
  committed_ = true;
}

void Pass::leave_reports() noexcept {
  left().remove_if([&](const Report& old) {
    const auto is_new = [&](const Report& report) { return report.module == old.module; };
    return !old.module->module || std::any_of(reports_.begin(), reports_.end(), is_new);
  });
  // What modules elsewhere reported stays; those below the root that were not called now have nothing to report.
  for (Report& old : left())
    if (is_listed(old.module->module)) old.terms.clear();
  for (const Report& report : reports_)
    if (Module* const module = report.module->module) module->reports_penalties();
  left().splice(left().end(), reports_);
}

}  // namespace xg::nn
