#include "autograd/engine.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "autograd/grad_mode.hpp"
#include "autograd/node.hpp"
#include "autograd/observer.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/saved.hpp"
#include "autograd/sum_to.hpp"
#include "lib/kernels/arithmetic.hpp"
#include "lib/thread_local.hpp"

namespace xg {
namespace {

/// True if a gradient may be added to in place: nothing is recorded, and nobody else can see it.
bool is_own_buffer(const Tensor& total) {
  return !grad_enabled() && total.array().is_unique() && total.array().is_contiguous();
}

/// The sum of a gradient and another contribution.
void accumulate(Tensor& total, Tensor contribution) {
  if (!total.defined()) {
    total = std::move(contribution);
  } else if (!is_own_buffer(total)) {
    total = total + contribution;
  } else {
    Array sum = total.array();
    kernels::add_into(sum, contribution.array());
  }
}

/// A gradient must be defined, and broadcast with the shape of what it belongs to.
void check_fits(const char* who, const Node& node, const Tensor& gradient, const Shape& shape) {
  if (gradient.defined() && (broadcasts_to(shape, gradient.shape()) || broadcasts_to(gradient.shape(), shape))) return;
  throw ShapeError(
      concat("backward: ", who, " of '", node.op(), "' returned ",
             gradient.defined() ? "a gradient of shape " + to_string(gradient.shape()) : "an undefined tensor",
             " where shape ", shape, " is expected. Recorded here:"),
      node.where());
}

/// The gradients in flight: of each node, the sum of what its consumers gave. They belong to one backward call.
class Queue {
 public:
  struct Entry {
    NodeRef node;
    Tensor gradient;
  };

  bool empty() const { return entries_.empty(); }

  void add(const NodeRef& node, Tensor gradient) {
    Entry& entry = entries_[node->id()];
    if (!entry.node) entry.node = node;
    accumulate(entry.gradient, std::move(gradient));
  }

  /// The sum so far, if it can be added to in place.
  Array* total(const NodeRef& node) {
    const auto entry = entries_.find(node->id());
    if (entry == entries_.end()) return nullptr;
    Tensor& sum = entry->second.gradient;
    return is_own_buffer(sum) ? &sum.array() : nullptr;
  }

  /// The newest node: every consumer of it has already contributed.
  Entry pop() {
    auto newest = entries_.begin();
    Entry entry = std::move(newest->second);
    entries_.erase(newest);
    return entry;
  }

 private:
  std::map<std::uint64_t, Entry, std::greater<>, pool::Allocator<std::pair<const std::uint64_t, Entry>>> entries_;
};

detail::Observer* first_observer() { return detail::observed() ? detail::Observer::first() : nullptr; }

/// Tells observers when the gradients of a node's inputs are computed, and when that has ended.
class ObservedBackward {
 public:
  explicit ObservedBackward(const Node& node) : node_(node) {}
  void enter(const Tensor& gradient) {
    for (auto* each = first_observer(); each; each = each->next()) {
      last_ = each;
      each->enter_backward(node_, gradient);
    }
  }
  ~ObservedBackward() {
    for (auto* each = last_ ? first_observer() : nullptr; each; each = each == last_ ? nullptr : each->next())
      each->leave_backward(node_);
  }
  ObservedBackward(const ObservedBackward&) = delete;
  ObservedBackward& operator=(const ObservedBackward&) = delete;

 private:
  const Node& node_;
  detail::Observer* last_ = nullptr;  ///< that entered
};

class Backward;

/// The walk that goes on now on this thread: rules and hooks may start others inside it.
XG_THREAD_LOCAL Backward* innermost = nullptr;

/// One walk from the roots to the leaves, newest node first.
class Backward final : public InputGradients {
 public:
  Backward(bool retain_graph, std::source_location where)
      : outer_(std::exchange(innermost, this)), retain_graph_(retain_graph), where_(where) {}
  ~Backward() override { innermost = outer_; }
  Backward(const Backward&) = delete;
  Backward& operator=(const Backward&) = delete;

  void start(const Tensor& root, const Tensor& gradient) { queue_.add(root.node(), gradient); }

  /// Restricts the walk to what leads to `inputs`, and keeps their gradients instead of storing any.
  void only_to(const std::vector<Tensor>& roots, const std::vector<NodeRef>& inputs);
  /// Ends the walk at the inputs: each is taken as independent of the others.
  void stop_at_inputs() { stops_ = true; }

  void run();

  /// The gradient of a node given to only_to; undefined if none reached it.
  Tensor result(const NodeRef& node) const { return results_.at(node.get()); }

  bool wants(std::size_t input) const override {
    return !restricted_ || leading_.contains(current_->input(input).get());
  }

  void give(std::size_t input, Tensor gradient) override {
    const NodeRef& to = current_->input(input);
    check_fits("the rule", *current_, gradient, to->shape());
    for (auto* each = first_observer(); each; each = each->next()) each->gradient(*current_, input, gradient);
    queue_.add(to, sum_to(std::move(gradient), to->shape(), to->dtype()));
  }

  bool watches(std::size_t input) const override {
    const NodeRef& to = current_->input(input);
    if (!to) return false;
    const auto* extra = to->attachments();
    return (extra && (!extra->hooks.empty() || extra->retains_gradient)) || results_.contains(to.get());
  }

  Array* total(std::size_t input) override { return queue_.total(current_->input(input)); }

  void added(std::size_t input) override {
    for (auto* each = first_observer(); each; each = each->next())
      each->gradient(*current_, input, *queue_.total(current_->input(input)));
  }

 private:
  void visit(const NodeRef& current, Tensor gradient);
  /// True if what was asked for lies behind the node, or may lie there: what was behind a freed node is not known.
  bool leads_on(const Node& node) const;
  void differentiate(const Node& node, const Tensor& gradient);
  /// Frees what the node saved; if a walk around this one is just using it, as soon as that has done so.
  void release(Node& node);
  void store();

  Backward* outer_;
  bool retain_graph_;
  bool restricted_ = false;
  bool stops_ = false;
  std::source_location where_;
  Queue queue_;
  const Node* current_ = nullptr;  ///< whose rules run
  bool release_current_ = false;   ///< a walk inside this one was the last to need it
  std::unordered_set<const Node*> leading_;
  std::uint64_t oldest_input_ = std::numeric_limits<std::uint64_t>::max();
  std::unordered_map<const Node*, Tensor> results_;
  /// What the leaves get when the walk has ended: one that fails changes no gradient.
  std::vector<std::pair<NodeRef, Tensor>, pool::Allocator<std::pair<NodeRef, Tensor>>> finished_;
};

void Backward::only_to(const std::vector<Tensor>& roots, const std::vector<NodeRef>& inputs) {
  restricted_ = true;
  for (const NodeRef& input : inputs) {
    results_[input.get()];
    leading_.insert(input.get());
    oldest_input_ = std::min(oldest_input_, input->id());
  }
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> reached;
  const auto reach = [&](const Node* node) {
    if (node && seen.insert(node).second) reached.push_back(node);
  };
  for (const Tensor& root : roots) reach(root.node().get());
  for (std::size_t next = 0; next < reached.size(); ++next)
    for (std::size_t i = 0; i < reached[next]->inputs(); ++i) reach(reached[next]->input(i).get());
  std::sort(reached.begin(), reached.end(), [](const Node* a, const Node* b) { return a->id() < b->id(); });
  for (const Node* node : reached)
    if (leads_on(*node)) leading_.insert(node);
}

bool Backward::leads_on(const Node& node) const {
  for (std::size_t i = 0; i < node.inputs(); ++i)
    if (leading_.contains(node.input(i).get())) return true;
  return node.released() && oldest_input_ < node.id();
}

/// A stored gradient is contiguous, and shares its elements with nobody.
Tensor to_store(const Tensor& gradient) {
  const Array& values = gradient.array();
  const bool own = values.is_contiguous() && values.is_unique();
  return own || gradient.requires_grad() ? gradient : Tensor(values.clone());
}

void Backward::run() {
  while (!queue_.empty()) {
    auto [node, gradient] = queue_.pop();
    visit(node, std::move(gradient));
  }
  store();
}

void Backward::store() {
  // First all that may fail.
  for (auto& [node, gradient] : finished_) {
    const Tensor& stored = node->attach().gradient;
    if (!stored.defined())
      gradient = to_store(gradient);
    else if (!is_own_buffer(stored))
      gradient = stored + gradient;
    else
      gradient = gradient.array().contiguous();
  }
  for (auto& [node, gradient] : finished_) {
    Tensor& stored = node->attach().gradient;
    if (stored.defined() && is_own_buffer(stored))
      kernels::add_into(stored.array(), gradient.array());
    else
      stored = std::move(gradient);
  }
}

void Backward::visit(const NodeRef& current, Tensor gradient) {
  Node& node = *current;
  if (!current.needs_gradient()) return;
  if (auto* extra = node.attachments())
    extra->hooks.each([&](const Tensor::Hook& hook) {
      const OwnLines own;
      const Tensor changed = hook(gradient);
      if (!changed.defined()) return;
      check_fits("a hook", node, changed, node.shape());
      gradient = sum_to(changed, node.shape(), node.dtype());
    });
  if (restricted_) {
    const auto asked = results_.find(&node);
    if (asked != results_.end()) accumulate(asked->second, gradient);
    if (!leads_on(node) || (stops_ && asked != results_.end())) return;
  } else if (node.is_leaf() || (node.attachments() && node.attachments()->retains_gradient)) {
    finished_.emplace_back(current, gradient);
  }
  if (node.is_leaf()) return;
  differentiate(node, gradient);
  if (!retain_graph_ || std::exchange(release_current_, false)) release(node);
}

void Backward::release(Node& node) {
  for (Backward* pass = outer_; pass; pass = pass->outer_)
    if (pass->current_ == &node) {
      pass->release_current_ = true;
      return;
    }
  node.release();
}

void Backward::differentiate(const Node& node, const Tensor& gradient) {
  if (node.released())
    throw GraphError(concat("backward: a second pass through '", node.op(), "' (recorded at ", to_string(node.where()),
                            "), whose saved tensors were freed by the first: pass .retain_graph = true to the first"),
                     where_);
  current_ = &node;
  const OwnLines forward_line;  // not that of a caller who trains, such as fit()
  const CallerScope scope(node.where());
  ObservedBackward observed(node);
  observed.enter(gradient);
  try {
    node.differentiate(gradient, *this);
    current_ = nullptr;
  } catch (const SavedTensorChanged& changed) {
    throw GraphError(concat("backward: a tensor of shape ", changed.shape, " that '", node.op(),
                            "' saved for its gradient was changed in place: it is at version ", changed.version,
                            ", saved at version ", changed.saved_version,
                            ". Change a clone, or change it after backward. Recorded here:"),
                     node.where());
  }
}

void check_root(const char* call, const Tensor& root, std::source_location where) {
  if (!root.defined()) throw GraphError(concat(call, ": the root is an undefined tensor"), where);
  if (!root.requires_grad())
    throw GraphError(concat(call, ": the root, of shape ", root.shape(),
                            ", has no gradient: no tensor it was computed from has set_requires_grad(), or it was "
                            "computed under NoGrad or detached"),
                     where);
}

Tensor root_gradient(const char* call, const Tensor& root, const Tensor& given, std::source_location where) {
  if (!given.defined()) {
    if (root.size() != 1)
      throw GraphError(concat(call, ": the root has shape ", root.shape(),
                              ", and only a single element has a gradient by itself: reduce it with sum() or mean(), "
                              "or pass .gradient"),
                       where);
    return Tensor(Array::full(root.shape(), 1, root.dtype()));
  }
  if (given.shape() != root.shape())
    throw ShapeError(concat(call, ": the given gradient has shape ", given.shape(), ", the root ", root.shape()),
                     where);
  return astype(Operand(given, where), root.dtype());
}

}  // namespace

void Tensor::backward(std::source_location where) const { backward(BackwardOptions{}, where); }

void Tensor::backward(const BackwardOptions& options, std::source_location where) const {
  check_root("backward", *this, where);
  const Tensor gradient = root_gradient("backward", *this, options.gradient, where);
  const GradMode mode(options.create_graph);
  Backward pass(options.retain_graph || options.create_graph, where);
  pass.start(*this, gradient);
  pass.run();
}

std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const GradOptions& options, std::source_location where) {
  if (options.gradients.size() > outputs.size())
    throw ValueError(
        concat("grad: ", options.gradients.size(), " gradients were given for ", outputs.size(), " outputs"), where);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!inputs[i].requires_grad())
      throw GraphError(concat("grad: input ", i, " has no gradient: call set_requires_grad() before computing with it"),
                       where);
  const GradMode mode(options.create_graph);
  Backward pass(options.retain_graph || options.create_graph, where);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    check_root("grad", outputs[i], where);
    const Tensor given = i < options.gradients.size() ? options.gradients[i] : Tensor();
    pass.start(outputs[i], root_gradient("grad", outputs[i], given, where));
  }
  std::vector<NodeRef> nodes;
  for (const Tensor& input : inputs) nodes.push_back(input.node());
  pass.only_to(outputs, nodes);
  pass.run();
  std::vector<Tensor> results;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    results.push_back(pass.result(inputs[i].node()));
    if (!results.back().defined() && !options.allow_unused)
      throw GraphError(concat("grad: no output depends on input ", i, ", of shape ", inputs[i].shape(),
                              ": pass .allow_unused = true to get an undefined tensor for it"),
                       where);
  }
  return results;
}

std::vector<Tensor> detail::partial_gradients(const Tensor& output, const Tensor& gradient,
                                              const std::vector<NodeRef>& inputs) {
  Backward pass(grad_enabled(), output.node()->where());
  pass.start(output, gradient);
  pass.only_to({output}, inputs);
  pass.stop_at_inputs();
  pass.run();
  std::vector<Tensor> results;
  for (const NodeRef& input : inputs) results.push_back(pass.result(input));
  return results;
}

Tensor grad(const Tensor& output, const Tensor& input, const GradOptions& options, std::source_location where) {
  return grad(std::vector<Tensor>{output}, std::vector<Tensor>{input}, options, where).front();
}

}  // namespace xg
