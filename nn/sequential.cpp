#include "nn/sequential.hpp"

#include <algorithm>

#include "nn/pass.hpp"

namespace xg::nn {
namespace {

/// Calls the module's build(): what that leaves open waits for the first pass, as its forward() may be the user's.
void build_alone(Module& module, const Shape& sample, std::source_location where) {
  if (module.built()) return;
  Pass pass(module, Pass::Mode::own);
  pass.before_first(module, {sample}, where);
  pass.commit();
}

}  // namespace

Sequential::Sequential(std::initializer_list<Item> modules) {
  // `Sequential b{std::move(a)}` comes here instead of to the move constructor.
  if (modules.size() == 1 && modules.begin()->is_sequential_) {
    *this = std::move(static_cast<Sequential&>(*modules.begin()->module_));
    return;
  }
  for (const Item& item : modules) {
    check_child(*item.module_, {}, item.where_);
    append(item.module_, {}, build_next(*item.module_, item.where_), item.where_);
  }
}

/// Builds the module that comes behind those there are; its output shape, if that is known.
std::optional<Shape> Sequential::build_next(Module& module, std::source_location where) const {
  const std::optional<Shape> given = children().empty() ? module.input_shape() : output_shape_;
  if (!given) return std::nullopt;
  const CallerScope scope(where);
  build_alone(module, *given, where);
  return module.output_shape(*given);
}

void Sequential::append(std::shared_ptr<Module> module, std::string name, const std::optional<Shape>& output_shape,
                        std::source_location where) {
  const bool is_first = children().empty();
  adopt(std::move(module), std::move(name), where);
  if (is_first) input_shape_ = children().front().second->input_shape();
  output_shape_ = output_shape;
}

std::shared_ptr<Module> Sequential::copy() const { return std::make_shared<Sequential>(clone()); }

Sequential Sequential::clone() const {
  Sequential made;
  const auto where = std::source_location::current();
  for (const auto& [name, child] : children()) made.adopt(copy_of(*child), name, where);
  made.input_shape_ = input_shape_;
  made.output_shape_ = output_shape_;
  return copied(std::move(made));
}

void Sequential::check_not_empty(std::source_location where) const {
  if (children().empty()) throw ValueError("Sequential: there are no layers: add() some first", where);
}

void Sequential::pop(std::source_location where) {
  check_here(where);
  check_not_empty(where);
  disown(children().size() - 1);
  if (children().empty()) input_shape_.reset();
  output_shape_.reset();
  if (input_shape_) output_shape_ = output_shape(*input_shape_);
}

/// Builds the module for the place of the one of that name.
Sequential::Place Sequential::place_for(const Name& name, Module& module) {
  check_child(module, {}, name.where);
  const auto place =
      std::find_if(children().begin(), children().end(), [&](const Child& child) { return child.first == name.text; });
  if (place == children().end()) {
    std::string known;
    for (const auto& [other, child] : children()) known += (known.empty() ? "" : ", ") + other;
    throw ValueError(concat("replace: there is no layer '", name.text,
                            "': ", known.empty() ? "there are none" : "there are " + known),
                     name.where);
  }
  const CallerScope scope(name.where);
  std::optional<Shape> shape = input_shape_;
  for (auto child = children().begin(); child != place; ++child)
    if (shape) shape = child->second->output_shape(*shape);
  if (shape) build_alone(module, *shape, name.where);
  if (shape) shape = module.output_shape(*shape);
  for (auto child = place + 1; child != children().end(); ++child)
    if (shape) shape = child->second->output_shape(*shape);
  return {static_cast<std::size_t>(place - children().begin()), shape};
}

void Sequential::put(const Place& place, std::shared_ptr<Module> module, std::source_location where) {
  replace_child(place.index, std::move(module), where);
  output_shape_ = place.output_shape;
}

/// Calls f with each child there is when its turn comes: a hook may add some, take some away, or move all of them.
template <class F>
void Sequential::each_child(F f) const {
  const std::shared_ptr<const Anchor> here = anchor();
  for (std::size_t i = 0;; ++i) {
    const Module* const now = here->module;
    if (!now) throw ValueError("Sequential: a hook ended the model in its own pass", std::source_location::current());
    if (i >= now->children().size()) return;
    const std::shared_ptr<Module> child = now->children()[i].second;
    f(*child);
  }
}

Tensor Sequential::forward(const Tensor& x) {
  check_not_empty(std::source_location::current());
  Tensor y = x;
  Tensors several;  // once there are
  each_child([&](const Module& child) {
    if (several.empty() && child.mask_use() != MaskUse::makes) {
      y = child(y);
      return;
    }
    several = child(several.empty() ? Tensors(y) : several);
    if (several.size() > 1) return;
    y = several[0];
    several = {};
  });
  if (several.empty()) return y;
  several = without_mask(several);
  if (several.size() != 1)
    throw ValueError(concat("Sequential: the last layer gives ", several.size(),
                            " tensors, and one is expected: call the model with nn::Tensors, and it gives all"),
                     std::source_location::current());
  return several[0];
}

MaskUse Sequential::mask_use() const {
  const auto makes = [](const Child& child) { return child.second->mask_use() == MaskUse::makes; };
  return std::any_of(children().begin(), children().end(), makes) ? MaskUse::makes : Module::mask_use();
}

Tensors Sequential::forward_many(const Tensors& inputs) {
  check_not_empty(std::source_location::current());
  Tensors y = inputs;
  each_child([&](const Module& child) { y = child(y); });
  return y;
}

void Sequential::build(const Shape& sample) {
  std::optional<Shape> shape = sample;
  for (const auto& [name, child] : children()) {
    if (!shape) break;
    child->build_for(*shape);
    shape = child->output_shape(*shape);
  }
  if (output_shape_ || children().empty()) return;
  input_shape_ = children().front().second->input_shape();
  if (!input_shape_) input_shape_ = sample;
  output_shape_ = shape;
  learnt_shapes_ = true;
}

void Sequential::unbuild() noexcept {
  if (!std::exchange(learnt_shapes_, false)) return;
  input_shape_.reset();
  output_shape_.reset();
}

std::optional<Shape> Sequential::output_shape(const Shape& sample) const {
  if (output_shape_ && input_shape_ == sample) return output_shape_;
  std::optional<Shape> shape = sample;
  for (const auto& [name, child] : children())
    if (shape) shape = child->output_shape(*shape);
  return shape;
}

}  // namespace xg::nn
