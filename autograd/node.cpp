#include "autograd/node.hpp"

#include <atomic>
#include <utility>

#include "lib/storage.hpp"
#include "lib/thread_local.hpp"

namespace xg {
namespace {

std::atomic<std::uint64_t> next_id{1};

/// Nodes that wait to be freed by the loop that is running on this thread, linked through themselves. Without a
/// destructor, as tensors of static lifetime are freed when others of the thread are gone.
struct Graveyard {
  Counted* first;
  bool busy;
};
XG_THREAD_LOCAL Graveyard graveyard{};

}  // namespace

Node::Node(const char* op, std::source_location where, const Array& value)
    : id_(next_id.fetch_add(1, std::memory_order_relaxed)),
      op_(op),
      where_(caller(where)),
      shape_(value.shape()),
      dtype_(value.dtype()) {}

Node::~Node() = default;

const NodeRef& Node::input(std::size_t) const {
  static const NodeRef none;
  return none;
}

void Node::differentiate(const Tensor&, InputGradients&) const {}

void Node::release() {
  released_ = true;
  if (attachments_) attachments_->hooks = {};
  release_edges();
}

Node::Attachments& Node::attach() {
  if (!attachments_) attachments_ = std::make_unique<Attachments>();
  return *attachments_;
}

void* Node::operator new(std::size_t bytes) { return pool::allocate(bytes); }
void Node::operator delete(void* block, std::size_t bytes) noexcept { pool::release(block, bytes); }

void* Node::Attachments::operator new(std::size_t bytes) { return pool::allocate(bytes); }
void Node::Attachments::operator delete(void* block, std::size_t bytes) noexcept { pool::release(block, bytes); }

void NodeRef::destroy(Counted* node) noexcept {
  node->next = std::exchange(graveyard.first, node);
  if (graveyard.busy) return;
  graveyard.busy = true;
  while (graveyard.first) {
    Counted* const next = graveyard.first;
    graveyard.first = next->next;
    delete static_cast<Node*>(next);
  }
  graveyard.busy = false;
}

}  // namespace xg
