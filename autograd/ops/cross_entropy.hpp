#pragma once

#include "autograd/saved.hpp"

namespace xg {

/// The gradient of a cross-entropy with respect to its logits, for those who record one: (softmax(z) sum(y) - y) dy.
class CrossEntropyRule {
 public:
  /// Of these logits z and targets y.
  CrossEntropyRule(const Tensor& logits, const Tensor& targets) : logits_(logits), targets_(targets) {}
  /// From that of the rows' losses.
  Tensor operator()(const Tensor& dy) const;

 private:
  Saved logits_, targets_;
};

/// The same with respect to the targets: -ln softmax(z) dy.
class CrossEntropyTargetRule {
 public:
  /// Of these logits z.
  explicit CrossEntropyTargetRule(const Tensor& logits) : logits_(logits) {}
  /// From that of the rows' losses.
  Tensor operator()(const Tensor& dy) const;

 private:
  Saved logits_;
};

}  // namespace xg
