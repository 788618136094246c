#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>

#include "nn/model.hpp"

namespace xg::nn {

/// Modules applied one after the other:
/// ```cpp
/// nn::Sequential model{nn::Dense({.units = 200, .input_dim = 784, .activation = "tanh"}), nn::Dropout(0.4)};
/// model.add(nn::Dense({.units = 10, .activation = "softmax"}));
/// ```
/// If the first one knows its input's shape, all parameters are made at once, else on the first pass.
///
/// A mask goes with the data from the layer that makes it to those that use it. Called with one tensor, it gives one;
/// called with nn::Tensors, it gives the mask that is left at the end too.
class XG_API Sequential : public Model {
 public:
  /// Any module in the list of a Sequential, with the user's line.
  class Item {
   public:
    /// A layer, or a model.
    template <std::derived_from<Module> M>
    Item(M module, std::source_location where = std::source_location::current())
        : module_(Sequential::shared<M>(std::move(module))),
          is_sequential_(std::same_as<M, Sequential>),
          where_(where) {}

   private:
    friend class Sequential;
    std::shared_ptr<Module> module_;
    bool is_sequential_;
    std::source_location where_;
  };

  Sequential() = default;
  /// These, one behind the other. A single Sequential is moved here.
  Sequential(std::initializer_list<Item> modules);

  /// Appends a module, by default named after its type and its count: "dense_1". One that does not fit the output of
  /// the last is a ShapeError, and not appended; nor is one that this one is a part of, which is a ValueError.
  template <std::derived_from<Module> M>
  M& add(M&& module, std::string name = {}, std::source_location where = std::source_location::current()) {
    check_child(module, name, where);
    const std::optional<Shape> result = build_next(module, where);
    auto owned = shared<M>(std::move(module));
    append(owned, std::move(name), result, where);
    return *owned;
  }
  /// Takes the last module away. If there is none it is a ValueError.
  void pop(std::source_location where = std::source_location::current());
  /// Puts another module in the place of the one of that name, which it keeps. One that does not fit its neighbours,
  /// which stay, is a ShapeError, and nothing is moved.
  template <std::derived_from<Module> M>
  M& replace(const Name& name, M&& module) {
    const Place place = place_for(name, module);
    auto owned = shared<M>(std::move(module));
    put(place, owned, name.where);
    return *owned;
  }

  Tensor forward(const Tensor& x) override;
  Tensors forward_many(const Tensors& inputs) override;
  /// Whether one of the layers makes a mask.
  MaskUse mask_use() const override;
  std::string type() const override { return "Sequential"; }
  std::shared_ptr<Module> copy() const override;
  /// The same layers with parameters of their own, not compiled.
  Sequential clone() const;
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override;
  std::optional<Shape> input_shape() const override { return input_shape_; }

 protected:
  bool reports_caller() const override { return true; }
  void unbuild() noexcept override;

 private:
  std::optional<Shape> build_next(Module& module, std::source_location where) const;
  void append(std::shared_ptr<Module> module, std::string name, const std::optional<Shape>& output_shape,
              std::source_location where);
  struct Place {
    std::size_t index;                  ///< among the children
    std::optional<Shape> output_shape;  ///< of all, with the new module in it
  };
  Place place_for(const Name& name, Module& module);
  void put(const Place& place, std::shared_ptr<Module> module, std::source_location where);
  template <class F>
  void each_child(F f) const;
  void check_not_empty(std::source_location where) const;

  std::optional<Shape> input_shape_;
  std::optional<Shape> output_shape_;
  bool learnt_shapes_ = false;  ///< from the first input, not from a layer
};

}  // namespace xg::nn
