#include "nn/optimizers/optimizer.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "autograd/indexed.hpp"
#include "autograd/node.hpp"
#include "lib/kernels/copy.hpp"
#include "lib/kernels/update.hpp"
#include "nn/check_number.hpp"
#include "nn/optimizers/step.hpp"
#include "nn/pattern.hpp"

namespace xg::nn {

Optimizer::Optimizer(const char* name, LearningRate learning_rate, std::source_location where,
                     std::vector<GradientTransform> transforms)
    : name_(name), learning_rate_(0), transforms_(std::move(transforms)) {
  set_learning_rate(std::move(learning_rate), where);
}

Optimizer::~Optimizer() = default;

Optimizer::State Optimizer::clone(State state) {
  for (Array& array : state.arrays) array = array.clone();
  return state;
}

std::vector<Optimizer::State> Optimizer::clones(std::vector<State> states) {
  for (State& state : states) state = clone(std::move(state));
  return states;
}

Optimizer::Optimizer(const Optimizer& other)
    : name_(other.name_),
      learning_rate_(other.learning_rate_),
      iterations_(other.iterations_),
      source_(other.source_),
      declarations_(other.declarations_),
      parameters_(other.parameters_),
      states_(clones(other.states_)),
      groups_(other.groups_),
      transforms_(other.transforms_) {}

Optimizer::Optimizer(Optimizer&& other) noexcept
    : name_(other.name_),
      learning_rate_(other.learning_rate_),
      iterations_(std::exchange(other.iterations_, 0)),
      source_(std::exchange(other.source_, nullptr)),
      declarations_(other.declarations_),
      parameters_(std::exchange(other.parameters_, {})),
      states_(std::exchange(other.states_, {})),
      groups_(std::exchange(other.groups_, {})),
      transforms_(std::exchange(other.transforms_, {})) {}

Optimizer& Optimizer::operator=(Optimizer&& other) noexcept {
  if (this == &other) return *this;
  name_ = other.name_;
  learning_rate_ = other.learning_rate_;
  iterations_ = std::exchange(other.iterations_, 0);
  source_ = std::exchange(other.source_, nullptr);
  declarations_ = other.declarations_;
  parameters_ = std::exchange(other.parameters_, {});
  states_ = std::exchange(other.states_, {});
  factors_.clear();
  groups_ = std::exchange(other.groups_, {});
  transforms_ = std::exchange(other.transforms_, {});
  return *this;
}

Optimizer& Optimizer::operator=(const Optimizer& other) {
  std::vector<NamedTensor> parameters = other.parameters_;
  std::vector<State> states = clones(other.states_);
  std::vector<Group> groups = other.groups_;
  std::vector<GradientTransform> transforms = other.transforms_;
  name_ = other.name_;
  learning_rate_ = other.learning_rate_;
  iterations_ = other.iterations_;
  source_ = other.source_;
  declarations_ = other.declarations_;
  parameters_ = std::move(parameters);
  states_ = std::move(states);
  factors_.clear();
  groups_ = std::move(groups);
  transforms_ = std::move(transforms);
  return *this;
}

void Optimizer::check_no_step(const char* call, std::source_location where) const {
  if (in_step_)
    throw ValueError(concat(name_, ": ", call, " is called during a step, by a transform or a regularizer"), where);
}

void Optimizer::add_transform(GradientTransform transform, std::source_location where) {
  check_no_step("add_transform", where);
  transforms_.push_back(std::move(transform));
}

void Optimizer::add_group(const Name& pattern, const ParameterGroup& group) {
  check_no_step("add_group", pattern.where);
  check_not_negative(concat(name_, ": the learning rate factor of '", pattern.text, "'"), group.learning_rate_factor,
                     pattern.where);
  check_not_negative(concat(name_, ": the weight decay factor of '", pattern.text, "'"), group.weight_decay_factor,
                     pattern.where);
  if (group.weight_decay_factor != 1 && !decays_weights())
    throw ValueError(concat(name_, ": add_group: a weight decay factor of ", group.weight_decay_factor, " for '",
                            pattern.text, "', and no weight decay: adamw, lamb and lion have one"),
                     pattern.where);
  groups_.push_back({pattern, group});
  factors_.clear();
}

/// Finds out which parameters belong to which groups, unless that is known. A group that nothing belongs to was meant
/// for something else.
void Optimizer::sort_into_groups() {
  if (groups_.empty() || factors_.size() == parameters_.size()) return;
  std::vector<ParameterGroup> sorted;
  for (const NamedTensor& parameter : parameters_) {
    const auto found = std::find_if(groups_.rbegin(), groups_.rend(),
                                    [&](const Group& group) { return fits(group.pattern.text, parameter.name); });
    sorted.push_back(found == groups_.rend() ? ParameterGroup() : found->factors);
  }
  for (const auto& [pattern, factors] : groups_) {
    const auto belongs = [&](const NamedTensor& parameter) { return fits(pattern.text, parameter.name); };
    if (std::any_of(parameters_.begin(), parameters_.end(), belongs)) continue;
    std::vector<std::string> names;
    for (const NamedTensor& parameter : parameters_) names.push_back(parameter.name);
    throw ValueError(concat(name_, ": add_group: no parameter fits '", pattern.text, "': ", known_are(names)),
                     pattern.where);
  }
  factors_ = std::move(sorted);
}

void Optimizer::attach(ParameterList parameters, std::source_location where) {
  check_no_step("attach", where);
  const std::uint64_t declarations = Module::declarations();
  std::shared_ptr<const Anchor> source = parameters.source();
  take(std::move(parameters), where);
  source_ = std::move(source);
  declarations_ = declarations;
}

void Optimizer::follow(std::source_location where) {
  if (in_step_) return;
  if (!source_ || !source_->module) return;
  const std::uint64_t declarations = Module::declarations();
  if (declarations == declarations_) return;
  take(source_->module.load()->parameters(), where);
  declarations_ = declarations;
}

const std::vector<NamedTensor>& Optimizer::parameters() {
  follow(std::source_location::current());
  return parameters_;
}

void Optimizer::take(std::vector<NamedTensor> parameters, std::source_location where) {
  std::map<const Node*, std::size_t> known, listed;
  for (std::size_t i = 0; i < parameters_.size(); ++i) known.emplace(parameters_[i].value.node().get(), i);
  std::vector<NamedTensor> kept;
  std::vector<std::optional<std::size_t>> earlier;
  for (NamedTensor& parameter : parameters) {
    if (!parameter.value.node()) continue;  // a constant; a frozen leaf may thaw
    const Node* const leaf = parameter.value.node().get();
    if (!listed.emplace(leaf, kept.size()).second) continue;
    const std::string who = name_ + (": parameter '" + parameter.name + "'");
    check_own_places(who.c_str(), parameter.value.array(), where);
    const auto found = known.find(leaf);
    earlier.push_back(found == known.end() ? std::nullopt : std::optional(found->second));
    kept.push_back(std::move(parameter));
  }
  std::vector<State> states(kept.size());
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (earlier[i]) states[i] = std::move(states_[*earlier[i]]);
  parameters_ = std::move(kept);
  states_ = std::move(states);
  factors_.clear();
}

void Optimizer::step(std::source_location where) { Step(*this, false, where).make(); }

double Optimizer::step_with_penalties(std::source_location where) {
  const double penalty = Step(*this, true, where).make();
  zero_grad();
  return penalty;
}

namespace {

/// Gradients that are out of the way; at the end of a step that failed they are back.
class SetAside {
 public:
  explicit SetAside(std::vector<NamedTensor>& parameters) : parameters_(parameters) {
    for (const auto& [name, value, regularizer, constraint] : parameters)
      if (Tensor gradient = value.grad(); gradient.defined()) gradients_.emplace_back(value, std::move(gradient));
    for (auto& [parameter, gradient] : gradients_) parameter.zero_grad();
  }
  ~SetAside() {
    if (done_) return;
    for (NamedTensor& parameter : parameters_) parameter.value.zero_grad();
    for (auto& [parameter, gradient] : gradients_) parameter.set_grad(gradient);
  }
  SetAside(const SetAside&) = delete;
  SetAside& operator=(const SetAside&) = delete;

  void done() { done_ = true; }

 private:
  using Pair = std::pair<Tensor, Tensor>;

  std::vector<NamedTensor>& parameters_;
  std::vector<Pair, pool::Allocator<Pair>> gradients_;
  bool done_ = false;
};

}  // namespace

double Optimizer::minimize(const Tensor& loss, std::source_location where) {
  follow(where);
  const auto is_frozen = [](const NamedTensor& parameter) { return !parameter.value.requires_grad(); };
  if (!loss.requires_grad() && !parameters_.empty() && std::all_of(parameters_.begin(), parameters_.end(), is_frozen))
    throw ValueError(concat(name_, ": all parameters are frozen: unfreeze() some"), where);
  SetAside before(parameters_);
  loss.backward(where);
  const double penalty = step_with_penalties(where);
  before.done();
  return penalty;
}

void Optimizer::zero_grad() {
  follow(std::source_location::current());
  for (auto& parameter : parameters_) parameter.value.zero_grad();
}

struct Optimizer::Snapshot {
  const Optimizer* owner;
  LearningRate rate;
  std::int64_t steps;
  std::vector<NamedTensor> parameters;
  std::vector<State> states;
  std::vector<GradientTransform> transforms;
};

std::shared_ptr<const Optimizer::Snapshot> Optimizer::snapshot() const {
  return std::make_shared<const Snapshot>(
      Snapshot{this, learning_rate_, iterations_, parameters_, clones(states_), transforms_});
}

void Optimizer::restore(const Snapshot& snapshot, std::source_location where) {
  check_no_step("restore", where);
  if (snapshot.owner != this) throw ValueError(concat(name_, ": the snapshot is of another optimizer"), where);
  std::vector<State> states = clones(snapshot.states);
  std::vector<GradientTransform> transforms = snapshot.transforms;
  parameters_ = snapshot.parameters;
  factors_.clear();
  transforms_ = std::move(transforms);
  states_ = std::move(states);
  learning_rate_ = snapshot.rate;
  iterations_ = snapshot.steps;
  declarations_ = 0;  // looks again for parameters
}

void Optimizer::set_learning_rate(LearningRate learning_rate, std::source_location where) {
  if (learning_rate.is_constant()) check_not_negative(concat(name_, ": the learning rate"), learning_rate(0), where);
  learning_rate_ = std::move(learning_rate);
}

}  // namespace xg::nn
