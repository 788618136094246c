#include <doctest/doctest.h>

#include <thread>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"

using namespace xg;

namespace {

using Numbers = std::vector<double>;

Tensor leaf() { return ones({2}).set_requires_grad(); }

}  // namespace

TEST_CASE("grad mode: NoGrad and WithGrad nest, and end with their scope or an exception") {
  const Tensor x = leaf();
  CHECK(grad_enabled());
  {
    const NoGrad off;
    CHECK_FALSE((x * x).requires_grad());
    {
      const WithGrad on;
      CHECK((x * x).requires_grad());
    }
    CHECK_FALSE(grad_enabled());
  }
  CHECK((x * x).requires_grad());
  const auto failing_scope = [] {
    const NoGrad off;
    throw ValueError("inside");
  };
  CHECK_THROWS_AS(failing_scope(), ValueError);
  CHECK(grad_enabled());
}

TEST_CASE("grad mode: is each thread's own") {
  const NoGrad off;
  bool enabled_there = false;
  std::thread([&] {
    enabled_there = grad_enabled();
    const NoGrad also_off;
  }).join();
  CHECK(enabled_there);
  CHECK_FALSE(grad_enabled());
}

TEST_CASE("threads: two passes over graphs of their own, with constants in common") {
  const Tensor shared = ones({64, 64}, float64);
  const auto work = [&](Numbers& result) {
    Tensor x = full({64, 64}, 0.25, float64).set_requires_grad();
    for (int step = 0; step < 50; ++step) sum(tanh(x * shared) * shared).backward();
    result = x.grad().to_vector<double>();
  };
  Numbers alone, first, second;
  work(alone);
  std::thread one([&] { work(first); }), two([&] { work(second); });
  one.join();
  two.join();
  CHECK(first == alone);
  CHECK(second == alone);
}

TEST_CASE("set_requires_grad: leaves are made and unmade, results are not") {
  Tensor x = ones({2});
  CHECK(x.is_leaf());
  CHECK_FALSE(x.requires_grad());
  x.set_requires_grad();
  CHECK(x.is_leaf());
  Tensor y = x * 2.0;
  CHECK_FALSE(y.is_leaf());
  CHECK(&y.set_requires_grad() == &y);
  CHECK_FALSE(y.is_leaf());
  x.set_requires_grad(false);
  CHECK_FALSE((x * 2.0).requires_grad());
}
