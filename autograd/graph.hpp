#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "autograd/tensor.hpp"

namespace xg {

/// The options of to_dot().
struct DotOptions {
  std::vector<std::pair<std::string, Tensor>> names = {};  ///< what to call some tensors, such as parameters
};

/// The graph behind a tensor in the language of Graphviz: operations with their shapes and source lines, leaves
/// coloured. `dot -Tsvg` draws it. A tensor without gradient is a GraphError.
XG_API std::string to_dot(const Tensor& root, const DotOptions& options = {},
                          std::source_location where = std::source_location::current());

/// What the graph behind a tensor holds for its backward pass. Elements that several operations saved are counted
/// once, for the newest of them; leaves that require a gradient are not counted, as they exist anyway.
struct GraphStatistics {
  /// What the nodes of one kind of operation hold.
  struct Row {
    std::int64_t nodes = 0;        ///< how many there are
    std::int64_t saved_bytes = 0;  ///< what they saved that no newer one did
  };
  std::int64_t nodes = 0;                 ///< how many there are in all
  std::int64_t saved_bytes = 0;           ///< what they saved in all
  std::map<std::string, Row> by_op = {};  ///< the same by the name of the operation
};

/// What the graph behind a tensor holds now. A tensor without gradient is a GraphError.
XG_API GraphStatistics graph_statistics(const Tensor& root,
                                        std::source_location where = std::source_location::current());

/// A table by operation, the largest first.
XG_API std::string to_string(const GraphStatistics& statistics);
/// Prints it as to_string() gives it.
XG_API std::ostream& operator<<(std::ostream& out, const GraphStatistics& statistics);

}  // namespace xg
