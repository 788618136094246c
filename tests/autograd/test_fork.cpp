#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "autograd/creation.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/parallel.hpp"
#include "lib/random.hpp"
#include "lib/storage.hpp"

using namespace xg;

namespace {

/// True if f() is true in a child of this process. One that hangs is killed.
template <class F>
bool true_in_child(F f) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(f() ? 0 : 1);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// What products, elementwise operations and their gradients make of arrays that are large enough for two threads.
std::vector<std::vector<float>> results() {
  const Tensor x = Tensor(Generator(1).normal({200, 300})).set_requires_grad();
  const Tensor w = Tensor(Generator(2).normal({300, 200})).set_requires_grad();
  const Tensor wide = Tensor(Generator(3).normal({1'200'000}));
  const Tensor y = tanh(matmul(x, w));
  sum(square(y)).backward();
  return {y.to_vector<float>(), x.grad().to_vector<float>(), w.grad().to_vector<float>(),
          exp(wide * 0.5).to_vector<float>()};
}

}  // namespace

TEST_CASE("fork: a child computes the same bits as its parent, which uses two threads") {
  pool::empty_cache();
  set_num_threads(2);
  const auto expected = results();
  CHECK(true_in_child([&] { return num_threads() == 1 && results() == expected && results() == expected; }));
  CHECK(true_in_child([&] {
    set_num_threads(2);
    return results() == expected && true_in_child([&] { return results() == expected; });
  }));
  CHECK(results() == expected);
  CHECK(num_threads() == 2);
  set_num_threads(0);
}

TEST_CASE("fork: from a thread of the program") {
  set_num_threads(2);
  bool same = false;
  std::thread([&] {
    const auto expected = results();
    same = true_in_child([&] { return results() == expected; });
  }).join();
  CHECK(same);
  set_num_threads(0);
}

TEST_CASE("fork: while other threads take and give back memory") {
  pool::empty_cache();  // or every child copies the pages of tests before
  std::atomic<bool> over{false};
  const auto use = [&] {
    while (!over) const Array small = Array::empty({10}), large = Array::empty({10'000});
  };
  std::thread one(use), two(use);
  for (int i = 0; i < 30; ++i)
    CHECK(true_in_child([] {
      const Array small = Array::full({10}, 1), large = Array::full({10'000}, 2);
      pool::empty_cache();
      return pool::statistics().cached_bytes == 0 && small.to_vector<int>()[9] + large.to_vector<int>()[9'999] == 3;
    }));
  over = true;
  one.join();
  two.join();
}

TEST_CASE("fork: while other threads draw random numbers and make generators") {
  pool::empty_cache();
  Generator shared(1);
  std::atomic<bool> over{false};
  const auto use = [&] {
    while (!over) {
      shared.set_step(shared.step());
      new_generator();
    }
  };
  std::thread one(use), two(use);
  for (int i = 0; i < 60; ++i)
    CHECK(true_in_child([&] {
      shared.set_step(7);
      return shared.step() == 7 && new_generator().step() == 0 && default_generator().uniform({3}).size() == 3;
    }));
  over = true;
  one.join();
  two.join();
}
