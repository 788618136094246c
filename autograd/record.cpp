#include "autograd/record.hpp"

#include <algorithm>

namespace xg::detail {

std::source_location where_of(const char* op, const std::vector<AnyEdge>& edges) {
  if (edges.empty())
    throw ValueError(concat(op, ": record() was given an empty list of edges: one for each input is needed"),
                     std::source_location::current());
  return edges.front().where;
}

Tensor record_list(const Run& run, const char* op, Array value, std::vector<AnyEdge> edges) {
  const std::source_location where = edges.front().where;
  NodeRef node;
  if (std::any_of(edges.begin(), edges.end(), [](const AnyEdge& edge) { return bool(edge.to); }))
    node = NodeRef(new RecordedList(op, where, value, std::move(edges)));
  run.show(op, value, node.get(), {});
  return Tensor(std::move(value), std::move(node));
}

}  // namespace xg::detail
