#include "nn/layers/cells.hpp"

#include "autograd/ops/shape.hpp"

namespace xg::nn {
namespace {

RecurrentOptions of_layer(const CellOptions& cell) {
  return {.units = cell.units,
          .activation = cell.activation,
          .recurrent_activation = cell.recurrent_activation,
          .use_bias = cell.use_bias,
          .kernel_initializer = cell.kernel_initializer,
          .recurrent_initializer = cell.recurrent_initializer,
          .bias_initializer = cell.bias_initializer,
          .unit_forget_bias = cell.unit_forget_bias,
          .reset_after = cell.reset_after,
          .kernel_regularizer = cell.kernel_regularizer,
          .recurrent_regularizer = cell.recurrent_regularizer,
          .bias_regularizer = cell.bias_regularizer,
          .kernel_constraint = cell.kernel_constraint,
          .recurrent_constraint = cell.recurrent_constraint,
          .bias_constraint = cell.bias_constraint,
          .return_state = true,
          .dtype = cell.dtype};
}

}  // namespace

template <std::derived_from<Recurrent> R>
LayerCell<R>::LayerCell(CellOptions options, std::source_location where)
    : options_(std::move(options)), layer_(&add(R(of_layer(options_), where), "layer", where)) {}

template <std::derived_from<Recurrent> R>
std::vector<Shape> LayerCell<R>::state_shapes() const {
  return std::vector<Shape>(layer_->states(), Shape{options_.units});
}

template <std::derived_from<Recurrent> R>
void LayerCell<R>::build(const Shape& sample) {
  if (sample.rank() != 1)
    throw ShapeError(concat(type(), ": a sample has shape ", sample, ", (features,) is expected"),
                     std::source_location::current());
  layer_->build_for({1, sample[0]});
}

template <std::derived_from<Recurrent> R>
Tensors LayerCell<R>::step(const Tensor& x, const std::vector<Tensor>& state) {
  check_input(x, 1, "features");
  Tensors given = expand_dims(x, 1);
  for (const Tensor& part : state) given.push_back(part);
  return (*layer_)(given);
}

template <std::derived_from<Recurrent> R>
std::shared_ptr<Module> LayerCell<R>::copy() const {
  return std::make_shared<LayerCell>(clone());
}

template class LayerCell<SimpleRNN>;
template class LayerCell<LSTM>;
template class LayerCell<GRU>;

StackedRNNCells::StackedRNNCells(std::initializer_list<Item> cells, std::source_location where) {
  if (cells.size() == 0) refuse(where, "there are no cells");
  for (const Item& item : cells) put(item.cell_, item.where_);
}

void StackedRNNCells::put(std::shared_ptr<RecurrentCell> cell, std::source_location where) {
  if (!cells_.empty() && cell->dtype() != dtype())
    refuse(where, "the state of the first cell is ", dtype(), ", that of the ", cell->type(), ' ', cell->dtype());
  cells_.push_back(&adopt(std::move(cell), concat("cell_", cells_.size() + 1), where));
}

std::shared_ptr<Module> StackedRNNCells::copy() const { return std::make_shared<StackedRNNCells>(clone()); }

StackedRNNCells StackedRNNCells::clone() const {
  StackedRNNCells made;
  const auto where = std::source_location::current();
  for (const RecurrentCell* const cell : cells_)
    made.put(std::static_pointer_cast<RecurrentCell>(copy_of(*cell)), where);
  return copied(std::move(made));
}

void StackedRNNCells::build(const Shape& sample) {
  std::optional<Shape> shape = sample;
  for (RecurrentCell* const cell : cells_) {
    if (!shape) return;
    cell->build_for(*shape);
    shape = cell->output_shape(*shape);
  }
}

std::optional<Shape> StackedRNNCells::output_shape(const Shape& sample) const {
  std::optional<Shape> shape = sample;
  for (const RecurrentCell* const cell : cells_)
    if (shape) shape = cell->output_shape(*shape);
  return shape;
}

std::vector<Shape> StackedRNNCells::state_shapes() const {
  std::vector<Shape> shapes;
  for (const RecurrentCell* const cell : cells_)
    for (const Shape& shape : cell->state_shapes()) shapes.push_back(shape);
  return shapes;
}

Tensors StackedRNNCells::step(const Tensor& x, const std::vector<Tensor>& state) {
  Tensor output = x;
  Tensors after;
  std::size_t begin = 0;
  for (const RecurrentCell* const cell : cells_) {
    Tensors given = output;
    for (std::size_t i = cell->state_shapes().size(); i > 0; --i) given.push_back(state[begin++]);
    const Tensors made = (*cell)(given);
    output = made[0];
    for (std::size_t i = 1; i < made.size(); ++i) after.push_back(made[i]);
  }
  Tensors result = output;
  for (const Tensors::Entry& part : after) result.push_back(part);
  return result;
}

}  // namespace xg::nn
