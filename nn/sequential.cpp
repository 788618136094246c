#include "nn/sequential.hpp"

#include <typeinfo>

#include "nn/scopes.hpp"

namespace xg::nn {

Sequential::Sequential(std::initializer_list<Item> modules) {
  // `Sequential b{std::move(a)}` comes here instead of to the move constructor.
  Module* const only = modules.size() == 1 ? modules.begin()->module_.get() : nullptr;
  if (only && typeid(*only) == typeid(Sequential)) {
    *this = std::move(static_cast<Sequential&>(*only));
    return;
  }
  for (const Item& item : modules) {
    check_child(*item.module_, {}, item.where_);
    append(item.module_, {}, build_next(*item.module_, item.where_), item.where_);
  }
}

/// What a module says its samples look like. A Sequential may hold many others, one in the other: it is not asked to
/// look into them.
std::optional<Shape> Sequential::known_input(const Module& module) {
  return typeid(module) == typeid(Sequential) ? static_cast<const Sequential&>(module).input_shape_
                                              : module.input_shape();
}

/// Builds the module that comes behind those there are; its output shape, if that is known.
std::optional<Shape> Sequential::build_next(Module& module, std::source_location where) const {
  const std::optional<Shape> given = children().empty() ? known_input(module) : output_shape_;
  return given ? module.build(*given, where) : std::nullopt;
}

void Sequential::append(std::shared_ptr<Module> module, std::string name, const std::optional<Shape>& output_shape,
                        std::source_location where) {
  const bool is_first = children().empty();
  adopt(std::move(module), std::move(name), where);
  if (is_first) input_shape_ = known_input(*children().front().second);
  output_shape_ = output_shape;
}

Tensor Sequential::forward(const Tensor& x) {
  Tensor y = x;
  for (const auto& [name, child] : children()) y = (*child)(y);
  if (!input_shape_) input_shape_ = input_shape();
  return y;
}

std::optional<Shape> Sequential::build(const Shape& sample, std::source_location where) {
  if (input_shape_ == sample && output_shape_) return output_shape_;
  Attempt attempt(*this, Attempt::At::build);
  std::optional<Shape> shape = sample;
  for (const auto& [name, child] : children())
    if (shape) shape = child->build(*shape, where);
  attempt.succeed();
  input_shape_ = children().empty() ? std::nullopt : known_input(*children().front().second);
  return output_shape_ = shape;
}

void Sequential::unbuild() noexcept {
  input_shape_.reset();
  output_shape_.reset();
}

std::optional<Shape> Sequential::input_shape() const {
  return input_shape_ || children().empty() ? input_shape_ : known_input(*children().front().second);
}

}  // namespace xg::nn
