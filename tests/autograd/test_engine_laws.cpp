#include <doctest/doctest.h>

#include <limits>
#include <string_view>
#include <unordered_set>

#include "autograd/engine.hpp"
#include "autograd/node.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/random.hpp"
#include "tests/autograd/op_cases.hpp"

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

template <class F>
void for_each_differentiable(F f) {
  for (const OpCase& op : op_cases())
    if (op.differentiable)
      for (const Inputs& sample : op.samples) f(op, sample);
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

}  // namespace

TEST_CASE("laws: an input changed in place is noticed, or makes no difference") {
  int refused = 0, harmless = 0;
  const auto check = [&](const OpCase& op, const Function& function, Inputs original, Inputs disturbed,
                         std::size_t input) {
    weighted(function(original)).backward();
    const Tensor loss = weighted(function(disturbed));
    Tensor(disturbed[input]).assign(changed(disturbed[input].detach()));
    try {
      loss.backward();
      ++harmless;
      CHECK_MESSAGE(stored_gradients(disturbed) == stored_gradients(original), title(op), ", input ", input);
    } catch (const GraphError&) {
      ++refused;
      CHECK_MESSAGE(stored_gradients(disturbed) == std::vector<Numbers>(disturbed.size()), title(op), ", input ",
                    input);
    }
  };
  for_each_differentiable([&](const OpCase& op, const Inputs& sample) {
    for (const Layout layout : {Layout::plain, Layout::transposed, Layout::sliced})
      for (std::size_t input = 0; input < sample.size(); ++input) {
        const Function function = laid_out(op.function, layout);
        const Inputs inputs = bases(sample, layout);
        check(op, function, leaves(inputs), leaves(inputs), input);
        for (std::size_t other = 0; other < sample.size() && sample.size() > 1; ++other)
          if (is_floating(sample[other].dtype()))
            check(op, function, one_leaf(inputs, other), one_leaf(inputs, other), input);
      }
  });
  CHECK(refused > 100);
  CHECK(harmless > 100);
}

TEST_CASE("laws: a result changed in place through a detached handle is noticed, or makes no difference") {
  for_each_differentiable([&](const OpCase& op, const Inputs& sample) {
    const Inputs original = leaves(sample), disturbed = leaves(sample);
    weighted(op.function(original)).backward();
    const Tensor result = op.function(disturbed), loss = weighted(result);
    result.detach().assign(changed(result.detach()));
    try {
      loss.backward();
      CHECK_MESSAGE(stored_gradients(disturbed) == stored_gradients(original), title(op));
    } catch (const GraphError&) {
    }
  });
}

TEST_CASE("laws: create_graph changes no value of a gradient") {
  for_each_differentiable([&](const OpCase& op, const Inputs& sample) {
    const Inputs inputs = leaves(sample);
    const Inputs wanted = with_gradient(inputs);
    const auto plain = grad({weighted(op.function(inputs))}, wanted, {.allow_unused = true});
    const auto recorded = grad({weighted(op.function(inputs))}, wanted, {.create_graph = true, .allow_unused = true});
    for (std::size_t i = 0; i < plain.size(); ++i) {
      REQUIRE(plain[i].defined() == recorded[i].defined());
      if (!plain[i].defined()) continue;
      const Numbers a = plain[i].to_vector<double>(), b = recorded[i].to_vector<double>();
      for (std::size_t e = 0; e < a.size(); ++e)
        CHECK_MESSAGE(b[e] == doctest::Approx(a[e]).epsilon(1e-13), title(op), ", input ", i, ", element ", e);
    }
  });
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

TEST_CASE("laws: backward gives the same bits every time, and grad the same as backward") {
  for_each_differentiable([&](const OpCase& op, const Inputs& sample) {
    const Inputs first = leaves(sample), second = leaves(sample);
    weighted(op.function(first)).backward();
    weighted(op.function(second)).backward();
    CHECK_MESSAGE(stored_gradients(first) == stored_gradients(second), title(op));
    const Inputs wanted = with_gradient(first);
    const auto gradients = grad({weighted(op.function(first))}, wanted, {.allow_unused = true});
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (gradients[i].defined())
        CHECK_MESSAGE(gradients[i].to_vector<double>() == wanted[i].grad().to_vector<double>(), title(op));
  });
}

TEST_CASE("laws: a stored gradient has its leaf's shape and dtype, is contiguous and shared with nobody") {
  for_each_differentiable([&](const OpCase& op, const Inputs& sample) {
    const Inputs inputs = leaves(sample);
    const Tensor result = op.function(inputs);
    sum(result).backward();
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
  });
}

TEST_CASE("laws: every node, also of a gradient, carries the user's line") {
  for_each_differentiable([&](const OpCase& op, const Inputs& sample) {
    const Inputs inputs = leaves(sample);
    const Tensor result = op.function(inputs);
    for_each_node(result, [&](const Node& node) {
      CHECK_MESSAGE(in_a_test(node), title(op), ": '", std::string(node.op()), "' at ", to_string(node.where()));
    });
    for (const Tensor& gradient :
         grad({weighted(result)}, with_gradient(inputs), {.create_graph = true, .allow_unused = true}))
      if (gradient.defined() && gradient.node())
        for_each_node(gradient, [&](const Node& node) {
          CHECK_MESSAGE(in_a_test(node), title(op), ", gradient: '", std::string(node.op()), "' at ",
                        to_string(node.where()));
        });
  });
}
