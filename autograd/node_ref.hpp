#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "lib/export.hpp"

namespace xg {

class Node;

/// The part of a Node that a NodeRef counts.
struct Counted {
  std::atomic<std::uint32_t> owners{0};  ///< how many NodeRefs there are
  std::atomic<bool> frozen{false};       ///< whether it is a leaf that needs no gradient now
  Counted* next = nullptr;               ///< the next of those that wait to be freed
};

/// A counted pointer to a Node. The last one frees the node, and with it the graph behind it, by a loop: the depth of a
/// graph is bounded by memory, not by the stack.
class XG_API NodeRef {
 public:
  NodeRef() = default;
  /// Counts one owner more.
  explicit NodeRef(Counted* node) noexcept : node_(node) { retain(); }
  /// Counts one owner more.
  NodeRef(const NodeRef& other) noexcept : node_(other.node_) { retain(); }
  /// Takes the other's place.
  NodeRef(NodeRef&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  /// Drops the node it had.
  NodeRef& operator=(NodeRef other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~NodeRef() {
    if (node_ && node_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(node_);
  }

  /// True if it points to a node.
  explicit operator bool() const { return node_ != nullptr; }
  /// True if it points to a node that a gradient flows to: any but a frozen leaf.
  bool needs_gradient() const { return node_ && !node_->frozen.load(std::memory_order_relaxed); }
  /// True if both point to the same node.
  bool operator==(const NodeRef& other) const { return node_ == other.node_; }
  /// Defined in node.hpp, with the Node.
  inline Node* get() const;
  /// Access to the node.
  inline Node* operator->() const;
  /// The node.
  inline Node& operator*() const;

 private:
  static void destroy(Counted* node) noexcept;
  void retain() noexcept {
    if (node_) node_->owners.fetch_add(1, std::memory_order_relaxed);
  }

  Counted* node_ = nullptr;
};

}  // namespace xg
