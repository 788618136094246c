#include "autograd/record.hpp"

#include <algorithm>

namespace xg {

Tensor record(const char* op, Array value, std::vector<AnyEdge> edges) {
  const bool wanted = std::any_of(edges.begin(), edges.end(), [](const AnyEdge& edge) { return bool(edge.to); });
  if (!wanted) return Tensor(std::move(value));
  const std::source_location where = edges.front().where;
  NodeRef node(new detail::RecordedList(op, where, value, std::move(edges)));
  return Tensor(std::move(value), std::move(node));
}

}  // namespace xg
