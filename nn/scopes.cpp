#include "nn/scopes.hpp"

#include <utility>

namespace xg::nn {

Attempt::Attempt(Module& root, At what) : what_(what) {
  const Module::Modules modules = root.modules();
  before_.reserve(modules.size());
  for (Module* module : modules) {
    const Generator* const generator = module->generator();
    before_.push_back({module, module->built(), generator ? generator->step() : 0, module->last_output_shape()});
  }
  if (what == At::build) return;
  for (Before& before : before_) {
    before.penalty_pass = before.module->state_.penalty_pass;
    before.penalties = std::exchange(before.module->state_.pass_penalties, {});
  }
}

Attempt::~Attempt() {
  if (succeeded_) return;
  for (Before& before : before_) {
    Module& module = *before.module;
    if (!before.built && module.built()) module.unbuild();
    if (Generator* generator = module.generator()) generator->set_step(before.draws);
    if (what_ == At::build) continue;
    module.state_.last_output_shape = before.last_output_shape;
    module.state_.penalty_pass = before.penalty_pass;
    module.state_.pass_penalties = std::move(before.penalties);
  }
}

ModeScope::ModeScope(Module& root, bool training) {
  const Module::Modules modules = root.modules();
  modes_.reserve(modules.size());
  for (Module* module : modules) modes_.emplace_back(module, module->training());
  for (Module* module : modules) module->state_.training = training;
}

ModeScope::~ModeScope() {
  for (const auto& [module, training] : modes_) module->state_.training = training;
}

}  // namespace xg::nn
