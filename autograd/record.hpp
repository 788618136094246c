#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <source_location>
#include <tuple>
#include <utility>
#include <vector>

#include "autograd/grad_mode.hpp"
#include "autograd/node.hpp"
#include "autograd/observer.hpp"
#include "autograd/operand.hpp"
#include "autograd/saved.hpp"

namespace xg {

/// A rule maps the gradient of an operation's output to that of one input, in any shape the input broadcasts to. One
/// that needs the output takes it as its second argument: a captured output would keep its own node alive for ever.
template <class Rule>
concept OutputRule = std::is_invocable_r_v<Tensor, const Rule&, const Tensor&, const Tensor&>;
template <class Rule>
concept GradientRule = OutputRule<Rule> || std::is_invocable_r_v<Tensor, const Rule&, const Tensor&>;

/// A rule that can also add the gradient to what other operations gave, without an array of its own: for products,
/// where BLAS adds for free.
template <class Rule>
concept AddingRule = requires(const Rule& rule, Array& total, const Tensor& output_gradient) {
  rule.add_to(total, output_gradient);
};

/// A rule that is used only if somebody watches the gradient of the operation's first input, as InputGradients knows.
template <class Rule>
struct IfWatched : Rule {};
/// So that `IfWatched{rule}` is enough.
template <class Rule>
IfWatched(Rule) -> IfWatched<Rule>;

/// A rule that is used only if nobody does. An operation may so lead past its first input to what that was made of,
/// by a way that loses nothing, and still give everybody who watches the gradient of that input.
template <class Rule>
struct UnlessWatched : Rule {};
/// So that `UnlessWatched{rule}` is enough.
template <class Rule>
UnlessWatched(Rule) -> UnlessWatched<Rule>;

/// The value of an operation, or the function that computes it.
template <class K>
concept Kernel = std::is_convertible_v<K, Array> || std::is_invocable_r_v<Array, K&>;

/// The way from an operation's output back to one of its inputs. `to` is null if the input needs no gradient; the rule
/// and what it captured are dropped then.
template <GradientRule Rule>
struct Edge {
  NodeRef to;                  ///< the input's node, or null
  std::optional<Rule> rule;    ///< how the gradient goes there
  std::source_location where;  ///< the user's line
};

/// For operations whose number of inputs is known at run time.
using AnyEdge = Edge<std::function<Tensor(const Tensor&)>>;

/// What edge() gives to record(): the edge, and the operand's value for those who watch. It lives as long as the
/// Operand.
template <GradientRule Rule>
struct NewEdge : Edge<Rule> {
  const Array* operand;  ///< the input's value
};

/// The way back to an input: `rule` maps the gradient of the output to that of the input. Nothing is kept if the input
/// needs no gradient, or recording is off.
template <GradientRule Rule>
NewEdge<Rule> edge(const Operand& input, Rule rule) {
  const Array* const operand = &input.array();
  if (!grad_enabled() || !input.tensor().requires_grad()) return {{{}, std::nullopt, input.where()}, operand};
  return {{input.tensor().node(), std::move(rule), input.where()}, operand};
}

namespace detail {

template <class Rule>
inline constexpr bool follows(const Rule&, const InputGradients&) {
  return true;
}
template <class Rule>
bool follows(const IfWatched<Rule>&, const InputGradients& gradients) {
  return gradients.watches(0);
}
template <class Rule>
bool follows(const UnlessWatched<Rule>&, const InputGradients& gradients) {
  return !gradients.watches(0);
}

/// The node of a recorded operation, its rules inside it: one allocation an operation.
template <class... Rules>
class RecordedNode final : public Node {
 public:
  static constexpr bool needs_output = (OutputRule<Rules> || ...);

  RecordedNode(const char* op, std::source_location where, const Array& value, Edge<Rules>... edges)
      : Node(op, where, value), edges_(std::move(edges)...) {
    if constexpr (needs_output) output_.emplace(Tensor(value));
  }

  std::size_t inputs() const override { return sizeof...(Rules); }

  const NodeRef& input(std::size_t index) const override {
    const NodeRef* found = nullptr;
    each([&](std::size_t i, const auto& edge) {
      if (i == index) found = &edge.to;
    });
    return *found;
  }

  void differentiate(const Tensor& output_gradient, InputGradients& gradients) const override {
    each([&](std::size_t i, const auto& edge) {
      if (edge.to && gradients.wants(i) && follows(*edge.rule, gradients))
        give(i, *edge.rule, output_gradient, gradients);
    });
  }

  void copy_saved() const override {
    each([](std::size_t, const auto& edge) { [[maybe_unused]] const auto copy = edge.rule; });
    [[maybe_unused]] const auto copy = output_;
  }

 protected:
  void release_edges() override {
    std::apply([](auto&... edge) { ((edge.rule.reset(), edge.to = NodeRef()), ...); }, edges_);
    output_.reset();
  }

 private:
  template <class Visit>
  void each(Visit visit) const {
    std::size_t i = 0;
    std::apply([&](const auto&... edge) { (visit(i++, edge), ...); }, edges_);
  }

  template <class Rule>
  void give(std::size_t i, const Rule& rule, const Tensor& output_gradient, InputGradients& gradients) const {
    if constexpr (AddingRule<Rule>)
      if (Array* total = gradients.total(i)) {
        rule.add_to(*total, output_gradient);
        return gradients.added(i);
      }
    gradients.give(i, apply(rule, output_gradient));
  }

  template <class Rule>
  Tensor apply(const Rule& rule, const Tensor& output_gradient) const {
    if constexpr (OutputRule<Rule>)
      return rule(output_gradient, Tensor(output_->get().array(),
                                          grad_enabled() ? NodeRef(const_cast<RecordedNode*>(this)) : NodeRef()));
    else
      return rule(output_gradient);
  }

  std::tuple<Edge<Rules>...> edges_;
  std::optional<Saved> output_;
};

inline Array value_of(Array value) { return value; }
template <class K>
requires std::is_invocable_r_v<Array, K&> Array value_of(K&& kernel) { return kernel(); }

/// The same for a list of edges.
class XG_API RecordedList final : public Node {
 public:
  RecordedList(const char* op, std::source_location where, const Array& value, std::vector<AnyEdge> edges)
      : Node(op, where, value), edges_(std::move(edges)) {}

  std::size_t inputs() const override { return edges_.size(); }
  const NodeRef& input(std::size_t index) const override { return edges_[index].to; }
  void differentiate(const Tensor& output_gradient, InputGradients& gradients) const override {
    for (std::size_t i = 0; i < edges_.size(); ++i)
      if (edges_[i].to && gradients.wants(i)) gradients.give(i, (*edges_[i].rule)(output_gradient));
  }
  void copy_saved() const override {
    for (const AnyEdge& edge : edges_) [[maybe_unused]] const auto copy = edge.rule;
  }

 protected:
  void release_edges() override { edges_.clear(); }

 private:
  std::vector<AnyEdge> edges_;
};

/// The line of the first edge. None is a ValueError.
XG_API std::source_location where_of(const char* op, const std::vector<AnyEdge>& edges);
XG_API Tensor record_list(const Run& run, const char* op, Array value, std::vector<AnyEdge> edges);

}  // namespace detail

/// The result of an operation: `value`, with a node in the graph if any edge leads somewhere. `op` must outlive the
/// graph (a string literal). This is all that a new operation needs:
/// ```cpp
/// Tensor third_power(const Operand& x) {
///   return record("third_power", [&] { return my_kernel(x.array()); },
///                 edge(x, [x = Saved(x)](const Tensor& dy) { return dy * 3.0 * square(x); }));
/// }
/// ```
///
/// `kernel` computes the value: given as a function, it is called here, which is the one place where kernels run, are
/// timed and shown to those who watch. A value that is there already does as well; it then takes no time in a Profiler.
template <Kernel K, class... Rules>
Tensor record(const char* op, K&& kernel, NewEdge<Rules>... edges) {
  const std::source_location where = std::get<0>(std::tie(edges...)).where;
  const detail::Run run(where);
  Array value = detail::value_of(std::forward<K>(kernel));
  NodeRef node;
  if ((static_cast<bool>(edges.to) || ...))
    node = NodeRef(new detail::RecordedNode<Rules...>(op, where, value, Edge<Rules>(std::move(edges))...));
  run.show(op, value, node.get(), {edges.operand...});
  return Tensor(std::move(value), std::move(node));
}

/// The same for operations whose number of inputs is known at run time; one edge at least, else it is a
/// ValueError.
template <Kernel K>
Tensor record(const char* op, K&& kernel, std::vector<AnyEdge> edges) {
  const detail::Run run(detail::where_of(op, edges));
  return detail::record_list(run, op, detail::value_of(std::forward<K>(kernel)), std::move(edges));
}

}  // namespace xg
