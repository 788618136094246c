#include "nn/sequential.hpp"

#include <typeinfo>

namespace xg::nn {

Sequential::Sequential(std::initializer_list<Item> modules) {
  // `Sequential b{std::move(a)}` comes here instead of to the move constructor.
  Module* const only = modules.size() == 1 ? modules.begin()->module_.get() : nullptr;
  if (only && typeid(*only) == typeid(Sequential)) {
    *this = std::move(static_cast<Sequential&>(*only));
    return;
  }
  for (const Item& item : modules) append(item.module_, {}, item.where_);
}

void Sequential::append(std::shared_ptr<Module> module, std::string name, std::source_location where) {
  const std::optional<Shape> given = children().empty() ? module->input_shape() : output_shape_;
  const std::optional<Shape> result = given ? module->build(*given, where) : std::nullopt;
  adopt(std::move(module), std::move(name), where);
  output_shape_ = result;
}

Tensor Sequential::forward(const Tensor& x) {
  Tensor y = x;
  for (const auto& [name, child] : children()) y = (*child)(y);
  return y;
}

std::optional<Shape> Sequential::build(const Shape& sample, std::source_location where) {
  std::optional<Shape> shape = sample;
  for (const auto& [name, child] : children())
    if (shape) shape = child->build(*shape, where);
  return output_shape_ = shape;
}

std::optional<Shape> Sequential::input_shape() const {
  return children().empty() ? std::nullopt : children().front().second->input_shape();
}

}  // namespace xg::nn
