#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <source_location>
#include <type_traits>
#include <vector>

#include "autograd/hooks.hpp"
#include "autograd/node_ref.hpp"
#include "autograd/origin_ref.hpp"
#include "lib/array.hpp"

namespace xg {

class Tensor;
class Indexed;
class Indices;

/// How backward() walks the graph.
struct BackwardOptions;

/// A value in the computation graph: an Array and, if a gradient flows through it, a shared Node. A Tensor is a handle:
/// copying it shares both, so that every copy of a leaf sees its gradient, and whether it needs one. Data, parameters
/// and results are all Tensors; operations on them are free functions. `x = y` makes the variable x a handle to y;
/// `x[...] = y`, `x += y` and assign() change elements.
class XG_API Tensor {
 public:
  /// Changes a gradient on its way; an undefined result leaves it as it is.
  using Hook = std::function<Tensor(const Tensor& gradient)>;

  /// No tensor at all: only assignment and defined() are allowed.
  Tensor() = default;
  /// A constant that shares the array's elements.
  Tensor(const Array& value) : value_(value) {}
  /// A constant that takes the array over.
  Tensor(Array&& value) : value_(std::move(value)) {}
  /// The same handle.
  Tensor(const Tensor&) = default;
  /// Takes the other's place.
  Tensor(Tensor&&) = default;
  /// Makes this variable another handle. Not for results of calls, where it would have no effect: use assign().
  Tensor& operator=(const Tensor&) & = default;
  /// The same.
  Tensor& operator=(Tensor&&) & = default;
  /// A result of a recorded operation.
  Tensor(Array value, NodeRef node) : value_(std::move(value)), node_(std::move(node)) {}

  /// A 0-d constant: floating values become float32, integers int64, as in PyTorch. A number that int64 does not hold
  /// is a ValueError.
  template <class T>
  requires std::is_arithmetic_v<T> Tensor(T value, std::source_location where = std::source_location::current())
      : value_(from_number(value, where)) {}
  /// Constants from nested lists: `Tensor{{1.0, 2.0}, {3.0, 4.0}}`. Rows of different lengths are a ShapeError, a
  /// number outside the dtype's range a ValueError.
  template <class T>
  requires std::is_arithmetic_v<T> Tensor(std::initializer_list<T> values, DType dtype = default_dtype<T>(),
                                          std::source_location where = std::source_location::current())
      : value_(from_list(std::vector<Scalar>(values.begin(), values.end()), {length(values)}, dtype, where)) {}
  /// A matrix of constants.
  template <class T>
  requires std::is_arithmetic_v<T> Tensor(std::initializer_list<std::initializer_list<T>> rows,
                                          DType dtype = default_dtype<T>(),
                                          std::source_location where = std::source_location::current());
  /// A three-dimensional constant.
  template <class T>
  requires std::is_arithmetic_v<T> Tensor(std::initializer_list<std::initializer_list<std::initializer_list<T>>> blocks,
                                          DType dtype = default_dtype<T>(),
                                          std::source_location where = std::source_location::current());

  /// False for one that was never assigned.
  bool defined() const { return value_.defined(); }
  /// The value inside.
  const Array& array() const { return value_; }
  /// The value inside, whose elements may be changed: bump_version() must follow.
  Array& array() { return value_; }
  /// The extent of every axis.
  const Shape& shape() const { return value_.shape(); }
  /// How many axes there are.
  std::size_t rank() const { return value_.rank(); }
  /// How many elements there are.
  std::int64_t size() const { return value_.size(); }
  /// The type of the elements.
  DType dtype() const { return value_.dtype(); }
  /// The only element as a T. More than one is a ShapeError.
  template <class T = double>
  T item(std::source_location where = std::source_location::current()) const {
    check_single(where);
    return value_.item<T>();
  }
  /// All elements in row-major order, converted to T.
  template <class T>
  std::vector<T> to_vector(std::source_location where = std::source_location::current()) const {
    return value_.to_vector<T>(where);
  }

  /// A part of it, as index() gives it: `x[{Slice(1, -1), ellipsis, 0}]`, `x[0]`. Defined in ops/index.hpp.
  Tensor operator[](const Indices& indices) const;
  /// The same, which can be assigned to: `x[0] = 1.0`. Defined in indexed.hpp.
  Indexed operator[](const Indices& indices);

  /// True if a gradient flows through it.
  bool requires_grad() const { return node_.needs_gradient(); }
  /// Makes this a leaf whose gradient backward() collects, or freezes it: it counts as a constant then, until it needs
  /// a gradient again. All handles of a leaf see the change; those that were copied before it was a leaf stay
  /// constants. Only for floating dtypes and for tensors that are not results of recorded operations.
  Tensor& set_requires_grad(bool value = true, std::source_location where = std::source_location::current());
  /// True for constants and for tensors made by set_requires_grad.
  bool is_leaf() const;

  /// Adds the gradient of this tensor with respect to every leaf it depends on to that leaf's grad().
  /// Without options the tensor must have one element.
  void backward(std::source_location where = std::source_location::current()) const;
  /// The same with options; a gradient must be given if there is more than one element.
  void backward(const BackwardOptions& options, std::source_location where = std::source_location::current()) const;

  /// The gradient collected so far; undefined if there is none.
  Tensor grad() const;
  /// Replaces the gradient, for those who change it between backward() and an optimizer's step.
  void set_grad(const Tensor& gradient, std::source_location where = std::source_location::current());
  /// Forgets the gradient.
  void zero_grad();
  /// Makes backward() keep the gradient of this intermediate result as well.
  void retain_grad(std::source_location where = std::source_location::current());
  /// Calls `hook` with the whole gradient of this tensor each time backward() has computed it, until the handle removes
  /// it or the graph is freed. A hook that captures the very tensor it belongs to keeps it alive until then.
  HookHandle register_hook(Hook hook, std::source_location where = std::source_location::current());

  /// The same elements as a constant.
  Tensor detach() const { return Tensor(value_); }

  /// Copies values (of this shape; converted to this dtype) into the elements, recorded or not. Not for results of
  /// recorded operations, nor for those of broadcast_to(), where one element stands at several places. A gradient that
  /// still needs the old elements is refused afterwards.
  void assign(const Tensor& values, std::source_location where = std::source_location::current());
  /// Every element becomes the number. One that the dtype does not hold is a ValueError.
  template <class T>
  requires std::is_arithmetic_v<T>
  void assign(T number, std::source_location where = std::source_location::current()) { assign_number(number, where); }

  /// Its place in the graph; null for a constant.
  const NodeRef& node() const { return node_; }
  /// How this handle's elements were made, if somebody noted it: see with_origin().
  const OriginRef& origin() const { return origin_; }
  /// Notes it.
  void set_origin(OriginRef origin) { origin_ = std::move(origin); }

  /// What a C++ type becomes: floating types float32, integers int64, bool boolean.
  template <class T>
  static constexpr DType default_dtype() {
    if constexpr (std::is_same_v<T, bool>)
      return DType::boolean;
    else
      return std::is_floating_point_v<T> ? DType::float32 : DType::int64;
  }

 private:
  static Array from_number(const Scalar& number, std::source_location where);
  static Array from_list(const std::vector<Scalar>& values, const Shape& shape, DType dtype,
                         std::source_location where);
  template <class List>
  static std::int64_t length(const List& list) {
    return static_cast<std::int64_t>(list.size());
  }
  void check_single(std::source_location where) const;
  void check_assignable(std::source_location where) const;
  void assign_number(const Scalar& number, std::source_location where);

  Array value_;
  NodeRef node_;
  OriginRef origin_;
};

/// The options of backward().
struct BackwardOptions {
  Tensor gradient = {};       ///< of the loss with respect to the root, in the root's shape; 1 if undefined
  bool retain_graph = false;  ///< keep what the rules saved, so that the graph can be walked again
  /// Record the backward pass itself, so that gradients can be differentiated. A stored gradient then holds the graph
  /// that holds its leaf: zero_grad() frees them, and grad() never stores one.
  bool create_graph = false;
};

/// Prints the values, as NumPy does.
XG_API std::string to_string(const Tensor& tensor);
/// Prints it as to_string() gives it.
XG_API std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

template <class T>
requires std::is_arithmetic_v<T> Tensor::Tensor(std::initializer_list<std::initializer_list<T>> rows, DType dtype,
                                                std::source_location where) {
  std::vector<Scalar> values;
  const std::int64_t columns = rows.size() == 0 ? 0 : length(*rows.begin());
  for (const auto& row : rows) {
    if (length(row) != columns) throw ShapeError("Tensor: the rows of the nested list differ in length", where);
    values.insert(values.end(), row.begin(), row.end());
  }
  value_ = from_list(values, {length(rows), columns}, dtype, where);
}

template <class T>
requires std::is_arithmetic_v<T> Tensor::Tensor(
    std::initializer_list<std::initializer_list<std::initializer_list<T>>> blocks, DType dtype,
    std::source_location where) {
  std::vector<Scalar> values;
  const std::int64_t rows = blocks.size() == 0 ? 0 : length(*blocks.begin());
  const std::int64_t columns = rows == 0 ? 0 : length(*blocks.begin()->begin());
  for (const auto& block : blocks) {
    if (length(block) != rows) throw ShapeError("Tensor: the blocks of the nested list differ in length", where);
    for (const auto& row : block) {
      if (length(row) != columns) throw ShapeError("Tensor: the rows of the nested list differ in length", where);
      values.insert(values.end(), row.begin(), row.end());
    }
  }
  value_ = from_list(values, {length(blocks), rows, columns}, dtype, where);
}

}  // namespace xg
