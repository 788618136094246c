#include "nn/module.hpp"

#include <algorithm>
#include <utility>

#include "nn/module_hooks.hpp"
#include "nn/module_tree.hpp"
#include "nn/pass.hpp"

namespace xg::nn {
namespace {

/// How often anything was declared or taken back: what tells an optimizer to look again.
std::atomic<std::uint64_t> declaration_count = 0;

}  // namespace

std::uint64_t Module::declarations() { return declaration_count.load(std::memory_order_acquire); }

void Module::count_declaration() noexcept { declaration_count.fetch_add(1, std::memory_order_release); }

Module::Module() {
  state_.anchor->module = this;
  state_.generator = new_spare_generator();
}

Module::Module(Module&& other) noexcept : state_(State{.anchor = nullptr}) { take(other); }

void Module::take(Module& other) noexcept {
  state_ = std::exchange(other.state_, State{.anchor = nullptr, .is_moved_from = true});
  if (state_.anchor) state_.anchor->module = this;
  built_ = other.built_.load();
  called_ = other.called_.load();
  has_pass_penalties_ = other.has_pass_penalties_.load();
  count_declaration();
}

Module& Module::operator=(Module&& other) {
  if (this == &other) return *this;
  if ((is_part() && other.has_below(*this)) || (other.is_part() && has_below(other)))
    throw ValueError(
        "a module cannot take the place of one that it is a part of, nor of a part of itself: that would be a cycle");
  State old = std::exchange(state_, State{.anchor = nullptr});
  take(other);
  if (old.anchor) old.anchor->module = nullptr;
  free(old);
  return *this;
}

Module::~Module() {
  if (state_.anchor) state_.anchor->module = nullptr;
  free(state_);
}

void Module::enter(const std::shared_ptr<Anchor>& whole) noexcept {
  places_.fetch_add(1, std::memory_order_relaxed);
  whole_ = whole;
}

void Module::leave(const std::shared_ptr<Anchor>& whole) noexcept {
  places_.fetch_sub(1, std::memory_order_relaxed);
  if (whole_ == whole) whole_.reset();
}

void Module::free(State& state) noexcept {
  // A loop: each module gives its own children to the list before it goes.
  std::shared_ptr<Module> first;
  const auto take_over = [&first](State& those) {
    for (auto& [name, child] : those.children) {
      child->leave(those.anchor);
      if (child.use_count() > 1) continue;
      child->next_to_free_ = std::move(first);
      first = std::move(child);
    }
    those.children.clear();
  };
  take_over(state);
  while (first) {
    const std::shared_ptr<Module> last_owner = std::move(first);
    first = std::move(last_owner->next_to_free_);
    take_over(last_owner->state_);
  }
}

std::shared_ptr<Anchor> Module::new_anchor() { return std::make_shared<Anchor>(); }

Module::Modules Module::modules() { return tree(*this); }

std::vector<const Module*, pool::Allocator<const Module*>> Module::modules() const { return tree(*this); }

bool Module::has_below(const Module& other) const {
  const auto below = tree(*this);
  return std::find(below.begin(), below.end(), &other) != below.end();
}

void Module::check_here(std::source_location where) const {
  if (state_.is_moved_from)
    throw ValueError("the module was moved from: what it had is in the one it was moved to", where);
}

Module::Hooks& Module::hooks() {
  if (!state_.hooks) state_.hooks = std::make_shared<Hooks>();
  return *state_.hooks;
}

HookHandle Module::register_forward_hook(ForwardHook hook, std::source_location where) {
  check_here(where);
  check_given("register_forward_hook", "function", hook, where);
  return hooks().forward.add(std::move(hook));
}

HookHandle Module::register_backward_hook(BackwardHook hook, std::source_location where) {
  check_here(where);
  check_given("register_backward_hook", "function", hook, where);
  return hooks().backward.add(std::move(hook));
}

void Module::train(bool on) {
  for (Module* module : modules()) module->state_.training = on;
}

bool Module::training() const {
  const Pass* const pass = Pass::current();
  return pass ? pass->training(*this) : mode();
}

void Module::add_penalty(const Tensor& term) {
  Pass* const pass = Pass::current();
  if (!pass)
    throw ValueError(concat(type(), ": a penalty on an output belongs to a pass: call the module, not its forward()"),
                     std::source_location::current());
  if (!term.defined() || term.size() != 1)
    throw ShapeError(concat(type(), ": a penalty is one number, got ",
                            term.defined() ? concat("a tensor of shape ", term.shape(), ": take its sum() or mean()")
                                           : "an undefined tensor"),
                     std::source_location::current());
  pass->add_penalty(*this, term);
}

void Module::update(const Buffer& buffer, const Tensor& value) {
  Pass* const pass = Pass::current();
  if (!pass)
    throw ValueError(concat(type(), ": a buffer changes with a pass: call the module, not its forward()"),
                     std::source_location::current());
  const Array elements = value.array().astype(buffer.dtype());
  if (elements.shape() != buffer.shape())
    throw ShapeError(concat(type(), ": a buffer of shape ", buffer.shape(), " cannot hold ", elements.shape()),
                     std::source_location::current());
  pass->update(buffer, elements);
}

Tensor Module::latest(const Buffer& buffer) const {
  const Pass* const pass = Pass::current();
  return pass ? Tensor(pass->latest(buffer)) : buffer.detach();
}

const Tensor& Module::buffer_of(const std::string& name) const {
  for (const NamedTensor& known : state_.buffers)
    if (known.name == name) return known.value;
  throw ValueError(concat(type(), ": there is no buffer '", name, "'"), std::source_location::current());
}

void Module::replace_buffer(const std::string& name, const Tensor& value) {
  const Array elements = value.array().clone().astype(buffer_of(name).dtype());
  if (Pass* const pass = Pass::current())
    pass->replace(*this, name, elements);
  else
    put_buffer(name, elements);
}

Tensor Module::latest(const std::string& name) const {
  for (const Pass* pass = Pass::current(); pass; pass = pass->outer())
    if (const Array* const value = pass->replaced(*this, name)) return *value;
  return buffer_of(name).detach();
}

Generator& Module::drawn(Generator& generator) const {
  if (Pass* const pass = Pass::current()) pass->note(*this, generator);
  return generator;
}

}  // namespace xg::nn
