#pragma once

#include <atomic>
#include <initializer_list>
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

  /// The kernel of an operation begins. Operations may be nested; finish() follows, whether it threw or not.
  virtual void start() {}
  virtual void finish() {}
  /// One of its operands.
  virtual void operand(const Array&) {}
  /// Its result; the node is null if nothing was recorded.
  virtual void output(const char* op, std::source_location where, const Array& value, Node* node) = 0;
  /// Before and after the gradients of an operation's inputs are computed. The second follows, whether one threw or
  /// not.
  virtual void enter_backward(const Node&, const Tensor& output_gradient) = 0;
  virtual void leave_backward(const Node&) = 0;
  /// A gradient that one of its rules gave, or a sum to which it has added one in place.
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

/// One run of an operation's kernel, shown to those who watch. Errors from below are at the operation's line.
class XG_API Run {
 public:
  explicit Run(std::source_location where) : where_(where), line_(where), watched_(observed()) {
    if (watched_) start();
  }
  ~Run() {
    if (watched_) finish();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// The result; the node is null if nothing was recorded.
  void show(const char* op, const Array& value, Node* node, std::initializer_list<const Array*> operands) const {
    if (watched_) tell(op, value, node, operands);
  }

 private:
  void tell(const char* op, const Array& value, Node* node, std::initializer_list<const Array*> operands) const;
  void start() const;
  void finish() const;

  std::source_location where_;
  CallerScope line_;
  bool watched_;
};

}  // namespace detail
}  // namespace xg
