#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/node.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/storage.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

using Numbers = std::vector<double>;

Numbers numbers(const Tensor& x) { return x.to_vector<double>(); }

Tensor leaf(std::initializer_list<double> values) { return Tensor(values, float64).set_requires_grad(); }

}  // namespace

TEST_CASE("leaf: whether it needs a gradient belongs to the leaf, and every handle sees it") {
  Tensor w = leaf({2, 3});
  const Tensor member = w;
  std::vector<Tensor> list{w};
  Tensor(member).set_requires_grad(false);
  for (const Tensor& handle : {w, member, list[0]}) CHECK_FALSE(handle.requires_grad());
  CHECK_FALSE((w * 2.0).requires_grad());
  list[0].set_requires_grad();
  CHECK(member.requires_grad());
  sum(w * w).backward();
  CHECK(numbers(member.grad()) == Numbers{4, 6});
}

TEST_CASE("leaf: frozen and thawed it is the same leaf, with its gradient and its hooks") {
  Tensor w = leaf({2, 3});
  int calls = 0;
  w.register_hook([&](const Tensor&) {
    ++calls;
    return Tensor();
  });
  sum(w * 2.0).backward();
  const Node* const node = w.node().get();
  w.set_requires_grad(false);
  CHECK(numbers(w.grad()) == Numbers{2, 2});
  w.set_requires_grad();
  CHECK(w.node().get() == node);
  sum(w * 3.0).backward();
  CHECK(numbers(w.grad()) == Numbers{5, 5});
  CHECK(calls == 2);
}

TEST_CASE("leaf: one frozen after it was used gets no gradient") {
  Tensor w = leaf({2, 3}), v = leaf({5, 7});
  const Tensor loss = sum(w * v);
  w.set_requires_grad(false);
  loss.backward();
  CHECK_FALSE(w.grad().defined());
  CHECK(numbers(v.grad()) == Numbers{2, 3});
  CHECK_ERROR(GraphError, grad(sum(v * v), w),
              "grad: input 0 has no gradient: call set_requires_grad() before computing with it");
}

TEST_CASE("leaf: an undefined tensor is none") {
  Tensor none;
  CHECK_ERROR(ValueError, none.set_requires_grad(), "set_requires_grad: an undefined tensor: assign it a value first");
  CHECK_ERROR(ValueError, none.item(), "item: an undefined tensor: assign it a value first");
  Tensor w = Tensor(1.0).set_requires_grad();
  CHECK_ERROR(ValueError, w.set_grad(Tensor()), "set_grad: an undefined tensor: zero_grad() forgets the gradient");
}

TEST_CASE("memory: a graph that a tensor of static or thread lifetime holds is freed with it") {
  const std::size_t before = pool::statistics().used_bytes;
  std::thread([] {
    // Made before the thread frees its first node, so destroyed after everything that freeing needs.
    thread_local Tensor kept;
    Tensor y = leaf({1});
    for (int i = 0; i < 1000; ++i) y = tanh(y);
    kept = y;
  }).join();
  CHECK(pool::statistics().used_bytes == before);
  static Tensor until_exit;
  until_exit = tanh(exp(leaf({1})));
}
