#include "autograd/record.hpp"

#include <algorithm>

namespace xg {

Tensor record(const char* op, Array value, std::vector<AnyEdge> edges) {
  const std::source_location where = edges.front().where;
  NodeRef node;
  if (std::any_of(edges.begin(), edges.end(), [](const AnyEdge& edge) { return bool(edge.to); }))
    node = NodeRef(new detail::RecordedList(op, where, value, std::move(edges)));
  if (detail::observed()) detail::observe_output(op, where, value, node.get());
  return Tensor(std::move(value), std::move(node));
}

}  // namespace xg
