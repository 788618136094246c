#include "autograd/graph.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <unordered_set>

#include "autograd/node.hpp"

namespace xg {
namespace {

/// The nodes behind a tensor, newest first.
std::vector<const Node*> nodes_behind(const char* call, const Tensor& root, std::source_location where) {
  if (!root.requires_grad())
    throw GraphError(concat(call, ": the tensor, of shape ", root.defined() ? root.shape() : Shape(),
                            ", has no graph: it depends on no leaf that requires a gradient"),
                     where);
  std::vector<const Node*> found{root.node().get()};
  std::unordered_set<const Node*> seen{found[0]};
  for (std::size_t next = 0; next < found.size(); ++next)
    for (std::size_t i = 0; i < found[next]->inputs(); ++i)
      if (const Node* input = found[next]->input(i).get(); input && seen.insert(input).second) found.push_back(input);
  std::sort(found.begin(), found.end(), [](const Node* a, const Node* b) { return a->id() > b->id(); });
  return found;
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

/// "net.cpp:12".
std::string short_line(const Node& node) {
  const std::string line = to_string(node.where());
  return line.substr(line.rfind('/') + 1);
}

std::string name_of(const Node& node, const DotOptions& options) {
  for (const auto& [name, tensor] : options.names)
    if (tensor.node().get() == &node) return name;
  return node.op();
}

}  // namespace

std::string to_dot(const Tensor& root, const DotOptions& options, std::source_location where) {
  std::ostringstream out;
  out << "digraph xgrad {\n  rankdir=BT;\n  node [shape=box, fontname=\"sans-serif\"];\n";
  for (const Node* node : nodes_behind("to_dot", root, where)) {
    out << "  n" << node->id() << " [label=\"" << escaped(name_of(*node, options)) << "\\n"
        << node->dtype() << ' ' << node->shape() << "\\n"
        << escaped(short_line(*node)) << '"' << (node->is_leaf() ? ", style=filled, fillcolor=\"#cfe8ff\"" : "")
        << "];\n";
    for (std::size_t i = 0; i < node->inputs(); ++i)
      if (const NodeRef& input = node->input(i)) out << "  n" << input->id() << " -> n" << node->id() << ";\n";
  }
  out << "}\n";
  return out.str();
}

GraphStatistics graph_statistics(const Tensor& root, std::source_location where) {
  GraphStatistics statistics;
  std::unordered_set<const void*> counted;
  for (const Node* node : nodes_behind("graph_statistics", root, where)) {
    GraphStatistics::Row& row = statistics.by_op[node->op()];
    ++row.nodes;
    ++statistics.nodes;
    const detail::SavedList list;
    node->copy_saved();
    for (const Tensor& saved : list.tensors()) {
      const bool exists_anyway = saved.requires_grad() && saved.is_leaf();
      if (exists_anyway || !counted.insert(saved.array().storage_id()).second) continue;
      row.saved_bytes += static_cast<std::int64_t>(saved.array().storage_bytes());
    }
  }
  for (const auto& [op, row] : statistics.by_op) statistics.saved_bytes += row.saved_bytes;
  return statistics;
}

std::string to_string(const GraphStatistics& statistics) {
  std::vector<std::pair<std::string, GraphStatistics::Row>> rows(statistics.by_op.begin(), statistics.by_op.end());
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.second.saved_bytes > b.second.saved_bytes; });
  rows.emplace_back("total", GraphStatistics::Row{statistics.nodes, statistics.saved_bytes});
  std::ostringstream out;
  out << std::left << std::setw(22) << "operation" << std::right << std::setw(9) << "nodes" << std::setw(16)
      << "saved bytes" << '\n';
  for (const auto& [op, row] : rows)
    out << std::left << std::setw(22) << op << std::right << std::setw(9) << row.nodes << std::setw(16)
        << row.saved_bytes << '\n';
  return out.str();
}

std::ostream& operator<<(std::ostream& out, const GraphStatistics& statistics) { return out << to_string(statistics); }

}  // namespace xg
