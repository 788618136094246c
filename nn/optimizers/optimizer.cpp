#include "nn/optimizers/optimizer.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "autograd/indexed.hpp"
#include "autograd/node.hpp"
#include "lib/kernels/copy.hpp"
#include "lib/kernels/update.hpp"
#include "nn/optimizers/step.hpp"

namespace xg::nn {

Optimizer::Optimizer(const char* name, double learning_rate, std::source_location where)
    : name_(name), learning_rate_(0) {
  set_learning_rate(learning_rate, where);
}

std::vector<Optimizer::State> Optimizer::clones(std::vector<State> states) {
  for (State& state : states)
    for (Array& array : state.arrays) array = array.clone();
  return states;
}

Optimizer::Optimizer(const Optimizer& other)
    : name_(other.name_),
      learning_rate_(other.learning_rate_),
      iterations_(other.iterations_),
      parameters_(other.parameters_),
      states_(clones(other.states_)) {}

Optimizer::Optimizer(Optimizer&& other) noexcept
    : name_(other.name_),
      learning_rate_(other.learning_rate_),
      iterations_(std::exchange(other.iterations_, 0)),
      parameters_(std::exchange(other.parameters_, {})),
      states_(std::exchange(other.states_, {})) {}

Optimizer& Optimizer::operator=(Optimizer&& other) noexcept {
  if (this == &other) return *this;
  name_ = other.name_;
  learning_rate_ = other.learning_rate_;
  iterations_ = std::exchange(other.iterations_, 0);
  parameters_ = std::exchange(other.parameters_, {});
  states_ = std::exchange(other.states_, {});
  return *this;
}

Optimizer& Optimizer::operator=(const Optimizer& other) {
  std::vector<NamedTensor> parameters = other.parameters_;
  std::vector<State> states = clones(other.states_);
  name_ = other.name_;
  learning_rate_ = other.learning_rate_;
  iterations_ = other.iterations_;
  parameters_ = std::move(parameters);
  states_ = std::move(states);
  return *this;
}

void Optimizer::attach(std::vector<NamedTensor> parameters, std::source_location where) {
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
}

void Optimizer::detach() noexcept {
  parameters_.clear();
  states_.clear();
}

void Optimizer::step(std::source_location where) { Step(*this, false, where).make(); }

double Optimizer::step_with_penalties(std::source_location where) { return Step(*this, true, where).make(); }

Optimizer::Step::Step(Optimizer& optimizer, bool with_penalties, std::source_location where)
    : optimizer_(optimizer), with_penalties_(with_penalties), where_(where) {
  const std::size_t count = optimizer.parameters_.size();
  if (count == 0)
    throw ValueError(concat(optimizer.name_,
                            ": no parameters to change: construct it with net.parameters(), after the first pass "
                            "if layers learn their input size from it"),
                     where);
  changes_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) prepare(i);
}

void Optimizer::Step::prepare(std::size_t index) {
  const NamedTensor& target = optimizer_.parameters_[index];
  const Array& elements = target.value.array();
  Change& change = changes_.emplace_back();
  if (!elements.is_contiguous()) change.flat = Array::empty(elements.shape(), elements.dtype());
  if (optimizer_.states_[index].arrays.empty())
    change.state = optimizer_.make_state(change.flat ? *change.flat : elements);
  change.decay = with_penalties_ ? 2 * target.regularizer.l2_factor() : 0;
  if (change.decay == 0) return;
  room_.resize(std::max(room_.size(), kernels::decay_room(elements.size())));
  if (!optimizer_.fuses_decay()) change.decayed = Array::empty(elements.shape(), elements.dtype());
}

void Optimizer::Step::take_gradient(std::size_t index) {
  Change& change = changes_[index];
  const NamedTensor& target = optimizer_.parameters_[index];
  if (!target.value.requires_grad()) return;
  const Tensor stored = target.value.grad();
  const Array& elements = target.value.array();
  if (!stored.defined()) {
    if (change.decay != 0) change.gradient = Array::zeros(elements.shape(), elements.dtype());
    return;
  }
  if (stored.shape() != elements.shape() || stored.dtype() != elements.dtype())
    throw ShapeError(
        concat(optimizer_.name_, ": the gradient of '", target.name, "' is a ", stored.dtype(), " tensor of shape ",
               stored.shape(), ", but the parameter a ", elements.dtype(), " tensor of shape ", elements.shape()),
        where_);
  const Array& gradient = stored.array();
  change.gradient = gradient.shares_storage(elements) ? gradient.clone() : gradient.contiguous();
}

double Optimizer::Step::apply(std::size_t index) {
  Change& change = changes_[index];
  State& state = optimizer_.states_[index];
  if (state.arrays.empty()) state.arrays = std::move(change.state);
  if (!change.gradient) return 0;
  Array elements = optimizer_.parameters_[index].value.array();
  Array& parameter = change.flat ? *change.flat : elements;
  if (change.flat) kernels::copy(elements, parameter);
  double squares = 0;
  if (change.decay != 0 && optimizer_.fuses_decay()) {
    squares = optimizer_.update_decayed(parameter, *change.gradient, change.decay, room_.data());
  } else {
    if (change.decay != 0) {
      kernels::copy(parameter, *change.decayed);
      squares = kernels::decayed_gradient(*change.decayed, *change.gradient, change.decay, room_.data());
      change.gradient = change.decayed;
    }
    optimizer_.update(parameter, *change.gradient, state);
  }
  if (change.flat) {
    kernels::copy(parameter, elements);
    elements.bump_version();
  }
  ++state.steps;
  return change.decay / 2 * squares;
}

double Optimizer::Step::make() {
  for (std::size_t i = 0; i < changes_.size(); ++i) take_gradient(i);
  double penalty = 0;
  for (std::size_t i = 0; i < changes_.size(); ++i) penalty += apply(i);
  ++optimizer_.iterations_;
  if (with_penalties_) optimizer_.zero_grad();
  return penalty;
}

void Optimizer::zero_grad() {
  for (auto& parameter : parameters_) parameter.value.zero_grad();
}

void Optimizer::set_learning_rate(double learning_rate, std::source_location where) {
  if (!(learning_rate >= 0))
    throw ValueError(concat(name_, ": the learning rate must be at least 0, got ", learning_rate), where);
  learning_rate_ = learning_rate;
}

}  // namespace xg::nn
