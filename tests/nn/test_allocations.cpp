#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

#include "autograd/creation.hpp"
#include "lib/storage.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/dropout.hpp"
#include "nn/losses.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/sequential.hpp"

// A program of its own: it counts what operator new is asked for.

namespace {

std::int64_t allocations = 0;

void* counted(void* block) {
  ++allocations;
  if (!block) throw std::bad_alloc();
  return block;
}

}  // namespace

void* operator new(std::size_t bytes) { return counted(std::malloc(bytes)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto line = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(line, (bytes + line - 1) / line * line));
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }

using namespace xg;

namespace {

nn::Sequential network() {
  return {nn::Dense({.units = 20, .input_dim = 30, .activation = "tanh", .kernel_regularizer = nn::l2(1e-4)}),
          nn::Dropout(0.4), nn::Dense({.units = 20, .activation = "relu"}),
          nn::Dense({.units = 10, .activation = "softmax"})};
}

/// How often memory was asked for, by anybody and by the pool of the system, during a call.
struct Count {
  std::int64_t any = 0;
  std::uint64_t system = 0;

  template <class F>
  explicit Count(F call) {
    const auto any_before = allocations;
    const auto system_before = pool::statistics().system_allocations;
    call();
    any = allocations - any_before;
    system = pool::statistics().system_allocations - system_before;
  }
};

}  // namespace

TEST_CASE("a training step by hand that has warmed up allocates nothing") {
  auto net = network();
  const Tensor x = ones({32, 30}), y = ones({32, 10});
  nn::SGD sgd(net.parameters(), {.learning_rate = 0.01, .momentum = 0.9});
  nn::Adam adam(net.parameters());
  for (nn::Optimizer* optimizer : {static_cast<nn::Optimizer*>(&sgd), static_cast<nn::Optimizer*>(&adam)}) {
    const auto step = [&] {
      const Tensor prediction = net(x);
      nn::categorical_crossentropy(y, prediction).backward();
      optimizer->step();
      optimizer->zero_grad();
    };
    for (int i = 0; i < 3; ++i) step();
    const Count count(step);
    CHECK(count.any == 0);
    CHECK(count.system == 0);
  }
}

TEST_CASE("fit: what an epoch allocates does not grow with its steps") {
  auto net = network();
  net.compile({.optimizer = "sgd", .loss = "categorical_crossentropy", .metrics = {"accuracy"}});
  const auto epoch = [&](std::int64_t batches) {
    const Tensor x = ones({batches * 32, 30}), y = ones({batches * 32, 10});
    net.fit(x, y, {.verbose = 0});
    return Count([&] { net.fit(x, y, {.verbose = 0}); });
  };
  const Count few = epoch(10), many = epoch(200);
  CHECK(many.any == few.any);
  CHECK(many.system == 0);
}

TEST_CASE("the count is not blind") {
  CHECK(Count([] { ::operator delete(::operator new(1)); }).any == 1);
  CHECK(Count([] { ones({1234567}); }).system == 1);
}
