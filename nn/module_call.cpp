#include <algorithm>
#include <utility>

#include "autograd/alias.hpp"
#include "autograd/grad_mode.hpp"
#include "nn/module.hpp"
#include "nn/module_hooks.hpp"
#include "nn/pass.hpp"

namespace xg::nn {
namespace {

/// The shape without the batch axis; a vector is one sample.
Shape sample_of(const Shape& batch) {
  Shape sample = batch;
  if (sample.rank() > 1) sample.erase(0);
  return sample;
}

std::vector<Shape> samples_of(const Tensor& x) { return {sample_of(x.shape())}; }

std::vector<Shape> samples_of(const Tensors& inputs) {
  std::vector<Shape> samples;
  for (const Tensors::Entry& entry : inputs)
    if (!is_mask(entry)) samples.push_back(sample_of(entry.value.shape()));
  return samples;
}

const Shape& first_shape(const Tensor& y) { return y.shape(); }
const Shape& first_shape(const Tensors& outputs) { return outputs[0].shape(); }

bool all_defined(const Tensor& x) { return x.defined(); }

bool all_defined(const Tensors& inputs) {
  return std::all_of(inputs.begin(), inputs.end(), [](const auto& entry) { return entry.value.defined(); });
}

std::string no_forward(const std::string& type) {
  return type + ": forward() is not overridden for one tensor, or returned an undefined one";
}

/// Errors below name the caller's line for a layer, those in a module of the user's their own.
class Lines {
 public:
  Lines(bool of_caller, std::source_location where) {
    if (of_caller)
      caller_.emplace(where);
    else
      own_.emplace();
  }

 private:
  std::optional<CallerScope> caller_;
  std::optional<OwnLines> own_;
};

}  // namespace

Tensor Module::forward(const Tensor&) { return {}; }

Tensors Module::forward_many(const Tensors&) { return {}; }

void Module::build_many(const std::vector<Shape>& samples) {
  if (samples.size() == 1) build(samples.front());
}

Tensor Module::operator()(const Tensor& x, std::source_location where) const { return call(x, where); }

Tensors Module::operator()(const Tensors& inputs, std::source_location where) const { return call(inputs, where); }

void Module::Building::make(const std::vector<Shape>& samples, std::source_location where) {
  Module& module = *anchor_->module;
  {
    const Lines lines(module.reports_caller(), where);
    if (samples.empty() && module.reports_caller())
      throw ValueError(module.type() + ": it is called without a tensor", std::source_location::current());
    module.build_many(samples);
  }
  module.state_.samples = samples;
  const auto& children = module.children();
  for (std::size_t i = children_; !module.mode() && i < children.size(); ++i) children[i].second->eval();
}

void Module::build_for(const Shape& sample, std::source_location where) {
  check_here(where);
  if (built()) return;
  Pass* const outer = Pass::current();
  if (outer && outer->takes_in(*this)) return outer->before_first(*this, {sample}, where);
  Pass pass(*this, Pass::Mode::evaluation);
  pass.before_first(*this, {sample}, where);
  const auto below = modules();
  if (!std::all_of(below.begin(), below.end(), [&](const Module* module) { return pass.has_built(*module); })) {
    // What a forward() of the user's makes of the sample, only a pass can tell.
    const NoGrad values_only;
    pass.rehearse();
    Shape batch = sample;
    batch.insert(0, 1);
    pass_through(Tensor(Array::zeros(batch, float32)), where);
  }
  pass.commit();
}

template <class X>
X Module::call(const X& x, std::source_location where) const {
  check_here(where);
  if (!all_defined(x)) throw ValueError(concat(type(), ": the input is an undefined tensor"), where);
  // forward() is free to be non-const: only the first call changes anything, and that under a lock.
  Module& self = const_cast<Module&>(*this);
  Pass* const outer = Pass::current();
  if (outer && outer->takes_in(*this)) return self.pass_through(x, where);
  if (outer && outer->inside_forward()) check_registered(where);
  Pass pass(*this, Pass::Mode::own);
  X y = self.pass_through(x, where);
  pass.commit();
  return y;
}

void Module::check_registered(std::source_location where) const {
  if (!grad_enabled()) return;
  for (const auto& [name, value, regularizer, constraint] : parameters())
    if (value.requires_grad())
      throw ValueError(concat("this ", type(),
                              " is called in the forward() of a module that it is no part of: nobody "
                              "would find its parameter '",
                              name,
                              "' to train or to save it. Declare it by add(), or "
                              "adopt() if it is shared; one that is not to be trained wants freeze(), or NoGrad"),
                       where);
}

template <class F>
auto Module::inside(std::source_location where, F f) const {
  const Lines lines(reports_caller(), where);
  return f();
}

template <class X>
X Module::pass_through(const X& x, std::source_location where) {
  Pass& pass = *Pass::current();
  const bool is_first = !called_.load(std::memory_order_acquire);
  if (is_first) pass.before_first(*this, samples_of(x), where);
  const Pass::Call call(pass, *this);
  if (has_pass_penalties_.load(std::memory_order_relaxed)) pass.expect_penalties(*this);
  // Hooks below may move this module, or end it: what is needed of it afterwards is taken before.
  const std::shared_ptr<Hooks> hooks = state_.hooks;
  const std::shared_ptr<Anchor> anchor = hooks ? state_.anchor : nullptr;
  X y = apply(x, where);
  if (hooks) y = hooks->follow(anchor, x, std::move(y), where);
  if (is_first) pass.after_first(this, first_shape(y));
  return y;
}

Tensor Module::apply(const Tensor& x, std::source_location where) {
  Tensor y = inside(where, [&] { return forward(x); });
  if (y.defined()) return y;
  const Tensors outputs = inside(where, [&] { return forward_many(x); });
  if (outputs.empty()) throw ValueError(no_forward(type()), where);
  if (outputs.size() > 1)
    throw ValueError(concat(type(), ": forward_many() gives ", outputs.size(),
                            " tensors, and one is expected: call it with nn::Tensors, and it gives all"),
                     where);
  check_defined(outputs, where);
  return outputs[0];
}

Tensors Module::apply(const Tensors& inputs, std::source_location where) {
  Tensors outputs = inside(where, [&] { return forward_many(inputs); });
  check_defined(outputs, where);
  if (!outputs.empty()) return outputs;
  const Tensor* const mask = mask_in(inputs);
  const Tensors rest = mask ? without_mask(inputs) : Tensors();
  const Tensors& given = mask ? rest : inputs;
  if (given.size() != 1)
    throw ValueError(concat(type(), ": it takes one tensor, got ", given.size(), ' ', shapes_of(inputs),
                            ": override forward_many() for several"),
                     where);
  if (mask) check_mask(given[0], inputs, where);
  outputs = inside(where, [&] { return forward(given[0]); });
  if (!outputs[0].defined()) throw ValueError(no_forward(type()), where);
  if (mask && mask_use() == MaskUse::hands_on) outputs.push_back({"mask", *mask}, where);
  return outputs;
}

void Module::check_mask(const Tensor& x, const Tensors& inputs, std::source_location where) const {
  if (mask_use() == MaskUse::refuses)
    throw ValueError(concat(type(), ": a mask came with the input of shape ", x.shape(), ", which ", type(),
                            " neither uses nor hands on: nn::Lambda([](const xg::Tensor& x) { return x; }, {.mask_use "
                            "= nn::MaskUse::drops}) before it drops the mask, a module of one's own may override "
                            "mask_use()"),
                     where);
  const CallerScope scope(where);
  mask_for(type(), inputs, x);
}

void Module::check_defined(const Tensors& outputs, std::source_location where) const {
  for (const auto& [name, value] : outputs)
    if (!value.defined())
      throw ValueError(concat(type(), ": forward_many() gives an undefined tensor: ", shapes_of(outputs)), where);
}

Tensor Module::Hooks::follow(const std::shared_ptr<Anchor>& module, const Tensor& x, Tensor y,
                             std::source_location where) const {
  forward.each([&](const ForwardHook& hook) {
    if (!module->module) return;
    const OwnLines own;
    if (Tensor changed = hook(*module->module, x, y); changed.defined()) y = std::move(changed);
  });
  if (backward.empty() || !y.requires_grad()) return y;
  // The gradient of this output, not of all that was done with a tensor that only went through.
  if (y.is_leaf() || y.node() == x.node()) y = alias(Operand(y, where));
  y.register_hook([module, those = backward](const Tensor& gradient) {
    Tensor changed;
    those.each([&](const BackwardHook& hook) {
      if (!module->module) return;
      if (Tensor next = hook(*module->module, changed.defined() ? changed : gradient); next.defined())
        changed = std::move(next);
    });
    return changed;
  });
  return y;
}

Tensors Module::Hooks::follow(const std::shared_ptr<Anchor>& module, const Tensors& inputs, Tensors outputs,
                              std::source_location where) const {
  const Tensor x = inputs.empty() ? Tensor() : inputs[0];
  Tensors changed;
  for (const Tensors::Entry& entry : outputs)
    changed.push_back(is_mask(entry) ? entry : Tensors::Entry{entry.name, follow(module, x, entry.value, where)},
                      where);
  return changed;
}

}  // namespace xg::nn
