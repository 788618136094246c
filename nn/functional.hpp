#pragma once

#include <concepts>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/model.hpp"

namespace xg::nn {

/// A module that may stand in several places, and its name: what layer() gives.
template <class M>
struct SharedLayer {
  std::shared_ptr<M> module;  ///< the one that all places share
  std::string name;           ///< in the model; empty for the default one

  /// The module.
  M* operator->() const { return module.get(); }
};

/// One tensor or several that a model will compute: known are the shape of a sample and the dtype. It comes from
/// input(), and out of modules it is sent through by >>:
/// ```cpp
/// auto image = nn::input({28, 28, 1}, "image");
/// auto age = nn::input({1}, "age");
/// auto features = image >> nn::Conv2D({.filters = 8, .kernel_size = 3, .activation = "relu"}) >> nn::Flatten();
/// auto digit = nn::join({features, age}) >> nn::Concatenate() >> nn::Dense({.units = 10, .activation = "softmax"});
/// nn::Functional model({image, age}, digit);
/// ```
/// Sending it through a module builds that at once, by a pass with a sample of zeros: what does not fit is an error of
/// that line.
class XG_API Symbolic {
 public:
  /// How it came about.
  struct Call;
  /// One of the tensors.
  struct Entry {
    std::string name;                  ///< as the module named it; may be empty
    Shape sample;                      ///< without the batch axis
    DType dtype;                       ///< of the values
    std::shared_ptr<const Call> call;  ///< that gives it
    std::size_t output;                ///< which of its outputs it is
  };

  /// These.
  explicit Symbolic(std::vector<Entry> entries) : entries_(std::move(entries)) {}

  /// How many tensors they are.
  std::size_t size() const { return entries_.size(); }
  /// The one at that place, counted from 0, or of that name. There being none is a ValueError that says what there is.
  Symbolic operator[](const Key& key) const;
  /// The shape of a sample. If they are several it is a ValueError.
  const Shape& shape(std::source_location where = std::source_location::current()) const;
  /// All of them.
  const std::vector<Entry>& entries() const { return entries_; }

  /// What the module makes of them. What it does not take is its error.
  Symbolic through(std::shared_ptr<Module> module, const std::string& name, std::source_location where) const;

 private:
  std::vector<Entry> entries_;
};

/// A call of a module, or an input.
struct XG_API Symbolic::Call {
  ~Call();

  std::shared_ptr<Module> module;  ///< null: an input of the model
  std::string name;                ///< of the module in the model; may be empty
  std::list<Entry> inputs;         ///< what it is called with
  std::vector<Shape> outputs;      ///< samples of what it gives
};

/// An operand of >>, whose operands C++ computes from left to right: layers are made in the order they are written in.
/// With the user's line.
struct SymbolicOperand {
  /// With the user's line.
  SymbolicOperand(const Symbolic& given, std::source_location line = std::source_location::current())
      : value(given), where(line) {}

  const Symbolic& value;       ///< what was given
  std::source_location where;  ///< the user's line
};

/// An input of a functional model: a sample's shape, a name by which fit() and others know it, and a dtype. A negative
/// extent is a ValueError.
XG_API Symbolic input(const Shape& sample, const std::string& name = {}, DType dtype = float32,
                      std::source_location where = std::source_location::current());
/// Several as one, for modules that take several. A name that is there twice is a ValueError.
XG_API Symbolic join(const std::vector<Symbolic>& parts, std::source_location where = std::source_location::current());

/// A model that is described by its inputs and outputs. It holds all modules on the way from those to these, in the
/// order in which they were called; one that was called several times is held once. Modules that two models hold are
/// shared by them: `nn::Functional features(image, hidden)` shows what the layers of another model give.
class XG_API Functional : public Model {
 public:
  /// An output: a Symbolic, and the name by which fit() and others know it, the one it has, if empty.
  struct Output {
    /// Without a name of its own.
    Output(const Symbolic& given) : value(given) {}
    /// With a name.
    Output(std::string title, const Symbolic& given) : name(std::move(title)), value(given) {}

    std::string name = {};  ///< may be empty
    Symbolic value;         ///< one tensor
  };

  /// From one input, or from those that are joined, to one output.
  Functional(const Symbolic& inputs, const Symbolic& output,
             std::source_location where = std::source_location::current());
  /// From several inputs to one output.
  Functional(const std::vector<Symbolic>& inputs, const Symbolic& output,
             std::source_location where = std::source_location::current());
  /// From one input to several outputs.
  Functional(const Symbolic& inputs, const std::vector<Output>& outputs,
             std::source_location where = std::source_location::current());
  /// From several to several. An input that is none, that no output depends on, or that is missing is a ValueError, as
  /// are names that are there twice.
  Functional(const std::vector<Symbolic>& inputs, const std::vector<Output>& outputs,
             std::source_location where = std::source_location::current());

  /// Samples of another shape are a ShapeError.
  Tensor forward(const Tensor& x) override;
  /// Inputs that all have names are taken by them, else by their places. Another number, or samples of other shapes are
  /// a ShapeError. A mask that belongs to the only output stands beside it.
  Tensors forward_many(const Tensors& inputs) override;
  std::string type() const override { return "Functional"; }
  std::shared_ptr<Module> copy() const override;
  /// The same graph with parameters of its own, not compiled.
  Functional clone() const;
  std::optional<Shape> output_shape(const Shape& sample) const override;
  std::optional<Shape> input_shape() const override;

  /// A module on the heap, for layer() and >>.
  template <std::derived_from<Module> M>
  static std::shared_ptr<M> owned(M&& module) {
    return shared<M>(std::move(module));
  }

 protected:
  bool reports_caller() const override { return true; }
  SummaryTable table() const override;

 private:
  struct Port {
    std::string name;
    Shape sample;
    DType dtype;
    std::size_t slot;  ///< where its value is kept during a pass
  };
  /// A call of a child.
  struct Step {
    std::size_t child;
    std::vector<Port> inputs = {};
    std::size_t first_slot;               ///< of its outputs, which lie side by side
    std::vector<Shape> outputs;           ///< their samples
    std::vector<std::size_t> spent = {};  ///< slots that no later step needs
  };
  class Builder;

  Functional() = default;
  std::vector<Tensor> bind(const Tensors& inputs) const;
  std::string expected() const;
  void note_spent();
  bool is_chain() const;
  std::string input_name(std::size_t index) const;
  std::string source_of(std::size_t slot) const;
  std::vector<std::vector<std::string>> lines_of(std::size_t child) const;

  std::vector<Port> inputs_, outputs_;
  std::optional<Port> mask_;  ///< of the only output
  std::vector<Step> steps_;
  std::size_t slots_ = 0;
};

/// A module for several places of a functional model, or for one with a name of its own:
/// `auto tower = nn::layer(nn::Dense({.units = 8}), "tower");`, then `left >> tower` and `right >> tower`.
template <std::derived_from<Module> M>
requires(!std::is_lvalue_reference_v<M>) SharedLayer<M> layer(M&& module, std::string name = {}) {
  return {Functional::owned(std::move(module)), std::move(name)};
}

/// What a module makes of it.
template <std::derived_from<Module> M>
requires(!std::is_lvalue_reference_v<M>) Symbolic operator>>(SymbolicOperand x, M&& module) {
  return x.value.through(Functional::owned(std::move(module)), {}, x.where);
}
/// Not of one that has a name in your program: `x >> std::move(dense)`, or layer() for several places.
template <std::derived_from<Module> M>
Symbolic operator>>(SymbolicOperand x, M& module) = delete;
/// What a shared module makes of it.
template <class M>
Symbolic operator>>(SymbolicOperand x, const SharedLayer<M>& layer) {
  return x.value.through(layer.module, layer.name, x.where);
}
/// What a module makes of it that others hold too. Null is a ValueError.
template <std::derived_from<Module> M>
Symbolic operator>>(SymbolicOperand x, const std::shared_ptr<M>& module) {
  return x.value.through(module, {}, x.where);
}

}  // namespace xg::nn
