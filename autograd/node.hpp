#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "autograd/hooks.hpp"
#include "autograd/node_ref.hpp"
#include "autograd/saved.hpp"
#include "autograd/tensor.hpp"

namespace xg {

/// Where a node puts the gradients of its inputs.
class XG_API InputGradients {
 public:
  virtual ~InputGradients() = default;
  /// False if nobody asked for the gradient of this input.
  virtual bool wants(std::size_t input) const = 0;
  /// Hands over the gradient of an input, in any shape the input broadcasts to.
  virtual void give(std::size_t input, Tensor gradient) = 0;
  /// True if somebody looks at the gradient of this input itself: a hook, retain_grad(), or grad() with respect to it.
  virtual bool watches(std::size_t /*input*/) const { return false; }
  /// The sum of what was given for an input so far, where it may be added to in place; else null, and give() it is.
  virtual Array* total(std::size_t input) = 0;
  /// Must follow what was added to total().
  virtual void added(std::size_t input) = 0;
};

/// One recorded operation, or a leaf. A node knows its place in the order of creation, which is a topological order,
/// and the nodes of its inputs. It holds no values but those that its rules saved.
class XG_API Node : public Counted {
 public:
  /// A node at that place, or at the place of the CallerScope around it, for a result like `value`.
  Node(const char* op, std::source_location where, const Array& value);
  virtual ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Its number in the order of creation.
  std::uint64_t id() const { return id_; }
  /// The name of the operation; "leaf" for a leaf.
  const char* op() const { return op_; }
  /// The user's line.
  const std::source_location& where() const { return where_; }
  /// The shape of the output.
  const Shape& shape() const { return shape_; }
  /// The dtype of the output.
  DType dtype() const { return dtype_; }
  /// True for a leaf that was not made by an operation.
  bool is_leaf() const { return inputs() == 0 && !released_; }
  /// True once release() was called.
  bool released() const { return released_; }

  /// How many inputs the operation has, and the node of each; null for one without gradient.
  virtual std::size_t inputs() const { return 0; }
  /// The node of an input.
  virtual const NodeRef& input(std::size_t index) const;
  /// Computes the gradients of the inputs from the gradient of the output.
  virtual void differentiate(const Tensor& output_gradient, InputGradients& gradients) const;
  /// Copies what the rules saved, for a SavedList that watches.
  virtual void copy_saved() const {}
  /// Frees the rules, what they saved, the edges, and hooks, which are not called again.
  void release();

  /// What only some nodes have.
  struct XG_API Attachments {
    Tensor gradient;                ///< of a leaf, or after retain_grad()
    HookList<Tensor::Hook> hooks;   ///< called with the gradient
    bool retains_gradient = false;  ///< whether backward() keeps the gradient
    std::string values;             ///< what a DetectAnomaly saw: the ranges of the operation's output and operands

    /// Takes memory from the pool.
    static void* operator new(std::size_t bytes);
    /// Gives it back.
    static void operator delete(void* block, std::size_t bytes) noexcept;
  };
  /// Null if it has none.
  Attachments* attachments() const { return attachments_.get(); }
  /// Makes them if it has none.
  Attachments& attach();

  /// Takes memory from the pool.
  static void* operator new(std::size_t bytes);
  /// Gives it back.
  static void operator delete(void* block, std::size_t bytes) noexcept;

 protected:
  /// Drops the rules and the edges.
  virtual void release_edges() {}

 private:
  std::uint64_t id_;
  const char* op_;
  std::source_location where_;
  Shape shape_;
  DType dtype_;
  bool released_ = false;
  std::unique_ptr<Attachments> attachments_;
};

inline Node* NodeRef::get() const { return static_cast<Node*>(node_); }
inline Node* NodeRef::operator->() const { return get(); }
inline Node& NodeRef::operator*() const { return *get(); }

}  // namespace xg
