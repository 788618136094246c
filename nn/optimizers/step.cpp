#include "nn/optimizers/step.hpp"

#include <algorithm>
#include <limits>

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "lib/kernels/copy.hpp"
#include "lib/kernels/update.hpp"
#include "nn/check_number.hpp"

namespace xg::nn {

Optimizer::Step::Step(Optimizer& optimizer, bool with_penalties, std::source_location where)
    : optimizer_(optimizer),
      was_in_step_(optimizer.in_step_),
      earlier_rate_(optimizer.step_rate_),
      with_penalties_(with_penalties),
      where_(where),
      gradients_(optimizer.parameters_) {
  optimizer.follow(where);
  const std::size_t count = optimizer.parameters_.size();
  if (count == 0)
    throw ValueError(concat(optimizer.name_,
                            ": no parameters to change: construct it with net.parameters(), after the first pass "
                            "if layers learn their input size from it"),
                     where);
  gradients_.reserve(count);
  optimizer.in_step_ = true;
  try {
    for (std::size_t i = 0; i < count; ++i) collect(i);
  } catch (...) {
    optimizer.in_step_ = was_in_step_;
    throw;
  }
}

void Optimizer::Step::collect(std::size_t index) {
  const NamedTensor& target = optimizer_.parameters_[index];
  if (!target.value.requires_grad()) return;
  const Tensor stored = target.value.grad();
  const Array& elements = target.value.array();
  const bool has_penalty = with_penalties_ && target.regularizer;
  if (!stored.defined() && !has_penalty) return;
  if (stored.defined() && (stored.shape() != elements.shape() || stored.dtype() != elements.dtype()))
    throw ShapeError(
        concat(optimizer_.name_, ": the gradient of '", target.name, "' is a ", stored.dtype(), " tensor of shape ",
               stored.shape(), ", but the parameter a ", elements.dtype(), " tensor of shape ", elements.shape()),
        where_);
  Array gradient = stored.defined() ? stored.array() : Array::zeros(elements.shape(), elements.dtype());
  gradient = gradient.shares_storage(elements) ? gradient.clone() : gradient.contiguous();
  gradients_.emplace_back(index, target, std::move(gradient));
  if (has_penalty) add_penalty(gradients_.back(), target);
}

void Optimizer::Step::add_penalty(Gradient& gradient, const NamedTensor& target) {
  if (target.regularizer.l2_factor() != 0) return gradient.set_decay(2 * target.regularizer.l2_factor());
  const WithGrad recording;
  const Tensor parameter = target.value.detach().set_requires_grad();
  const Tensor penalty = target.regularizer(parameter);
  penalty_ += penalty.item();
  if (!penalty.requires_grad()) return;
  const Tensor slope = grad(penalty, parameter);
  const NoGrad values_only;
  gradient.set((Tensor(gradient.value()) + slope).array());
}

/// Those of the l2 regularizers whose gradients a transform took away: the loss has them all the same.
void Optimizer::Step::add_lost_penalties() {
  const NoGrad values_only;
  const auto is_here = [&](std::size_t index) {
    if (index < gradients_.size() && gradients_[index].index() == index) return true;
    return std::any_of(gradients_.begin(), gradients_.end(), [=](const Gradient& g) { return g.index() == index; });
  };
  for (std::size_t i = 0; i < optimizer_.parameters_.size(); ++i) {
    const auto& [name, value, regularizer, constraint] = optimizer_.parameters_[i];
    if (value.requires_grad() && regularizer.l2_factor() != 0 && !is_here(i)) penalty_ += regularizer(value).item();
  }
}

/// Of the l2 regularizers that the update does not find on its way.
double Optimizer::Step::penalty() const {
  double total = penalty_;
  for (const Gradient& gradient : gradients_) {
    const NamedTensor& target = optimizer_.parameters_[gradient.index()];
    if (with_penalties_) total += target.regularizer.l2_factor() * gradient.squares();
  }
  return total;
}

double Optimizer::Step::checked_rate(double rate, const std::string& parameter) const {
  if (!(rate >= 0 && rate <= std::numeric_limits<float>::max()))
    check_not_negative(concat(optimizer_.name_, ": the learning rate of step ", optimizer_.iterations_,
                              parameter.empty() ? "" : " for '" + parameter + "'"),
                       rate, where_);
  return rate;
}

void Optimizer::Step::prepare() {
  const LearningRate learning_rate = optimizer_.learning_rate_;  // a copy: a function of the user's may replace it
  rate_ = checked_rate(learning_rate(optimizer_.iterations_), {});
  optimizer_.step_rate_ = rate_;
  optimizer_.sort_into_groups();
  changes_.resize(gradients_.size());
  for (std::size_t i = 0; i < gradients_.size(); ++i) {
    Gradient& gradient = gradients_[i];
    const Array& elements = gradient.parameter();
    Change& change = changes_[i];
    const NamedTensor& target = optimizer_.parameters_[gradient.index()];
    if (!optimizer_.groups_.empty()) change.group = optimizer_.factors_[gradient.index()];
    checked_rate(rate_ * change.group.learning_rate_factor, target.name);
    if (!optimizer_.fuses_decay()) gradient.value();
    if (gradient.decay() != 0) room_.resize(std::max(room_.size(), kernels::decay_room(elements.size())));
    if (!elements.is_contiguous()) change.flat = Array::empty(elements.shape(), elements.dtype());
    if (optimizer_.states_[gradient.index()].arrays.empty())
      change.state = optimizer_.make_state(change.flat ? *change.flat : elements);
  }
}

void Optimizer::Step::apply(std::size_t i) {
  Gradient& gradient = gradients_[i];
  Change& change = changes_[i];
  State& state = optimizer_.states_[gradient.index()];
  if (state.arrays.empty()) state.arrays = std::move(change.state);
  optimizer_.step_rate_ = rate_ * change.group.learning_rate_factor;
  optimizer_.decay_factor_ = change.group.weight_decay_factor;
  Array elements = gradient.parameter();
  Array& parameter = change.flat ? *change.flat : elements;
  if (change.flat) kernels::copy(elements, parameter);
  const double decay = gradient.decay();
  if (decay != 0)
    penalty_ += decay / 2 * optimizer_.update_decayed(parameter, gradient.without_decay(), decay, room_.data());
  else
    optimizer_.update(parameter, gradient.without_decay(), state);
  if (change.flat) {
    kernels::copy(parameter, elements);
    elements.bump_version();
  }
  ++state.steps;
}

/// The update, and what the constraint makes of it.
void Optimizer::Step::apply_constrained(std::size_t i) {
  const NoGrad values_only;
  const NamedTensor& target = optimizer_.parameters_[gradients_[i].index()];
  Array elements = gradients_[i].parameter();
  changes_[i].before = {elements.clone(), clone(optimizer_.states_[gradients_[i].index()])};
  apply(i);
  const Array kept = target.constraint(Tensor(elements), where_).array();
  kernels::copy(kept.shares_storage(elements) ? kept.clone() : kept, elements);
  elements.bump_version();
}

void Optimizer::Step::undo_constrained() noexcept {
  for (std::size_t i = 0; i < gradients_.size(); ++i) {
    if (!changes_[i].before) continue;
    Array elements = gradients_[i].parameter();
    kernels::copy(changes_[i].before->elements, elements);
    elements.bump_version();
    optimizer_.states_[gradients_[i].index()] = std::move(changes_[i].before->state);
  }
}

/// Those with constraints first, which may fail.
void Optimizer::Step::apply_all() {
  const auto is_constrained = [&](std::size_t i) {
    return static_cast<bool>(optimizer_.parameters_[gradients_[i].index()].constraint);
  };
  try {
    for (std::size_t i = 0; i < gradients_.size(); ++i)
      if (is_constrained(i)) apply_constrained(i);
  } catch (...) {
    undo_constrained();
    throw;
  }
  for (std::size_t i = 0; i < gradients_.size(); ++i)
    if (!is_constrained(i)) apply(i);
}

double Optimizer::Step::make() {
  // Copies: what they keep of a step that fails is not to stay.
  std::vector<GradientTransform> transforms = optimizer_.transforms_;
  const auto gives = [&](GradientTransform& transform) { return transform(gradients_); };
  const bool all_given = std::all_of(transforms.begin(), transforms.end(), gives);
  if (with_penalties_ && !transforms.empty()) add_lost_penalties();
  if (!all_given) {
    for (Gradient& gradient : gradients_) gradient.value();  // finds the penalty
  } else {
    prepare();
    apply_all();
    ++optimizer_.iterations_;
  }
  optimizer_.transforms_ = std::move(transforms);
  return penalty();
}

}  // namespace xg::nn
