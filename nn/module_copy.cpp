#include "nn/module.hpp"
#include "nn/module_tree.hpp"
#include "nn/pass.hpp"

namespace xg::nn {
namespace {

/// A ValueError unless both lists have the same names.
template <class List, class NameOf>
void check_same_names(const char* what, const List& mine, const List& others, NameOf name_of,
                      std::source_location where) {
  for (std::size_t i = 0; i < std::max(mine.size(), others.size()); ++i) {
    const std::string own = i < mine.size() ? name_of(mine[i]) : "none",
                      other = i < others.size() ? name_of(others[i]) : "none";
    if (own != other)
      throw ValueError(concat("assign_state: the modules differ: ", what, ' ', i + 1, " is '", own, "' here and '",
                              other, "' there"),
                       where);
  }
}

/// A buffer that gets another shape.
struct Replacement {
  Module* module;
  std::string name;
  Array value;
};

/// State that is there for one of two modules, and not yet for the other.
bool one_is_empty(const Tensor& a, const Tensor& b) {
  return (a.size() == 0) != (b.size() == 0) && a.rank() == b.rank();
}

}  // namespace

std::shared_ptr<Module> Module::copy() const {
  throw ValueError(concat("clone: ", type(),
                          " does not say how it is copied: override copy() by `return std::make_shared<Net>"
                          "(nn::clone(*this));`"));
}

std::shared_ptr<Module> Module::copy_of(const Module& child) {
  if (!child.copier_) return child.copy();
  std::shared_ptr<Module> made = child.copier_(child);
  made->copier_ = child.copier_;
  return made;
}

void Module::assign_state(const Module& other, std::source_location where) {
  check_here(where);
  other.check_here(where);
  Pass pass(*this, Pass::Mode::own);
  const auto child_name = [](const Child& child) { return child.first; };
  const auto tensor_name = [](const NamedTensor& tensor) { return tensor.name; };
  std::vector<std::pair<Module*, const Module*>> pairs{{this, &other}};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto [mine, theirs] = pairs[i];
    if (theirs->built()) pass.before_first(*mine, theirs->state_.samples, where);
    check_same_names("child", mine->children(), theirs->children(), child_name, where);
    for (std::size_t c = 0; c < mine->children().size(); ++c)
      pairs.emplace_back(mine->children()[c].second.get(), theirs->children()[c].second.get());
  }
  std::vector<Replacement> replacements;
  for (const auto list : {&State::parameters, &State::buffers})
    for (const auto& [mine, theirs] : pairs) {
      check_same_names("tensor", mine->state_.*list, theirs->state_.*list, tensor_name, where);
      for (std::size_t i = 0; i < (mine->state_.*list).size(); ++i) {
        const auto& [name, here, regularizer, constraint] = (mine->state_.*list)[i];
        const Tensor& there = (theirs->state_.*list)[i].value;
        if (here.shape() == there.shape()) continue;
        if (list != &State::buffers || !one_is_empty(here, there))
          throw ShapeError(
              concat("assign_state: '", name, "' has shape ", here.shape(), " here and ", there.shape(), " there"),
              where);
        replacements.push_back({mine, name, there.array().clone()});
      }
    }
  for (const auto list : {&State::parameters, &State::buffers})
    for (const auto& [mine, theirs] : pairs)
      for (std::size_t i = 0; i < (mine->state_.*list).size(); ++i) {
        Tensor& value = (mine->state_.*list)[i].value;
        const Tensor& from = (theirs->state_.*list)[i].value;
        if (value.shape() != from.shape()) continue;  // it is replaced
        value.assign(from.detach(), where);
        if (list == &State::parameters) value.set_requires_grad(from.requires_grad(), where);
      }
  for (const auto& [module, name, value] : replacements) module->put_buffer(name, value);
  for (const auto& [mine, theirs] : pairs) {
    mine->state_.training = theirs->state_.training;
    mine->state_.generator = theirs->state_.generator;
  }
  pass.commit();
}

}  // namespace xg::nn
