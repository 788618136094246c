#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/compare.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/index.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "autograd/ops/shape.hpp"
#include "tests/autograd/laws.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

Tensor of(DType dtype) { return ones({2}, dtype); }

std::vector<double> numbers(const Tensor& x) { return x.to_vector<double>(); }

}  // namespace

TEST_CASE("dtypes: tensors promote to the larger kind, within a kind to the wider type") {
  CHECK((of(uint8) + of(int32)).dtype() == int32);
  CHECK((of(uint8) + of(uint8)).dtype() == uint8);
  CHECK((of(int32) * of(int64)).dtype() == int64);
  CHECK((of(boolean) + of(uint8)).dtype() == uint8);
  CHECK((of(int64) + of(float32)).dtype() == float32);
  CHECK((of(float32) + of(float64)).dtype() == float64);
  CHECK(maximum(of(float64), of(float32)).dtype() == float64);
  CHECK(where(of(boolean), of(int32), of(float32)).dtype() == float32);
  CHECK(concatenate({of(uint8), of(float32), of(int64)}).dtype() == float32);
  CHECK(matmul(of(float32), of(float64)).dtype() == float64);
  CHECK((Tensor(2.0) + of(float64)).dtype() == float64);
  CHECK((Tensor({2.0}, float64) + of(float32)).dtype() == float64);
}

TEST_CASE("dtypes: numbers take the dtype of the tensor they meet, unless they are of a larger kind") {
  CHECK((of(float32) * 2.0).dtype() == float32);
  CHECK((2 * of(float32)).dtype() == float32);
  CHECK((2 * of(uint8)).dtype() == uint8);
  CHECK((300 - of(int32)).dtype() == int32);
  CHECK(numbers(0.1 * of(float64)) == std::vector<double>{0.1, 0.1});
  CHECK(numbers(of(float64) * 0.1) == std::vector<double>{0.1, 0.1});
  CHECK((of(float64) + 2.0f).dtype() == float64);
  CHECK((of(int64) * 2).dtype() == int64);
  CHECK((of(uint8) + 2).dtype() == uint8);
  CHECK((of(int64) * 2.5).dtype() == float32);
  CHECK((2.5 - of(int32)).dtype() == float32);
  CHECK((of(boolean) + 1).dtype() == int64);
  CHECK((of(boolean) * 1.5).dtype() == float32);
  CHECK(where(of(boolean), of(uint8), 3).dtype() == uint8);
  CHECK(numbers(of(int64) * 2.5) == std::vector<double>{2.5, 2.5});
  CHECK(numbers(of(int32) < 1.5) == std::vector<double>{1, 1});
  CHECK((of(float32) * 16777217.0).to_vector<double>()[0] == 16777216);
}

TEST_CASE("dtypes: division, powers and functions of integers give float32") {
  CHECK((of(int64) / of(int64)).dtype() == float32);
  CHECK((of(int64) / 2).dtype() == float32);
  CHECK(numbers(of(int32) / 2) == std::vector<double>{0.5, 0.5});
  CHECK(pow(of(int64), 2).dtype() == float32);
  CHECK(exp(of(int64)).dtype() == float32);
  CHECK(tanh(of(uint8)).dtype() == float32);
  CHECK(sqrt(of(boolean)).dtype() == float32);
  CHECK(mean(of(int64)).dtype() == float32);
  CHECK(mean(of(boolean)).item() == 1);
}

TEST_CASE("dtypes: what stays integer") {
  CHECK(square(of(int32)).dtype() == int32);
  CHECK(abs(-of(int64)).dtype() == int64);
  CHECK(sign(of(uint8)).dtype() == uint8);
  CHECK(numbers(abs(Tensor{-3, 0, 4})) == std::vector<double>{3, 0, 4});
  CHECK(numbers(sign(Tensor{-3, 0, 4})) == std::vector<double>{-1, 0, 1});
  CHECK(clip(of(int32), 0, 5).dtype() == int32);
  CHECK(sum(of(uint8)).dtype() == int64);
  CHECK(sum(of(boolean)).item() == 2);
  CHECK(sum(full({1000}, 255, uint8)).item() == 255000);
  CHECK(max(of(int32)).dtype() == int32);
  CHECK(argmax(of(float32)).dtype() == int64);
  CHECK(arange(3).dtype() == int64);
  CHECK((of(int32) == of(int64)).dtype() == boolean);
}

TEST_CASE("dtypes: clip of integers with bounds that the dtype cannot hold") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(numbers(clip(Tensor({0, 7, 255}, uint8), -1, 300)) == std::vector<double>{0, 7, 255});
  CHECK(numbers(clip(Tensor({0, 7, 255}, uint8), 5, infinity)) == std::vector<double>{5, 7, 255});
  CHECK(numbers(clip(Tensor{-9, 0, 9}, -infinity, 3)) == std::vector<double>{-9, 0, 3});
  CHECK(numbers(clip(Tensor{-9, 0, 9}, -1.5, 2.5)) == std::vector<double>{-1, 0, 2});
  CHECK(numbers(clip(Tensor{-9, 0, 9}, -infinity, infinity)) == std::vector<double>{-9, 0, 9});
}

std::vector<Law> xg::testing::dtype_laws() {
  const auto keeps_float32 = [](const OpCase& op, const Inputs& sample) {
    Inputs inputs;
    for (const Tensor& input : sample)
      inputs.push_back(is_floating(input.dtype()) ? Tensor(input.array().astype(float32)).set_requires_grad() : input);
    const Tensor result = op.function(inputs);
    CHECK_MESSAGE(result.dtype() == float32, title(op));
    sum(result).backward();
    for (const Tensor& input : inputs)
      if (input.requires_grad()) CHECK_MESSAGE(input.grad().dtype() == float32, title(op));
    return 1;
  };
  return {{"float32 stays float32, and its gradient too", keeps_float32,
           [](const OpCase& op) { return op.differentiable && op.variant != "float32 and back"; }}};
}

TEST_CASE("dtypes: the gradient of a promoted input comes back in the input's dtype") {
  Tensor a = uniform({2, 3}), b = ones({3}), c = ones({2, 1});
  for (Tensor* leaf : {&a, &b, &c}) leaf->set_requires_grad();
  sum(a * b + c + where(a > 0.0, b, c)).backward();
  CHECK(a.grad().dtype() == float64);
  CHECK(b.grad().dtype() == float32);
  CHECK(c.grad().dtype() == float32);
  b.zero_grad();
  sum(concatenate({reshape(a, {-1}), b})).backward();
  CHECK(b.grad().dtype() == float32);
}

TEST_CASE("dtypes: there is no gradient through integers") {
  const Tensor x = ones({2}).set_requires_grad();
  CHECK_FALSE(astype(x, int64).requires_grad());
  CHECK_FALSE(astype(astype(x, int64), float32).requires_grad());
  CHECK_FALSE((x > 0.0).requires_grad());
  CHECK_FALSE(argmax(x).requires_grad());
  CHECK(astype(x, float64).requires_grad());
}
