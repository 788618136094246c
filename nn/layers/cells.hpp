#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "nn/layers/recurrent.hpp"
#include "nn/layers/rnn.hpp"

namespace xg::nn {

/// The options of SimpleRNNCell, LSTMCell and GRUCell: those of the layers that concern a single step.
struct CellOptions {
  std::int64_t units = 0;                               ///< width of the state
  ActivationFunction activation = "tanh";               ///< of the candidate state
  ActivationFunction recurrent_activation = "sigmoid";  ///< of the gates; not for SimpleRNNCell
  bool use_bias = true;                                 ///< whether a bias is added
  Initializer kernel_initializer = "glorot_uniform";    ///< of the kernel
  Initializer recurrent_initializer = "orthogonal";     ///< of the recurrent kernel
  Initializer bias_initializer = "zeros";               ///< of the bias
  bool unit_forget_bias = true;                         ///< LSTMCell: the forget gate's bias begins at 1
  bool reset_after = true;                              ///< GRUCell: the reset gate acts behind the recurrent product
  Regularizer kernel_regularizer = {};                  ///< of the kernel
  Regularizer recurrent_regularizer = {};               ///< of the recurrent kernel
  Regularizer bias_regularizer = {};                    ///< of the bias
  Constraint kernel_constraint = {};                    ///< of the kernel
  Constraint recurrent_constraint = {};                 ///< of the recurrent kernel
  Constraint bias_constraint = {};                      ///< of the bias
  DType dtype = float32;                                ///< of the parameters: float32 or float64
};

/// A single step of a recurrent layer: x (batch, features) and its state, each (batch, units). Child: layer, the
/// recurrent layer that does the step.
template <std::derived_from<Recurrent> R>
class XG_API LayerCell : public RecurrentCell {
 public:
  /// Units below 1, and a dtype that is not floating, are a ValueError.
  explicit LayerCell(CellOptions options, std::source_location where = std::source_location::current());

  std::vector<Shape> state_shapes() const override;
  Tensors step(const Tensor& x, const std::vector<Tensor>& state) override;
  DType dtype() const override { return options_.dtype; }
  std::string type() const override { return layer_->type() + "Cell"; }
  std::shared_ptr<Module> copy() const override;
  /// One of its own with the same values.
  LayerCell clone() const { return copied(LayerCell(options_)); }
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape&) const override { return Shape{options_.units}; }

 private:
  CellOptions options_;
  R* layer_;
};

/// A step of SimpleRNN; state: h.
using SimpleRNNCell = LayerCell<SimpleRNN>;
/// A step of LSTM; state: h and c.
using LSTMCell = LayerCell<LSTM>;
/// A step of GRU; state: h.
using GRUCell = LayerCell<GRU>;

/// Cells one on top of the other, the output of each being the input of the next. The state is that of the first, then
/// that of the second, and so on. Children: cell_1, cell_2, ...
/// ```cpp
/// nn::RNN rnn(nn::StackedRNNCells{nn::LSTMCell({.units = 32}), nn::GRUCell({.units = 16})});
/// ```
class XG_API StackedRNNCells : public RecurrentCell {
 public:
  /// Any cell in the list, with the user's line.
  class Item {
   public:
    /// A cell.
    template <std::derived_from<RecurrentCell> C>
    Item(C cell, std::source_location where = std::source_location::current())
        : cell_(StackedRNNCells::shared<C>(std::move(cell))), where_(where) {}

   private:
    friend class StackedRNNCells;
    std::shared_ptr<RecurrentCell> cell_;
    std::source_location where_;
  };

  /// Of these, the lowest first. None, and cells of several dtypes, are a ValueError.
  StackedRNNCells(std::initializer_list<Item> cells, std::source_location where = std::source_location::current());

  std::vector<Shape> state_shapes() const override;
  Tensors step(const Tensor& x, const std::vector<Tensor>& state) override;
  DType dtype() const override { return cells_.front()->dtype(); }
  std::string type() const override { return "StackedRNNCells"; }
  std::shared_ptr<Module> copy() const override;
  /// One of its own with the same values.
  StackedRNNCells clone() const;
  void build(const Shape& sample) override;
  std::optional<Shape> output_shape(const Shape& sample) const override;

 private:
  StackedRNNCells() = default;

  void put(std::shared_ptr<RecurrentCell> cell, std::source_location where);

  std::vector<RecurrentCell*> cells_;
};

}  // namespace xg::nn
