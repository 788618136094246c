#include "autograd/checkpoint.hpp"

#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/graph.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/random.hpp"
#include "lib/storage.hpp"
#include "tests/autograd/op_cases.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

using Numbers = std::vector<double>;

/// 64 layers of 32 units.
struct Mlp {
  static constexpr std::int64_t width = 32, batch = 256;
  std::vector<Tensor> kernels, biases;
  Tensor x = Generator(1).normal({batch, width});

  Mlp() {
    for (std::uint64_t layer = 0; layer < 64; ++layer) {
      kernels.emplace_back(Generator(2, layer).normal({width, width}, 0, 0.2));
      biases.emplace_back(zeros({width}));
      kernels.back().set_requires_grad();
      biases.back().set_requires_grad();
    }
  }
  Tensor layer(const Tensor& h, std::size_t i) const { return gelu(linear(h, kernels[i], biases[i])); }
  Tensor plain() const {
    Tensor h = x;
    for (std::size_t i = 0; i < 64; ++i) h = layer(h, i);
    return sum_squares(h);
  }
  Tensor checkpointed() const {
    Tensor h = x;
    for (std::size_t start = 0; start < 64; start += 8)
      h = checkpoint(
          [this, start](const std::vector<Tensor>& v) {
            Tensor inner = v[0];
            for (std::size_t i = start; i < start + 8; ++i) inner = layer(inner, i);
            return inner;
          },
          {h});
    return sum_squares(h);
  }
  std::vector<Tensor> parameters() const {
    std::vector<Tensor> all = kernels;
    all.insert(all.end(), biases.begin(), biases.end());
    return all;
  }
};

/// The most memory that a forward and a backward pass take at once beside what was there before.
template <class F>
std::size_t peak_of(F loss, const Mlp& mlp) {
  const std::size_t before = pool::statistics().used_bytes;
  pool::reset_peak();
  grad({loss()}, mlp.parameters());
  return pool::statistics().peak_bytes - before;
}

}  // namespace

TEST_CASE("checkpoint: a deep network has the same gradients, bit for bit, from a quarter of the memory") {
  const Mlp mlp;
  const Tensor plain = mlp.plain(), checkpointed = mlp.checkpointed();
  CHECK(plain.item() == checkpointed.item());
  const std::int64_t held = graph_statistics(plain).saved_bytes, kept = graph_statistics(checkpointed).saved_bytes;
  CHECK(4 * kept < held);
  const auto expected = grad({plain}, mlp.parameters()), found = grad({checkpointed}, mlp.parameters());
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(expected[i].to_vector<double>() == found[i].to_vector<double>());
  const std::size_t peak = peak_of([&] { return mlp.plain(); }, mlp);
  const std::size_t reduced = peak_of([&] { return mlp.checkpointed(); }, mlp);
  MESSAGE("graph bytes ", held, " and ", kept, ", peak ", peak, " and ", reduced);
  // Gradients of the parameters are in both.
  const std::size_t gradients = 64 * (Mlp::width * Mlp::width + Mlp::width) * sizeof(float);
  CHECK(4 * (reduced - gradients) < peak - gradients);
}

TEST_CASE("checkpoint: dropout draws the same masks again, and the generator goes on as without") {
  const Tensor w = uniform({8, 8}).set_requires_grad(), x = uniform({4, 8});
  Generator plain(3), again(3);
  const auto loss = [&](Generator& generator, bool checkpointed) {
    const Function f = [&](const std::vector<Tensor>& v) {
      return dropout(tanh(matmul(dropout(v[0], 0.5, generator), w)), 0.3, generator);
    };
    const Tensor first = checkpointed ? checkpoint(f, {x}) : f({x});
    return sum(square(checkpointed ? checkpoint(f, {first}) : f({first})));
  };
  const Tensor expected = grad(loss(plain, false), w), found = grad(loss(again, true), w);
  CHECK(expected.to_vector<double>() == found.to_vector<double>());
  CHECK(plain.step() == again.step());
}

TEST_CASE("checkpoint: two generators of one seed and consumer draw their own masks again") {
  const Tensor w = uniform({64}).set_requires_grad();
  const auto gradient = [&](bool checkpointed) {
    Generator first(3, 1), second(3, 1);
    second.set_step(10);
    const Function f = [&](const std::vector<Tensor>& v) {
      return dropout(square(dropout(v[0], 0.5, first)), 0.3, second) * dropout(v[0], 0.5, first);
    };
    return grad(sum(checkpointed ? checkpoint(f, {w}) : f({w})), w).to_vector<double>();
  };
  CHECK(gradient(true) == gradient(false));
}

TEST_CASE("checkpoint: a function that draws other numbers when it is called again is refused") {
  const Tensor w = uniform({64}).set_requires_grad();
  Generator generator(3, 1);
  int calls = 0;
  const auto fickle = [&](const std::vector<Tensor>& v) {
    Tensor y = v[0] * 2.0;
    for (int i = 0; i <= calls; ++i) y = dropout(y, 0.5, generator);
    ++calls;
    return y;
  };
  const Tensor y = sum(checkpoint(fickle, {w}));
  CHECK_THROWS_WITH_AS(y.backward(),
                       doctest::Contains("draw 2 of a repeated computation, from the generator of seed 3 and consumer "
                                         "1, was not made the first time, when there were 1"),
                       ValueError);
}

TEST_CASE("checkpoint: gradients of inputs that depend on each other and on what is captured are counted once") {
  Tensor w = uniform({3}).set_requires_grad();
  const Tensor a = w * 2.0, b = a * w;
  const auto f = [&](const std::vector<Tensor>& v) { return v[0] * v[1] + w * a; };
  const auto plain = grad(sum(f({a, b})), w, {.retain_graph = true}), found = grad(sum(checkpoint(f, {a, b})), w);
  CHECK(plain.to_vector<double>() == found.to_vector<double>());
}

TEST_CASE("checkpoint: nested ones draw their own masks again") {
  const Tensor w = uniform({64}).set_requires_grad();
  const auto gradient = [&](bool checkpointed) {
    Generator generator(3, 1);
    const auto call = [&](const Function& f, const Tensor& x) { return checkpointed ? checkpoint(f, {x}) : f({x}); };
    const Function inner = [&](const std::vector<Tensor>& v) { return square(dropout(v[0], 0.5, generator)); };
    const Function outer = [&](const std::vector<Tensor>& v) {
      return dropout(call(inner, dropout(v[0], 0.2, generator)), 0.3, generator) + call(inner, v[0]);
    };
    return grad(sum(call(outer, w) * dropout(w, 0.5, generator)), w).to_vector<double>();
  };
  CHECK(gradient(true) == gradient(false));
}

TEST_CASE("checkpoint: nested, and differentiated twice") {
  Tensor w = uniform({3}).set_requires_grad();
  const auto inner = [&](const std::vector<Tensor>& v) { return tanh(v[0] * w); };
  const auto outer = [&](const std::vector<Tensor>& v) { return checkpoint(inner, {checkpoint(inner, v)}); };
  const auto second = [&](const Tensor& y) {
    const Tensor slope = grad(sum(y), w, {.create_graph = true});
    return grad(sum(square(slope)), w).to_vector<double>();
  };
  const Numbers expected = second(inner({inner({w})})), found = second(checkpoint(outer, {w}));
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(found[i] == Close(expected[i], 1e-12));
}

TEST_CASE("checkpoint: what has no gradient, or is not recorded, is left alone") {
  const auto twice = [](const std::vector<Tensor>& v) { return v[0] * 2.0; };
  CHECK_FALSE(checkpoint(twice, {ones({2})}).requires_grad());
  const Tensor x = ones({2}).set_requires_grad();
  {
    const NoGrad off;
    CHECK_FALSE(checkpoint(twice, {x}).requires_grad());
  }
  const auto identity = [](const std::vector<Tensor>& v) { return v[0]; };
  CHECK(grad(sum(checkpoint(identity, {x})), x).to_vector<double>() == Numbers{1, 1});
  const auto captured = [&](const std::vector<Tensor>&) { return x; };
  CHECK(grad(sum(checkpoint(captured, {})), x).to_vector<double>() == Numbers{1, 1});
}

TEST_CASE("checkpoint: errors name the line, and an input changed in place is noticed") {
  const Tensor x = ones({2}).set_requires_grad();
  int calls = 0;
  const auto fickle = [&](const std::vector<Tensor>& v) { return calls++ == 0 ? v[0] * 2.0 : sum(v[0]); };
  const Tensor y = sum(checkpoint(fickle, {x}));
  CHECK_THROWS_WITH_AS(y.backward(),
                       doctest::Contains("checkpoint: the function gave shape (2,) first, and () when it was called "
                                         "again for its gradient: it must not depend on what changes"),
                       GraphError);
  const Tensor z = sum(checkpoint([](const auto& v) { return square(v[0]); }, {x}));
  Tensor(x).assign(zeros({2}));
  CHECK_THROWS_WITH_AS(z.backward(), doctest::Contains("that 'checkpoint' saved for its gradient was changed in place"),
                       GraphError);
  CHECK_ERROR(
      ValueError, checkpoint(fickle, {Tensor()}),
      "an undefined tensor was given to an operation: assign it a value first; a grad() has none before backward()");
}
