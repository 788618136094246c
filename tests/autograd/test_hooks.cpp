#include "autograd/hooks.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
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

Tensor::Hook scaled_by(double factor) {
  return [=](const Tensor& gradient) { return gradient * factor; };
}

}  // namespace

TEST_CASE("hooks: see the whole gradient once a pass and may replace it") {
  Tensor x = leaf({2, 3}), seen;
  Tensor y = x * 1.0;
  y.register_hook([&](const Tensor& gradient) {
    seen = gradient;
    return gradient * 10.0;
  });
  y.register_hook([](const Tensor& gradient) { return gradient + 1.0; });
  sum(y * 2.0 + y * 3.0).backward();
  CHECK(numbers(seen) == Numbers{5, 5});
  CHECK(numbers(x.grad()) == Numbers{51, 51});
}

TEST_CASE("hooks: on a leaf, and one that only looks") {
  Tensor x = leaf({2});
  int calls = 0;
  x.register_hook([&](const Tensor&) {
    ++calls;
    return Tensor();
  });
  x.register_hook([](const Tensor& gradient) { return gradient * -1.0; });
  sum(x * x + x).backward();
  CHECK(calls == 1);
  CHECK(numbers(x.grad()) == Numbers{-5});
  CHECK(numbers(grad(sum(x * 3.0), x)) == Numbers{-3});
  CHECK(calls == 2);
}

TEST_CASE("hooks: one that adds a hook to its own tensor, which is called from the next pass on") {
  Tensor x = leaf({2});
  int added = 0;
  x.register_hook([&](const Tensor&) {
    for (int i = 0; i < 100; ++i)
      x.register_hook([&](const Tensor&) {
        ++added;
        return Tensor();
      });
    return Tensor();
  });
  sum(x * 3.0).backward();
  CHECK(added == 0);
  sum(x * 3.0).backward();
  CHECK(added == 100);
}

TEST_CASE("hooks: a handle removes its hook, also from within the hook") {
  Tensor x = leaf({2});
  HookHandle doubles = x.register_hook(scaled_by(2)), once;
  int calls = 0;
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> alive = captured;
  once = x.register_hook([&, captured](const Tensor&) {
    once.remove();
    return Tensor(7.0 + *captured + ++calls);
  });
  captured.reset();
  const HookHandle triples = x.register_hook(scaled_by(3));
  CHECK(numbers(grad(sum(x), x)) == Numbers{24});
  CHECK(alive.expired());
  CHECK(numbers(grad(sum(x), x)) == Numbers{6});
  CHECK(calls == 1);
  doubles.remove();
  doubles.remove();
  HookHandle().remove();
  CHECK(numbers(grad(sum(x), x)) == Numbers{3});
}

TEST_CASE("hooks: one that an earlier hook removes is not called") {
  Tensor x = leaf({2});
  HookHandle later;
  x.register_hook([&](const Tensor&) {
    later.remove();
    return Tensor();
  });
  later = x.register_hook(scaled_by(100));
  CHECK(numbers(grad(sum(x), x)) == Numbers{1});
}

TEST_CASE("hooks: one that captures its own tensor goes with the graph, or with its handle") {
  const std::size_t before = pool::statistics().used_bytes;
  {
    Tensor x = leaf({2});
    Tensor y = x * x;
    y.register_hook([y](const Tensor& gradient) { return gradient * y.detach(); });
    HookHandle handle = x.register_hook([x](const Tensor& gradient) { return gradient * x.detach(); });
    sum(y).backward();
    CHECK(numbers(x.grad()) == Numbers{2 * 2 * 4 * 2});
    handle.remove();
  }
  CHECK(pool::statistics().used_bytes == before);
}

TEST_CASE("hooks: a null function is refused") {
  Tensor x = leaf({2});
  CHECK_ERROR(ValueError, x.register_hook(nullptr), "register_hook: a null function was given");
}
