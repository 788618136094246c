#pragma once

#include "autograd/ops/arithmetic.hpp"
#include "autograd/record.hpp"

namespace xg {

/// The derivative of an elementwise function, as an operation with a kernel of its own, for rules whose formula would
/// overflow, cancel or take many passes. `bend(x, y)` is its derivative in turn, where y is its value.
template <Kernel K, class Bend>
Tensor slope(const char* op, const Tensor& x, K kernel, Bend bend) {
  return record(op, std::move(kernel),
                edge(x, [x = Saved(x), bend](const Tensor& dy, const Tensor& y) { return dy * bend(x.get(), y); }));
}

}  // namespace xg
