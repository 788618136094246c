#pragma once

#include <source_location>
#include <vector>

#include "autograd/tensor.hpp"

namespace xg {

/// The options of grad().
struct GradOptions {
  std::vector<Tensor> gradients = {};  ///< of the loss with respect to each output; 1 where missing or undefined
  bool retain_graph = false;           ///< keep what the rules saved, so that the graph can be walked again
  bool create_graph = false;           ///< record the pass itself, so that the results can be differentiated
  bool allow_unused = false;           ///< an input that no output depends on gets an undefined tensor, not an error
};

/// The gradients of the (summed) outputs with respect to each input. Stores none: no leaf's grad() changes. Inputs may
/// be leaves or intermediate results; only what leads to them is computed. Throws a GraphError for an output without
/// gradient, an input without gradient or that no output depends on, and for a graph that was already freed.
XG_API std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                                const GradOptions& options = {},
                                std::source_location where = std::source_location::current());
/// The same for one output and one input.
XG_API Tensor grad(const Tensor& output, const Tensor& input, const GradOptions& options = {},
                   std::source_location where = std::source_location::current());

namespace detail {

/// The gradients of an output with respect to nodes that are taken as independent of each other, even where one was
/// computed from another; undefined where the output does not depend on one. Recorded if recording is on.
XG_API std::vector<Tensor> partial_gradients(const Tensor& output, const Tensor& gradient,
                                             const std::vector<NodeRef>& inputs);

}  // namespace detail
}  // namespace xg
