#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>
#include <memory>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/record.hpp"
#include "lib/storage.hpp"
#include "tests/support/small_stack.hpp"

using namespace xg;

namespace {

constexpr std::int64_t elements = 1 << 18;
constexpr std::size_t megabyte = std::size_t{1} << 20;
/// What an array of `elements` floats takes from the pool: a block of the class above one megabyte.
constexpr std::size_t array_bytes = megabyte + megabyte / 4;
/// What the nodes of a small graph may take.
constexpr std::size_t small = megabyte / 16;

#ifdef __SANITIZE_ADDRESS__
constexpr bool freed_memory_is_kept = true;  // to find uses of it
#else
constexpr bool freed_memory_is_kept = false;
#endif

std::size_t used() { return pool::statistics().used_bytes; }

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST_CASE("memory: an edge to a constant is not built, and its captures go at once") {
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> alive = captured;
  const Tensor x = ones({2}).set_requires_grad(), constant = ones({2});
  const Tensor y = record("op", x.array().clone(), edge(x, [](const Tensor& dy) { return dy; }),
                          edge(constant, [captured](const Tensor& dy) { return dy; }));
  captured.reset();
  CHECK(alive.expired());
  CHECK(y.node()->inputs() == 2);
  CHECK_FALSE(y.node()->input(1));
}

TEST_CASE("memory: a rule's captures live until the backward pass") {
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> alive = captured;
  const Tensor x = ones({}).set_requires_grad();
  const Tensor y = record("op", x.array().clone(), edge(x, [captured](const Tensor& dy) { return dy; }));
  captured.reset();
  CHECK_FALSE(alive.expired());
  y.backward({.retain_graph = true});
  CHECK_FALSE(alive.expired());
  y.backward();
  CHECK(alive.expired());
}

TEST_CASE("memory: under NoGrad nothing is kept") {
  auto captured = std::make_shared<int>(0);
  const Tensor x = ones({}).set_requires_grad();
  const NoGrad off;
  const Tensor y = record("op", x.array().clone(), edge(x, [captured](const Tensor& dy) { return dy; }));
  CHECK(captured.use_count() == 1);
  CHECK_FALSE(y.node());
}

TEST_CASE("memory: a factor is kept only for the gradient of the other") {
  Tensor x = ones({elements}).set_requires_grad();
  const std::size_t before = used();
  Tensor y;
  {
    const Tensor h = x + 1.0;
    y = h * 2.0;
  }
  CHECK(used() - before < array_bytes + small);
}

TEST_CASE("memory: activations that no rule needs die at once") {
  Tensor x = ones({elements}).set_requires_grad();
  const std::size_t before = used();
  pool::reset_peak();
  Tensor y = x;
  for (int i = 0; i < 20; ++i) y = -(y + 1.0) - 2.0;
  CHECK(used() - before < array_bytes + small);
  CHECK(pool::statistics().peak_bytes - before < 4 * array_bytes + small);  // y and the three results of one step
}

TEST_CASE("memory: backward frees what it has used, node by node") {
  const Tensor x = ones({elements}).set_requires_grad();
  const std::size_t before = used();
  Tensor y = x;
  constexpr std::size_t layers = 20;
  for (std::size_t i = 0; i < layers; ++i) y = tanh(y);
  const Tensor loss = sum(y);
  y = Tensor();
  const std::size_t held = used() - before;
  CHECK(held >= layers * array_bytes);
  CHECK(held < layers * array_bytes + small);
  pool::reset_peak();
  loss.backward();
  CHECK(pool::statistics().peak_bytes - before < held + 3 * array_bytes);
  CHECK(used() - before < array_bytes + small);
}

TEST_CASE("memory: gradients add up in place where nobody else sees them") {
  const Tensor x = ones({elements}).set_requires_grad();
  const std::size_t before = used();
  Tensor y = x * 1.0;
  for (int i = 0; i < 10; ++i) y = y + x * 2.0;
  const Tensor loss = sum(y);
  y = Tensor();
  pool::reset_peak();
  loss.backward();
  CHECK(pool::statistics().peak_bytes - before < 5 * array_bytes);
  CHECK(used() - before < array_bytes + small);
}

TEST_CASE("memory: the graph of a gradient goes with the gradient") {
  Tensor x = ones({elements}).set_requires_grad();
  x.set_grad(x.detach());
  x.zero_grad();
  const std::size_t before = used();
  {
    const Tensor first = grad(sum(exp(x) * x), x, {.create_graph = true});
    const Tensor second = grad(sum(first), x, {.create_graph = true});
    CHECK(second.requires_grad());
  }
  CHECK(used() == before);
  sum(exp(x) * x).backward({.create_graph = true});
  x.zero_grad();
  CHECK(used() == before);
}

TEST_CASE("memory: a million operations are built, differentiated and freed in 256 KB of stack") {
  static double gradient = 0;
  on_small_stack([] {
    Tensor x = ones({}).set_requires_grad();
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = i % 2 ? y + x : y * 1.0;
    y.backward();
    gradient = x.grad().item();
  });
  CHECK(gradient == 500'001);
}

TEST_CASE("memory: a million operations that are never differentiated are freed in 256 KB of stack") {
  const std::size_t before = used();
  on_small_stack([] {
    Tensor x = ones({}).set_requires_grad();
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = y * x;
  });
  CHECK(used() == before);
}

TEST_CASE("memory: twenty thousand operations are differentiated twice in 256 KB of stack") {
  static double second = 0;
  const std::size_t before = used();
  on_small_stack([] {
    Tensor x = full({}, 0.5, float64).set_requires_grad();
    Tensor y = x;
    for (int i = 0; i < 20'000; ++i) y = y * 1.0;
    const Tensor first = grad(y * y, x, {.create_graph = true});
    second = grad(first, x).item();
  });
  CHECK(second == 2);
  CHECK(used() == before);
}

TEST_CASE("memory: ten thousand training steps need no more than a hundred" * doctest::skip(freed_memory_is_kept)) {
  const Tensor x = full({16, 8}, 0.5), y = full({16, 4}, 0.25);
  Tensor w = full({8, 4}, 0.1).set_requires_grad(), b = zeros({4}).set_requires_grad();
  const auto step = [&] {
    const Tensor error = tanh(linear(x, w, b)) - y;
    mean(square(error)).backward();
    for (Tensor* parameter : {&w, &b}) {
      parameter->assign(parameter->detach() - parameter->grad() * 0.01);
      parameter->zero_grad();
    }
  };
  for (int i = 0; i < 100; ++i) step();
  const std::size_t resident = resident_bytes(), allocations = pool::statistics().system_allocations;
  for (int i = 0; i < 10'000; ++i) step();
  CHECK(resident_bytes() <= resident + megabyte);
  CHECK(pool::statistics().system_allocations == allocations);
}
