#include "autograd/checkpoint.hpp"

#include <unordered_set>
#include <utility>

#include "autograd/alias.hpp"
#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/record.hpp"
#include "lib/random.hpp"

namespace xg {

Tensor alias(const Operand& x) {
  return record(
      "alias", [&] { return x.array(); }, edge(x, [](const Tensor& dy) { return dy; }));
}

namespace {

std::vector<Tensor> aliases(const std::vector<Saved>& inputs, std::source_location where) {
  std::vector<Tensor> result;
  for (const Saved& input : inputs) result.push_back(alias(Operand(input.get(), where)));
  return result;
}

/// The nodes older than `first` that a graph is built upon, other than by way of `inputs`.
std::vector<NodeRef> captured_nodes(const Tensor& root, const std::vector<Tensor>& inputs, std::uint64_t first) {
  std::vector<NodeRef> below;
  std::vector<const Node*> next{root.node().get()};
  std::unordered_set<const Node*> seen{next[0]};
  for (const Tensor& input : inputs) seen.insert(input.node().get());
  while (!next.empty()) {
    const Node* node = next.back();
    next.pop_back();
    for (std::size_t i = 0; i < node->inputs(); ++i) {
      const NodeRef& input = node->input(i);
      if (!input || !seen.insert(input.get()).second) continue;
      if (input->id() < first)
        below.push_back(input);
      else
        next.push_back(input.get());
    }
  }
  return below;
}

/// A function that is called again for its gradients.
class CheckpointNode final : public Node {
 public:
  CheckpointNode(std::source_location where, const Array& value, Function f, std::vector<Saved> inputs, DrawLog draws,
                 std::vector<NodeRef> nodes)
      : Node("checkpoint", where, value),
        f_(std::move(f)),
        inputs_(std::move(inputs)),
        draws_(std::move(draws)),
        nodes_(std::move(nodes)) {}

  std::size_t inputs() const override { return nodes_.size(); }
  const NodeRef& input(std::size_t index) const override { return nodes_[index]; }

  void differentiate(const Tensor& output_gradient, InputGradients& gradients) const override {
    std::vector<Tensor> own;
    const Tensor y = repeat(own);
    std::vector<NodeRef> asked = nodes_;
    for (std::size_t i = 0; i < own.size(); ++i) asked[i] = own[i].node();
    std::vector<std::size_t> places;
    std::vector<NodeRef> present;
    for (std::size_t i = 0; i < asked.size(); ++i)
      if (asked[i] && gradients.wants(i)) {
        places.push_back(i);
        present.push_back(asked[i]);
      }
    const std::vector<Tensor> parts = detail::partial_gradients(y, output_gradient, present);
    for (std::size_t i = 0; i < parts.size(); ++i)
      if (parts[i].defined()) gradients.give(places[i], parts[i]);
  }

  void copy_saved() const override { [[maybe_unused]] const auto copy = inputs_; }

 protected:
  void release_edges() override {
    f_ = nullptr;
    inputs_.clear();
    nodes_.clear();
  }

 private:
  /// The graph again, upon `own` inputs.
  Tensor repeat(std::vector<Tensor>& own) const {
    const WithGrad recording;
    const OwnLines lines;
    const DrawLog::Replay replay(draws_);
    own = aliases(inputs_, where());
    const Tensor y = f_(own);
    if (y.shape() != shape() || !y.requires_grad())
      throw GraphError(concat("checkpoint: the function gave shape ", shape(), " first, and ",
                              y.requires_grad() ? "" : "without gradient ", y.shape(),
                              " when it was called again for its gradient: it must not depend on what changes"),
                       where());
    return y;
  }

  Function f_;
  std::vector<Saved> inputs_;
  DrawLog draws_;
  std::vector<NodeRef> nodes_;
};

}  // namespace

Tensor checkpoint(const Function& f, const std::vector<Tensor>& inputs, std::source_location where) {
  check_given("checkpoint", "function", f, where);
  if (!grad_enabled()) return f(inputs);
  std::vector<Saved> saved;
  std::vector<NodeRef> nodes;
  for (const Tensor& input : inputs) {
    saved.emplace_back(Operand(input, where).tensor());
    nodes.push_back(input.requires_grad() ? input.node() : NodeRef());
  }
  // Every node that f makes is newer than this one.
  const std::uint64_t first = NodeRef(new Node("first", where, Array::empty({})))->id();
  const std::vector<Tensor> own = aliases(saved, where);
  DrawLog draws;
  const Tensor y = [&] {
    const DrawLog::Record recording(draws);
    return f(own);
  }();
  if (!y.requires_grad() || y.node()->id() < first) return y;
  // The graph of this call only tells what f captured.
  for (const NodeRef& node : captured_nodes(y, own, first)) nodes.push_back(node);
  return Tensor(y.array(), NodeRef(new CheckpointNode(where, y.array(), f, std::move(saved), std::move(draws), nodes)));
}

}  // namespace xg
