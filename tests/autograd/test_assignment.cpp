#include <doctest/doctest.h>

#include <type_traits>
#include <vector>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/indexed.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

using Numbers = std::vector<double>;

Numbers numbers(const Tensor& x) { return x.to_vector<double>(); }

Tensor leaf(std::initializer_list<double> values) { return Tensor(values, float64).set_requires_grad(); }

template <class T>
concept AssignableResult = requires(T (*result)(), Tensor value) {
  result() = value;
};

}  // namespace

TEST_CASE("assignment: p -= rate * p.grad() under NoGrad trains the leaf that everybody holds") {
  const Tensor w = leaf({1, 2});
  std::vector<Tensor> parameters{w};
  for (int step = 0; step < 2; ++step) {
    sum(w * w).backward();
    const NoGrad off;
    for (Tensor p : parameters) {
      p -= 0.25 * p.grad();
      p.zero_grad();
    }
  }
  CHECK(numbers(w) == Numbers{0.25, 0.5});
  CHECK(w.requires_grad());
}

TEST_CASE("assignment: all four change the elements, and raise the version") {
  Tensor x = leaf({8, 4});
  const Tensor other = x;
  const NoGrad off;
  const std::uint64_t version = x.array().version();
  x += 2.0;
  CHECK(numbers(other) == Numbers{10, 6});
  x -= Tensor({1.0, 2.0}, float64);
  CHECK(numbers(other) == Numbers{9, 4});
  x *= 2.0;
  CHECK(numbers(other) == Numbers{18, 8});
  x /= 4.0;
  CHECK(numbers(other) == Numbers{4.5, 2});
  CHECK(x.array().version() == version + 4);
}

TEST_CASE("assignment: of a leaf that needs a gradient it is an error while it would be recorded") {
  Tensor x = leaf({1, 2});
  CHECK_ERROR(GraphError, x *= 0.5,
              "a *= b: a, a leaf of shape (2,), needs a gradient, and a change of its elements is not recorded: use "
              "xg::NoGrad to change them, or another variable for the result");
  CHECK(numbers(x) == Numbers{1, 2});
  x.set_requires_grad(false);
  x *= 0.5;
  CHECK(numbers(x) == Numbers{0.5, 1});
}

TEST_CASE("assignment: a variable that is recorded becomes the result, and what it was stays") {
  const Tensor x = leaf({1, 2});
  Tensor total = x * 1.0;
  const Tensor before = total;
  total += x;
  CHECK(numbers(before) == Numbers{1, 2});
  CHECK(numbers(total) == Numbers{2, 4});
  sum(total).backward();
  CHECK(numbers(x.grad()) == Numbers{2, 2});
  Tensor penalty = 0.0;
  penalty += sum(x);
  CHECK(penalty.requires_grad());
}

TEST_CASE("assignment: under NoGrad a result changes too, and stays part of its graph") {
  const Tensor w = leaf({1, 2});
  Tensor z = w * 3.0;
  const Tensor same = z;
  Tensor row = w[1];
  {
    const NoGrad off;
    z += 1.0;
    row -= 0.5;
  }
  CHECK(numbers(same) == Numbers{4, 7});
  CHECK(numbers(w) == Numbers{1, 1.5});
  CHECK(z.requires_grad());
  sum(z).backward();
  CHECK(numbers(w.grad()) == Numbers{3, 3});
  Tensor power = exp(w);
  {
    const NoGrad off;
    power *= 2.0;
  }
  CHECK_THROWS_WITH_AS(sum(power).backward(), doctest::Contains("saved for its gradient was changed in place"),
                       GraphError);
}

TEST_CASE("assignment: a gradient that needs the old elements is refused") {
  const Tensor x = leaf({1, 2});
  Tensor c({3.0, 4.0}, float64);
  const Tensor y = sum(x * c);
  c += 1.0;
  CHECK_THROWS_WITH_AS(y.backward(), doctest::Contains("saved for its gradient was changed in place"), GraphError);
}

TEST_CASE("assignment: what the elements cannot hold is refused, and nothing changes") {
  Tensor x = zeros({3});
  CHECK_ERROR(ShapeError, x += ones({2, 3}),
              "a += b: a has shape (3,), and the result (2, 3), which its elements cannot hold: write a = a + b");
  Tensor whole{1, 2, 3};
  CHECK_ERROR(DTypeError, whole /= 2, "a /= b: a is int64, and the result float32: write a = a / b");
  CHECK_ERROR(DTypeError, whole += 0.5, "a += b: a is int64, and the result float32: write a = a + b");
  CHECK(numbers(whole) == Numbers{1, 2, 3});
  Tensor stretched = broadcast_to(ones({1}), {3});
  CHECK_ERROR(ValueError, stretched += 1.0,
              "a += b: one element stands at several places of a broadcast tensor of shape (3,): write to what it was "
              "broadcast from, or to a contiguous copy");
  CHECK_ERROR(ValueError, stretched.assign(zeros({3})),
              "assign: one element stands at several places of a broadcast tensor of shape (3,): write to what it was "
              "broadcast from, or to a contiguous copy");
  x += ones({3}, float64);
  CHECK(x.dtype() == float32);
  x *= x;
  CHECK(numbers(x) == Numbers{1, 1, 1});
}

TEST_CASE("assignment: x[...] = y writes into x") {
  Tensor x = zeros({2, 3});
  const Tensor same = x;
  x[0] = ones({3});
  x[{1, 2}] = 5.0;
  CHECK(numbers(same) == Numbers{1, 1, 1, 0, 0, 5});
  x[{ellipsis, Slice(0, 2)}] = x[{ellipsis, Slice(1, 3)}];  // they overlap
  CHECK(numbers(same) == Numbers{1, 1, 1, 0, 5, 5});
  x[1] += 1.0;
  x[{0, 0}] -= 3.0;
  x[{0, 1}] *= 7.0;
  x[{0, 2}] /= 2.0;
  CHECK(numbers(same) == Numbers{-2, 7, 0.5, 1, 6, 6});
  Tensor whole{1, 2, 3};
  whole[0] = 7;
  CHECK(numbers(whole) == Numbers{7, 2, 3});
}

TEST_CASE("assignment: x[...] = y for a leaf needs NoGrad") {
  Tensor x = leaf({1, 2}), y = leaf({5, 6}), constant = zeros({2}, float64);
  CHECK_ERROR(
      GraphError, x[0] = 3.0,
      "x[...] = y: an assignment is not recorded, and x needs a gradient: use xg::NoGrad to change elements, or "
      "x = index_update(x, {...}, y), which is recorded");
  CHECK_ERROR(
      GraphError, constant[Slice()] = y,
      "x[...] = y: an assignment is not recorded, and y needs a gradient: use xg::NoGrad to change elements, or "
      "x = index_update(x, {...}, y), which is recorded");
  CHECK(numbers(x) == Numbers{1, 2});
  const NoGrad off;
  x[0] = 3.0;
  constant[Slice()] = y;
  CHECK(numbers(x) == Numbers{3, 2});
  CHECK(numbers(constant) == Numbers{5, 6});
}

TEST_CASE("assignment: x[...] = y refuses what does not fit") {
  Tensor x = zeros({2, 3});
  CHECK_ERROR(ShapeError, x[0] = ones({2}),
              "x[...] = y: values of shape (2,) do not broadcast to the (3,) elements that are written");
  Tensor whole{1, 2, 3};
  CHECK_ERROR(DTypeError, whole[0] = ones({}),
              "x[...] = y: int64 elements cannot hold float32 values: convert one of them with astype");
  CHECK(numbers(whole) == Numbers{1, 2, 3});
}

TEST_CASE("assignment: to a result it does not compile; a variable that holds a part is a handle like any other") {
  CHECK_FALSE(AssignableResult<Tensor>);
  CHECK(AssignableResult<Tensor&>);
  CHECK(std::is_assignable_v<Tensor&, double>);
  Tensor x = zeros({2, 3});
  auto row = x[0];
  row = ones({3});
  row = tanh(row);
  CHECK(numbers(x) == Numbers(6, 0));
  row = x[1];
  row += 2.0;
  CHECK(numbers(x) == Numbers{0, 0, 0, 2, 2, 2});
}
