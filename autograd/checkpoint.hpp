#pragma once

#include <source_location>
#include <vector>

#include "autograd/gradcheck.hpp"

namespace xg {

/// f(inputs), without keeping what its operations save: the backward pass calls f again. Trades one more forward pass
/// for memory (Chen and others, Training deep nets with sublinear memory cost, 2016). The values and the gradients are
/// the same bits as without. Gradients also reach the parameters that f captures. Dropout draws the same masks again.
/// f must compute the same the second time: parameters must not change before the backward pass, and statistics that a
/// layer keeps are updated twice. An output of another shape the second time is a GraphError.
/// ```cpp
/// for (auto& block : blocks) x = checkpoint([&](const auto& v) { return block(v[0]); }, {x});
/// ```
XG_API Tensor checkpoint(const Function& f, const std::vector<Tensor>& inputs,
                         std::source_location where = std::source_location::current());

}  // namespace xg
