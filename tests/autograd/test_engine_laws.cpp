#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_set>

#include "autograd/engine.hpp"
#include "autograd/node.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/transforms.hpp"
#include "lib/random.hpp"
#include "tests/autograd/laws.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using namespace xg::testing;

// What must hold for every operation alike.

namespace {

using Numbers = std::vector<double>;

/// The sum of the result's elements, unevenly weighted.
Tensor weighted(const Tensor& result) {
  return sum(result * Tensor(Generator(3).uniform(result.shape(), 0.5, 1.5, result.dtype())));
}

Inputs with_gradient(const Inputs& inputs) {
  Inputs result;
  for (const Tensor& input : inputs)
    if (input.requires_grad()) result.push_back(input);
  return result;
}

std::vector<Numbers> stored_gradients(const Inputs& inputs) {
  std::vector<Numbers> result;
  for (const Tensor& input : inputs)
    result.push_back(input.grad().defined() ? input.grad().to_vector<double>() : Numbers());
  return result;
}

/// Fresh tensors with the elements of `inputs`, of which only one requires a gradient.
Inputs one_leaf(const Inputs& inputs, std::size_t which) {
  Inputs result = leaves(inputs);
  for (std::size_t i = 0; i < result.size(); ++i)
    if (i != which) result[i].set_requires_grad(false);
  return result;
}

/// Other elements than x has, in its domain.
Tensor changed(const Tensor& x) {
  if (x.dtype() == boolean) return x == false;
  return is_floating(x.dtype()) ? x * 0.5 + 0.25 : x * 0;
}

/// Calls visit for every node behind a tensor.
template <class F>
void for_each_node(const Tensor& root, F visit) {
  std::vector<const Node*> next{root.node().get()};
  std::unordered_set<const Node*> seen{next[0]};
  while (!next.empty()) {
    const Node* node = next.back();
    next.pop_back();
    visit(*node);
    for (std::size_t i = 0; i < node->inputs(); ++i)
      if (const Node* input = node->input(i).get(); input && seen.insert(input).second) next.push_back(input);
  }
}

bool in_a_test(const Node& node) {
  const std::string_view file = node.where().file_name();
  return file.ends_with("_cases.cpp") || file.ends_with("test_engine_laws.cpp");
}

/// Changes an input between the passes: the backward pass must refuse, or not care.
void disturb(const OpCase& op, const Function& function, const Inputs& original, const Inputs& disturbed,
             std::size_t input) {
  weighted(function(original)).backward();
  const Tensor loss = weighted(function(disturbed));
  Tensor(disturbed[input]).assign(changed(disturbed[input].detach()));
  bool refused = false;
  try {
    loss.backward();
  } catch (const GraphError&) {
    refused = true;
  }
  const std::vector<Numbers> expected = refused ? std::vector<Numbers>(disturbed.size()) : stored_gradients(original);
  CHECK_MESSAGE(stored_gradients(disturbed) == expected, title(op), ", input ", input);
}

int notices_changed_inputs(const OpCase& op, const Inputs& sample) {
  int checks = 0;
  for (const Layout layout : {Layout::plain, Layout::transposed, Layout::sliced})
    for (std::size_t input = 0; input < sample.size(); ++input) {
      const Function function = laid_out(op.function, layout);
      const Inputs inputs = bases(sample, layout);
      disturb(op, function, leaves(inputs), leaves(inputs), input);
      ++checks;
      for (std::size_t other = 0; other < sample.size() && sample.size() > 1; ++other) {
        if (!is_floating(sample[other].dtype())) continue;
        disturb(op, function, one_leaf(inputs, other), one_leaf(inputs, other), input);
        ++checks;
      }
    }
  return checks;
}

int notices_a_changed_result(const OpCase& op, const Inputs& sample) {
  const Inputs original = leaves(sample), disturbed = leaves(sample);
  weighted(op.function(original)).backward();
  const Tensor result = op.function(disturbed), loss = weighted(result);
  Array(result.array()).assign(changed(result.detach()).array());
  try {
    loss.backward();
    CHECK_MESSAGE(stored_gradients(disturbed) == stored_gradients(original), title(op));
  } catch (const GraphError&) {
  }
  return 1;
}

int create_graph_changes_no_value(const OpCase& op, const Inputs& sample) {
  const Inputs inputs = leaves(sample), wanted = with_gradient(inputs);
  const auto plain = grad({weighted(op.function(inputs))}, wanted, {.allow_unused = true});
  const auto recorded = grad({weighted(op.function(inputs))}, wanted, {.create_graph = true, .allow_unused = true});
  for (std::size_t i = 0; i < plain.size(); ++i) {
    REQUIRE(plain[i].defined() == recorded[i].defined());
    if (!plain[i].defined()) continue;
    const Numbers a = plain[i].to_vector<double>(), b = recorded[i].to_vector<double>();
    // Terms that cancel leave an error of their own size, not of that of what remains.
    double largest = 0;
    for (const double value : a) largest = std::max(largest, std::isfinite(value) ? std::abs(value) : 0);
    for (std::size_t e = 0; e < a.size(); ++e) {
      const bool same = a[e] == b[e] || std::abs(a[e] - b[e]) <= 1e-13 * largest;
      CHECK_MESSAGE(same, title(op), ", input ", i, ", element ", e, ": ", a[e], " and ", b[e]);
    }
  }
  return 1;
}

int gives_the_same_bits(const OpCase& op, const Inputs& sample) {
  const Inputs first = leaves(sample), second = leaves(sample);
  weighted(op.function(first)).backward();
  weighted(op.function(second)).backward();
  CHECK_MESSAGE(stored_gradients(first) == stored_gradients(second), title(op));
  const Inputs wanted = with_gradient(first);
  const auto gradients = grad({weighted(op.function(first))}, wanted, {.allow_unused = true});
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (gradients[i].defined())
      CHECK_MESSAGE(gradients[i].to_vector<double>() == wanted[i].grad().to_vector<double>(), title(op));
  return 2;
}

int stores_proper_gradients(const OpCase& op, const Inputs& sample) {
  const Inputs inputs = leaves(sample);
  sum(op.function(inputs)).backward();
  for (const Tensor& input : with_gradient(inputs)) {
    const Tensor gradient = input.grad();
    REQUIRE_MESSAGE(gradient.defined(), title(op));
    CHECK_MESSAGE(gradient.shape() == input.shape(), title(op));
    CHECK_MESSAGE(gradient.dtype() == input.dtype(), title(op));
    CHECK_MESSAGE(gradient.array().is_contiguous(), title(op));
    for (const Tensor& other : with_gradient(inputs))
      if (other.node().get() != input.node().get())
        CHECK_MESSAGE(!gradient.array().shares_storage(other.grad().array()), title(op));
  }
  return 1;
}

int carries_the_users_line(const OpCase& op, const Inputs& sample) {
  const Inputs inputs = leaves(sample);
  const Tensor result = op.function(inputs);
  const auto check = [&](const Node& node) {
    CHECK_MESSAGE(in_a_test(node), title(op), ": '", std::string(node.op()), "' at ", to_string(node.where()));
  };
  for_each_node(result, check);
  for (const Tensor& gradient :
       grad({weighted(result)}, with_gradient(inputs), {.create_graph = true, .allow_unused = true}))
    if (gradient.defined() && gradient.node()) for_each_node(gradient, check);
  return 2;
}

/// u^T (J t), by jvp, is (u^T J) t, by vjp.
int forward_agrees_with_backward(const OpCase& op, const Inputs& sample) {
  Inputs points, tangents;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    if (!is_floating(sample[i].dtype())) continue;
    places.push_back(i);
    points.push_back(sample[i]);
    tangents.push_back(uniform(sample[i].shape()));
  }
  const Function function = [&](const Inputs& v) {
    Inputs all = sample;
    for (std::size_t i = 0; i < places.size(); ++i) all[places[i]] = v[i];
    return op.function(all);
  };
  const auto [value, tangent] = jvp(function, points, tangents);
  const Tensor u = uniform(value.shape());
  const std::vector<Tensor> gradients = vjp(function, points, u).gradients;
  const double forward = sum(tangent * u).item();
  double backward = 0, scale = 1;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const Tensor products = gradients[i] * tangents[i];
    backward += sum(products).item();
    scale += sum(abs(products)).item();
  }
  CHECK_MESSAGE(std::abs(forward - backward) <= 1e-10 * scale, title(op), ": ", forward, " and ", backward);
  return 1;
}

/// Inputs cut to one part, or none, along their first axis: computed with a gradient of the right shape, or refused.
int takes_or_refuses_small_inputs(const OpCase& op, const Inputs& sample) {
  for (const std::int64_t count : {0, 1}) {
    Inputs cut;
    for (const Tensor& input : sample)
      cut.push_back(
          input.rank() == 0 ? input : Tensor(input.array().slice(0, 0, std::min(count, input.shape()[0]), 1).clone()));
    const Inputs inputs = leaves(cut);
    try {
      const Tensor result = op.function(inputs);
      if (result.requires_grad()) sum(result).backward();
      for (const Tensor& input : with_gradient(inputs))
        if (input.grad().defined()) CHECK_MESSAGE(input.grad().shape() == input.shape(), title(op));
    } catch (const Error& error) {
      CHECK_MESSAGE(std::string_view(error.what()).find(':') != std::string_view::npos, title(op), ": ", error.what());
    }
  }
  return 2;
}

/// An undefined tensor in place of any input is refused at the user's line.
int refuses_undefined_inputs(const OpCase& op, const Inputs& sample) {
  const std::size_t required = sample.size() - op.optional;
  for (std::size_t i = 0; i < required; ++i) {
    Inputs inputs = sample;
    inputs[i] = Tensor();
    std::string message;
    try {
      op.function(inputs);
    } catch (const ValueError& error) {
      message = error.what();
    }
    CHECK_MESSAGE(message.find("undefined") != std::string::npos, title(op), ", input ", i, ": ", message);
    CHECK_MESSAGE(message.find("_cases.cpp") != std::string::npos, title(op), ", input ", i, ": ", message);
  }
  return static_cast<int>(required);
}

}  // namespace

std::vector<Law> xg::testing::engine_laws() {
  return {
      {"an input changed in place is noticed, or makes no difference", notices_changed_inputs},
      {"a result changed in place is noticed, or makes no difference", notices_a_changed_result},
      {"create_graph changes no value of a gradient", create_graph_changes_no_value},
      {"backward gives the same bits every time, and grad the same as backward", gives_the_same_bits},
      {"a stored gradient has its leaf's shape and dtype, is contiguous and shared with nobody",
       stores_proper_gradients},
      {"every node, also of a gradient, carries the user's line", carries_the_users_line},
      {"the derivative along a tangent agrees with the gradient", forward_agrees_with_backward,
       [](const OpCase& op) { return op.differentiable && op.variant != "float32 and back"; }},
      {"inputs with nothing or one part along an axis are computed or refused", takes_or_refuses_small_inputs},
      {"an undefined input is refused", refuses_undefined_inputs},
  };
}

TEST_CASE("laws: create_graph keeps NaN where it is in the plain gradient") {
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  for (const OpCase& op : op_cases()) {
    if (!op.elementwise || !op.differentiable) continue;
    const Inputs inputs = leaves(Inputs(op.samples.front().size(), Tensor({0.5, not_a_number, -0.5}, float64)));
    const auto plain = grad({sum(op.function(inputs))}, inputs);
    const auto recorded = grad({sum(op.function(inputs))}, inputs, {.create_graph = true});
    for (std::size_t i = 0; i < plain.size(); ++i)
      CHECK_MESSAGE(to_string(plain[i]) == to_string(recorded[i]), title(op), ", input ", i);
  }
}
