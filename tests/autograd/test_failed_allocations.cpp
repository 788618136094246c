#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/io/idx.hpp"
#include "lib/memory_pool.hpp"
#include "lib/parallel.hpp"
#include "lib/random.hpp"
#include "tests/autograd/op_cases.hpp"

// A program of its own: it decides which requests for memory are refused.

namespace {

/// Which requests of this thread are refused: none, one, or all from one on.
enum class Refuse { none, one, rest };
thread_local Refuse refuse = Refuse::none;
thread_local std::int64_t granted_before = 0;  // requests that are granted first
thread_local bool refused = false;
std::atomic<std::int64_t> blocks{0};  // taken and not given back

bool is_granted() {
  if (refuse == Refuse::none || granted_before-- > 0) return true;
  refused = true;
  if (refuse == Refuse::one) refuse = Refuse::none;
  return false;
}

void* counted(void* block) {
  if (!block) throw std::bad_alloc();
  ++blocks;
  return block;
}

void give_back(void* block) noexcept {
  if (block) --blocks;
  std::free(block);
}

}  // namespace

void* operator new(std::size_t bytes) { return counted(is_granted() ? std::malloc(bytes) : nullptr); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto line = static_cast<std::size_t>(alignment);
  return counted(is_granted() ? std::aligned_alloc(line, (bytes + line - 1) / line * line) : nullptr);
}
void operator delete(void* block) noexcept { give_back(block); }
void operator delete(void* block, std::size_t) noexcept { give_back(block); }
void operator delete(void* block, std::align_val_t) noexcept { give_back(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { give_back(block); }

using namespace xg;
using namespace xg::testing;

namespace {

using Results = std::vector<std::vector<double>>;

/// True if the call came to its end, false if it threw for want of memory. Another exception is a failure of the test.
template <class F>
bool succeeds(Refuse how, std::int64_t granted, const F& call) {
  granted_before = granted;
  refused = false;
  refuse = how;
  try {
    call();
    refuse = Refuse::none;
    return true;
  } catch (const std::bad_alloc&) {
    refuse = Refuse::none;
  } catch (const MemoryError&) {
    refuse = Refuse::none;
  }
  return false;
}

/// Refuses the first request for memory in a call, then the second, ..., until all are granted: whether the call throws
/// or not, nothing is lost, and what it gives is right.
void check_refusals(const std::function<Results()>& call) {
  const Results expected = call();
  for (const Refuse how : {Refuse::one, Refuse::rest}) {
    refused = true;
    for (std::int64_t granted = 0; refused; ++granted) {
      const std::size_t used = pool::statistics().used_bytes;
      const std::int64_t before = blocks;
      bool right = true;
      const bool ended = succeeds(how, granted, [&] {
        const Results results = call();
        refuse = Refuse::none;
        right = results == expected;
      });
      const std::int64_t lost = blocks - before;
      CAPTURE(granted);
      CHECK(right);
      CHECK((ended || refused));
      CHECK(lost == 0);
      CHECK(pool::statistics().used_bytes == used);
    }
    CHECK(call() == expected);
  }
  CHECK(grad_enabled());
}

/// Nothing is kept, so that the system is asked for every block.
class NoCache {
 public:
  NoCache() { pool::set_cache_limit(0); }
  ~NoCache() { pool::set_cache_limit(std::size_t{1} << 30); }
  NoCache(const NoCache&) = delete;
  NoCache& operator=(const NoCache&) = delete;
};

/// What an operation gives, and its gradients.
Results results_of(const OpCase& op, const Inputs& sample) {
  const Inputs inputs = leaves(sample);
  const Tensor y = op.function(inputs);
  Results results{y.to_vector<double>()};
  if (!y.requires_grad()) return results;
  sum(y * y).backward();
  for (const Tensor& x : inputs)
    if (x.defined() && x.requires_grad() && x.grad().defined()) results.push_back(x.grad().to_vector<double>());
  return results;
}

}  // namespace

TEST_CASE("refused memory: every operation and its gradient") {
  const NoCache no_cache;
  for (const OpCase& op : op_cases()) {
    INFO(title(op));
    check_refusals([&] { return results_of(op, op.samples.front()); });
  }
}

TEST_CASE("refused memory: printing") {
  const NoCache no_cache;
  const Array large = Generator(1).normal({30, 50}), small = Array::from<double>({1, -2.5, 1e10}, {3});
  for (const Array& array : {large, small})
    check_refusals([&] {
      const std::string text = to_string(array);
      return Results{{text.begin(), text.end()}};
    });
}

TEST_CASE("refused memory: reading a file") {
  const NoCache no_cache;
  const std::string path = "test_failed_allocations.idx";
  std::ofstream(path, std::ios::binary) << std::string(
      "\0\0\x08\x02\0\0\0\x02\0\0\0\x03"
      "abcdef",
      18);
  check_refusals([&] { return Results{read_idx(path).to_vector<double>()}; });
  std::remove(path.c_str());
}

TEST_CASE("refused memory: a draw that fails uses no step") {
  const NoCache no_cache;
  Generator generator(1);
  for (const Refuse how : {Refuse::one, Refuse::rest}) {
    refused = true;
    for (std::int64_t granted = 0; refused; ++granted) {
      const std::uint64_t step = generator.step();
      const bool drawn = succeeds(how, granted, [&] { generator.truncated_normal({10}); });
      CHECK(generator.step() == step + drawn);
    }
  }
}

TEST_CASE("refused memory: threads") {
  const NoCache no_cache;
  const Tensor a = Tensor(Generator(1).normal({200, 200})), b = Tensor(Generator(2).normal({200, 200}));
  const auto expected = matmul(a, b).to_vector<float>();
  bool again = true;
  for (std::int64_t granted = 0; again; ++granted)
    std::thread([&] {
      set_num_threads(2);
      bool right = true;
      succeeds(Refuse::rest, granted, [&] {
        const Tensor product = matmul(a, b);
        refuse = Refuse::none;
        right = product.to_vector<float>() == expected;
      });
      again = refused;
      CHECK(right);
      CHECK(matmul(a, b).to_vector<float>() == expected);
    }).join();
  set_num_threads(0);
}

TEST_CASE("refused memory: what is kept in other sizes goes back to the system, which is asked again") {
  pool::empty_cache();
  { const Array kept = Array::empty({100'000}); }
  const std::size_t cached = pool::statistics().cached_bytes;
  Array array;
  CHECK(succeeds(Refuse::one, 0, [&] { array = Array::empty({50'000}); }));
  CHECK(refused);
  CHECK(cached > 0);
  CHECK(pool::statistics().cached_bytes == 0);
}
