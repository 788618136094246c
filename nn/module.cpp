#include "nn/module.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "autograd/alias.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "nn/scopes.hpp"

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

/// The modules below others that were met already. Only one that somebody else holds too can be met twice.
class Met {
 public:
  bool is_new(const std::shared_ptr<Module>& child) {
    return child.use_count() == 1 || several_times_.insert(child.get()).second;
  }

 private:
  std::set<const Module*, std::less<>, pool::Allocator<const Module*>> several_times_;
};

/// A module and all below it, each once, parents before their children. A loop: modules may be nested deeply.
template <class M>
std::vector<M*, pool::Allocator<M*>> tree(M& root) {
  std::vector<M*, pool::Allocator<M*>> found, waiting{&root};
  Met met;
  while (!waiting.empty()) {
    M* const next = waiting.back();
    waiting.pop_back();
    found.push_back(next);
    const auto& children = next->children();
    for (auto child = children.rbegin(); child != children.rend(); ++child)
      if (met.is_new(child->second)) waiting.push_back(child->second.get());
  }
  return found;
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

/// What a module's hooks are found by, wherever it moves.
struct Module::Hooks {
  Module* module = nullptr;  ///< null once it is gone
  HookList<ForwardHook> forward = {};
  HookList<BackwardHook> backward = {};
};

Module::Module(Module&& other) noexcept : state_(std::exchange(other.state_, State{.is_moved_from = true})) {
  if (state_.hooks) state_.hooks->module = this;
}

Module& Module::operator=(Module&& other) {
  if (this == &other) return *this;
  if ((is_child_ && other.has_below(*this)) || (other.is_child_ && has_below(other)))
    throw ValueError(
        "a module cannot take the place of one that it is a part of, nor of a part of itself: that would be a cycle");
  State old = std::exchange(state_, std::exchange(other.state_, State{.is_moved_from = true}));
  if (state_.hooks) state_.hooks->module = this;
  if (old.hooks) old.hooks->module = nullptr;
  free(std::move(old.children));
  return *this;
}

Module::~Module() {
  if (state_.hooks) state_.hooks->module = nullptr;
  free(std::move(state_.children));
}

namespace {

/// The list of modules that the loop which is running on this thread has still to free.
thread_local std::shared_ptr<Module>* list_to_free = nullptr;

}  // namespace

void Module::free(std::vector<Child> children) noexcept {
  std::shared_ptr<Module> first;
  const bool loops = list_to_free == nullptr;
  if (loops) list_to_free = &first;
  for (auto& [name, child] : children) {
    if (child.use_count() > 1) continue;
    child->next_to_free_ = std::move(*list_to_free);
    *list_to_free = std::move(child);
  }
  children.clear();
  if (!loops) return;
  while (first) {
    const std::shared_ptr<Module> last_owner = std::move(first);
    first = std::move(last_owner->next_to_free_);
  }
  list_to_free = nullptr;
}

Module::Modules Module::modules() { return tree(*this); }

bool Module::has_below(const Module& other) const {
  const auto below = tree(*this);
  return std::find(below.begin(), below.end(), &other) != below.end();
}

void Module::check_here(std::source_location where) const {
  if (state_.is_moved_from)
    throw ValueError("the module was moved from: what it had is in the one it was moved to", where);
}

Tensor Module::operator()(const Tensor& x, std::source_location where) {
  check_here(where);
  if (call_depth > 0) {
    const CallDepth depth;
    return pass_through(x, where);
  }
  Attempt attempt(*this, Attempt::At::pass);
  const CallDepth depth;
  Tensor y = pass_through(x, where);
  attempt.succeed();
  return y;
}

Tensor Module::pass_through(const Tensor& x, std::source_location where) {
  Tensor y = hooked(
      x,
      [&] {
        if (reports_caller()) {
          const CallerScope scope(where);
          return forward(x);
        }
        const OwnLines own;
        return forward(x);
      }(),
      where);
  state_.last_output_shape = y.shape();
  return y;
}

Tensor Module::hooked(const Tensor& x, Tensor y, std::source_location where) {
  if (!state_.hooks) return y;
  // A hook may move the module.
  const std::shared_ptr<Hooks> hooks = state_.hooks;
  hooks->forward.each([&](const ForwardHook& hook) {
    const OwnLines own;
    if (Tensor changed = hook(*this, x, y); changed.defined()) y = std::move(changed);
  });
  if (hooks->backward.empty() || !y.requires_grad()) return y;
  // The gradient of this output, not of all that was done with a tensor that only went through.
  if (y.is_leaf() || y.node() == x.node()) y = alias(Operand(y, where));
  y.register_hook([hooks, those = hooks->backward](const Tensor& gradient) {
    Tensor changed;
    those.each([&](const BackwardHook& hook) {
      if (!hooks->module) return;
      if (Tensor next = hook(*hooks->module, changed.defined() ? changed : gradient); next.defined())
        changed = std::move(next);
    });
    return changed;
  });
  return y;
}

Module::Hooks& Module::hooks() {
  if (!state_.hooks) state_.hooks = std::make_shared<Hooks>(Hooks{.module = this});
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
  const auto enter = [&](const Module& module) {
    for (const auto& declared : module.state_.*list)
      found.push_back({path + declared.name, declared.value, declared.regularizer});
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

std::vector<NamedTensor> Module::parameters() const { return collect(&State::parameters); }

std::vector<NamedTensor> Module::buffers() const { return collect(&State::buffers); }

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
  for (Module* module : modules()) module->state_.training = on;
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
  std::vector<Tensor> terms;
  for (const Module* module : tree(*this))
    terms.insert(terms.end(), module->state_.pass_penalties.begin(), module->state_.pass_penalties.end());
  return terms;
}

void Module::add_penalty(const Tensor& term) {
  // A module called in the forward() of one that does not own it is not told that a pass begins.
  if (state_.penalty_pass != pass) state_.pass_penalties.clear();
  state_.penalty_pass = pass;
  state_.pass_penalties.push_back(term);
}

Parameter Module::parameter(const std::string& name, const Tensor& initial, Regularizer regularizer,
                            std::source_location where) {
  Tensor value = own_copy(name, initial, where);
  value.set_requires_grad(true, where);
  return declare(state_.parameters, name, std::move(value), std::move(regularizer), where);
}

Parameter Module::buffer(const std::string& name, const Tensor& initial, std::source_location where) {
  return declare(state_.buffers, name, own_copy(name, initial, where), {}, where);
}

void Module::check_child(const Module& child, const std::string& name, std::source_location where) {
  check_here(where);
  child.check_here(where);
  if (&child == this || (is_child_ && child.has_below(*this)))
    throw ValueError(concat("a module cannot be a part of itself: this ", type(), " is ",
                            &child == this ? "the child" : "a part of the child"),
                     where);
  for (const auto& [other, module] : children())
    if (other == name) throw ValueError(concat("a child named '", name, "' is declared already"), where);
  if (state_.children.size() == state_.children.capacity())
    state_.children.reserve(std::max<std::size_t>(2 * state_.children.size(), 4));
}

void Module::adopt(std::shared_ptr<Module> child, std::string name, std::source_location where) {
  if (!child) throw ValueError("the child is a null pointer", where);
  check_child(*child, name, where);
  if (name.empty()) {
    const std::string type = child->type();
    auto count = std::count_if(children().begin(), children().end(),
                               [&](const Child& other) { return other.second->type() == type; });
    const auto is_taken = [&](const Child& other) { return other.first == name; };
    do name = snake_case(type) + '_' + std::to_string(++count);
    while (std::any_of(children().begin(), children().end(), is_taken));
  }
  state_.children.emplace_back(std::move(name), std::move(child));
  state_.children.back().second->is_child_ = true;
}

const Tensor* Module::declared(std::string_view name) const {
  for (const auto* list : {&state_.parameters, &state_.buffers})
    for (const auto& known : *list)
      if (known.name == name) return &known.value;
  return nullptr;
}

void Module::undeclare(std::string_view name) noexcept {
  for (List* list : {&state_.parameters, &state_.buffers})
    std::erase_if(*list, [&](const auto& known) { return known.name == name; });
}

Parameter Module::declare(List& list, const std::string& name, Tensor value, Regularizer regularizer,
                          std::source_location where) {
  check_here(where);
  if (declared(name)) throw ValueError(concat("a parameter or buffer named '", name, "' is declared already"), where);
  list.push_back({name, value, std::move(regularizer)});
  return Parameter(std::move(value));
}

}  // namespace xg::nn
