#pragma once

#include <atomic>
#include <source_location>

#include "autograd/tensor.hpp"

namespace xg {

class Node;

namespace detail {

/// Somebody who watches the operations of this thread while it lives. Several may; each sees everything.
class XG_API Observer {
 public:
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// The arguments of an operation are there.
  virtual void start() {}
  /// One of its operands.
  virtual void operand(const Array&) {}
  /// Its result; the node is null if nothing was recorded.
  virtual void output(const char* op, std::source_location where, const Array& value, Node* node) = 0;
  /// Before and after the gradients of an operation's inputs are computed.
  virtual void enter_backward(const Node&, const Tensor& output_gradient) = 0;
  virtual void leave_backward(const Node&) = 0;
  /// A gradient that one of its rules gave.
  virtual void gradient(const Node&, std::size_t input, const Tensor& gradient) = 0;

  static Observer* first();
  Observer* next() const { return outer_; }

 protected:
  Observer();
  virtual ~Observer();

 private:
  Observer* outer_;
};

/// How many observers there are, on any thread: where there is none, watching costs one load.
extern XG_API std::atomic<int> observers;
inline bool observed() { return observers.load(std::memory_order_relaxed) != 0; }

XG_API void observe_start();
XG_API void observe_operand(const Array& value);
XG_API void observe_output(const char* op, std::source_location where, const Array& value, Node* node);

}  // namespace detail
}  // namespace xg
