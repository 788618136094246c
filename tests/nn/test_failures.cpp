#include <doctest/doctest.h>

#include <cstdlib>
#include <functional>
#include <new>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/storage.hpp"
#include "nn/layers/activation.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"

// A program of its own: its operator new fails when it is told to. Every allocation of a training step fails in turn;
// each time nothing must have changed, and the step that is tried again must give the bits of one that never failed.

namespace {

/// Blocks that were allocated and not freed.
std::int64_t blocks = 0;
/// The number of the allocation that fails, counted from now on, as do all after it, since the pool tries twice; 0 for
/// none.
std::int64_t failing = 0;
bool exhausted = false;

void* counted(void* block) {
  if (failing > 0 && --failing == 0) exhausted = true;
  if (exhausted) {
    std::free(block);
    throw std::bad_alloc();
  }
  if (!block) throw std::bad_alloc();
  ++blocks;
  return block;
}

void release(void* block) {
  if (!block) return;
  --blocks;
  std::free(block);
}

}  // namespace

void* operator new(std::size_t bytes) { return counted(std::malloc(bytes)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto line = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(line, (bytes + line - 1) / line * line));
}
void operator delete(void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete(void* block, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { release(block); }

using namespace xg;

namespace {

/// While it lives the pool asks the system for every block.
struct NoCache {
  NoCache() { pool::set_cache_limit(0); }
  ~NoCache() { pool::set_cache_limit(std::size_t{1} << 30); }
};

/// What is taken at a moment.
struct Memory {
  std::int64_t blocks_now = blocks;
  std::size_t bytes = pool::statistics().used_bytes;
  bool operator==(const Memory&) const = default;
};

/// Calls `f` with the n-th allocation failing. True if it failed; false if there are not so many.
template <class F>
bool fails(std::int64_t n, const F& f) {
  failing = n;
  try {
    f();
    const bool swallowed = std::exchange(exhausted, false);
    failing = 0;
    CHECK_FALSE(swallowed);
    return false;
  } catch (const std::bad_alloc&) {
  } catch (const MemoryError&) {
  }
  failing = 0;
  exhausted = false;
  return true;
}

/// What a step must leave alone if it fails.
struct Snapshot {
  std::vector<Array> values, gradients;
  std::int64_t iterations = 0;
  double penalty = 0;

  explicit Snapshot(nn::Model& model) : values(weights(model)) {
    for (const auto& parameter : model.parameters()) {
      const Tensor gradient = parameter.value.grad();
      gradients.push_back(gradient.defined() ? gradient.array().clone() : Array::zeros({}));
    }
    if (model.compiled()) iterations = model.optimizer().iterations();
    penalty = model.penalty().item();
  }
  bool operator==(const Snapshot& other) const {
    return same_weights(values, other.values) && same_weights(gradients, other.gradients) &&
           iterations == other.iterations && penalty == other.penalty;
  }
  friend std::ostream& operator<<(std::ostream& out, const Snapshot& shot) {
    for (const auto* arrays : {&shot.values, &shot.gradients})
      for (const Array& array : *arrays) out << array << '\n';
    return out << shot.iterations << " iterations, penalty " << shot.penalty;
  }
};

const Tensor x = Generator(5).normal({6, 7}), y = Generator(6).uniform({6, 3}, 0.1, 1);

nn::Sequential network(std::int64_t input_dim) {
  manual_seed(9);
  return {nn::Dense({.units = 5, .input_dim = input_dim, .activation = "tanh", .kernel_regularizer = nn::l2(0.01)}),
          nn::Dropout(0.4),
          nn::Dense({.units = 4,
                     .activation = "relu",
                     .kernel_regularizer = nn::l1(0.01),
                     .bias_regularizer = nn::l2(0.1),
                     .activity_regularizer = nn::l2(0.02)}),
          nn::Dense({.units = 3, .activation = "softmax"})};
}

using MakeOptimizer = std::function<nn::OptimizerChoice()>;

const std::vector<std::pair<const char*, MakeOptimizer>>& optimizers() {
  static const std::vector<std::pair<const char*, MakeOptimizer>> table{
      {"SGD", [] { return nn::OptimizerChoice(nn::SGD({.learning_rate = 0.1})); }},
      {"momentum", [] { return nn::OptimizerChoice(nn::SGD({.learning_rate = 0.1, .momentum = 0.9})); }},
      {"Adam", [] { return nn::OptimizerChoice(nn::Adam({.learning_rate = 0.1})); }},
  };
  return table;
}

nn::Sequential compiled(const MakeOptimizer& make, std::int64_t input_dim) {
  nn::Sequential model = network(input_dim);
  model.compile({.optimizer = make(), .loss = "categorical_crossentropy", .metrics = {"accuracy", "mse"}});
  return model;
}

/// Fails every allocation of the step that follows `warm` others.
void check_steps(const MakeOptimizer& make, std::int64_t input_dim, int warm) {
  const NoCache every_block_counts;
  const auto prepared = [&] {
    nn::Sequential model = compiled(make, input_dim);
    for (int step = 0; step < warm; ++step) model.train_on_batch(x, y);
    return model;
  };
  nn::Sequential reference = prepared();
  const double loss = reference.train_on_batch(x, y).loss;
  const Snapshot after(reference);
  reference.train_on_batch(x, y);
  const Snapshot later(reference);
  std::int64_t n = 1;
  for (bool failed = true; failed; ++n) {
    CAPTURE(n);
    nn::Sequential model = prepared();
    const Snapshot before(model);
    const Memory memory;
    failed = fails(n, [&] { model.train_on_batch(x, y); });
    const Memory left;
    if (failed) {
      if (warm > 0) REQUIRE(left == memory);
      REQUIRE(Snapshot(model) == before);
      REQUIRE(model.training());
      REQUIRE(model.train_on_batch(x, y).loss == loss);
    }
    REQUIRE(Snapshot(model) == after);
    model.train_on_batch(x, y);
    REQUIRE(Snapshot(model) == later);
  }
  CHECK(n > 100);
}

}  // namespace

TEST_CASE("failures: a training step that runs out of memory anywhere changes nothing, and leaks nothing") {
  for (const auto& [name, make] : optimizers()) {
    CAPTURE(std::string(name));
    check_steps(make, 7, 2);
  }
}

TEST_CASE("failures: so does the first step, which gives the optimizer its parameters and makes its state") {
  for (const auto& [name, make] : optimizers()) {
    CAPTURE(std::string(name));
    check_steps(make, 7, 0);
  }
}

TEST_CASE("failures: so does the first step of a model whose layers it builds") {
  check_steps(optimizers()[2].second, 0, 0);
}

TEST_CASE("failures: whatever failed, all memory comes back with the model") {
  const NoCache every_block_counts;
  const auto life = [](std::int64_t n) {
    nn::Sequential model = compiled(optimizers()[2].second, 0);
    const bool failed = fails(n, [&] { model.train_on_batch(x, y); });
    return failed;
  };
  life(0);
  const Memory before;
  std::int64_t n = 1;
  while (life(n)) {
    CAPTURE(n);
    ++n;
    REQUIRE(Memory() == before);
  }
  CHECK(n > 100);
}

TEST_CASE("failures: gradients from before a failed step are still there") {
  const NoCache every_block_counts;
  for (std::int64_t n = 1;; n += 7) {
    nn::Sequential model = compiled(optimizers()[1].second, 7);
    model.train_on_batch(x, y);
    for (auto& parameter : model.parameters()) parameter.value.set_grad(ones(parameter.value.shape()));
    const Snapshot before(model);
    if (!fails(n, [&] { model.train_on_batch(x, y); })) break;
    CAPTURE(n);
    REQUIRE(Snapshot(model) == before);
  }
}

TEST_CASE("failures: an optimizer's step by hand changes nothing unless it is made") {
  const NoCache every_block_counts;
  for (const auto& [name, make] : optimizers())
    for (const bool with_penalties : {false, true})
      for (const bool is_view : {false, true}) {
        CAPTURE(std::string(name));
        const auto optimizer = make().get();
        const Array whole = Generator(1).normal({8, 6});
        Tensor w = Tensor(is_view ? whole.transposed() : whole).set_requires_grad();
        Tensor v = Tensor(Generator(2).normal({5})).set_requires_grad();
        optimizer->attach({{"w", w, nn::l2(0.1)}, {"v", v, nn::l2(0.1)}});
        const auto step = [&] {
          if (with_penalties)
            optimizer->step_with_penalties();
          else
            optimizer->step();
        };
        for (int round = 0; round < 2; ++round) {
          w.set_grad(ones(w.shape()));
          v.set_grad(ones(v.shape()));
          const Array before = whole.clone(), other = v.array().clone();
          const auto version = whole.version();
          std::int64_t n = 1;
          for (; fails(n, step); ++n) {
            CAPTURE(n);
            REQUIRE(same_bits(whole, before));
            REQUIRE(same_bits(v.array(), other));
            REQUIRE(whole.version() == version);
            REQUIRE(optimizer->iterations() == round);
            REQUIRE(w.grad().defined());
          }
          CHECK(n > 1);
          CHECK_FALSE(same_bits(whole, before));
          CHECK(optimizer->iterations() == round + 1);
        }
      }
}

TEST_CASE("failures: fit that runs out of memory leaves the model as its steps so far made it") {
  const NoCache every_block_counts;
  const nn::FitOptions options{.batch_size = 2, .verbose = 0, .shuffle = false};
  std::vector<std::vector<Array>> expected;
  struct Collect : nn::Callback {
    std::vector<std::vector<Array>>& values;
    explicit Collect(std::vector<std::vector<Array>>& target) : values(target) {}
    void on_batch_end(nn::TrainingRun& run, std::int64_t, std::int64_t, const nn::Logs&) override {
      values.push_back(weights(run.model));
    }
  } collect(expected);
  nn::Sequential reference = compiled(optimizers()[2].second, 7);
  expected.push_back(weights(reference));
  nn::FitOptions watched = options;
  watched.callbacks = {std::ref(collect)};
  reference.fit(x, y, watched);
  REQUIRE(expected.size() == 4);
  std::vector<int> stopped_after(4);
  for (std::int64_t n = 1;; n += 3) {
    CAPTURE(n);
    nn::Sequential model = compiled(optimizers()[2].second, 7);
    const bool failed = fails(n, [&] { model.fit(x, y, options); });
    const auto steps = static_cast<std::size_t>(model.optimizer().iterations());
    REQUIRE(same_weights(weights(model), expected.at(steps)));
    REQUIRE(model.training());
    for (const auto& parameter : model.parameters()) REQUIRE_FALSE(parameter.value.grad().defined());
    ++stopped_after[steps];
    if (!failed) break;
  }
  for (const int count : stopped_after) CHECK(count > 0);
}

TEST_CASE("failures: layers are built entirely or not at all") {
  const NoCache every_block_counts;
  const auto built = [](nn::Module& model, std::int64_t n) { return !fails(n, [&] { model.build_for({7}); }); };
  const auto make = [] {
    manual_seed(4);
    return nn::Sequential{nn::Dense({.units = 5}), nn::Activation("tanh"), nn::Dense({.units = 4})};
  };
  nn::Sequential reference = make();
  REQUIRE(built(reference, 0));
  std::int64_t n = 1;
  for (;; ++n) {
    CAPTURE(n);
    nn::Sequential model = make();
    if (built(model, n)) break;
    REQUIRE(model.parameters().empty());
    REQUIRE_FALSE(model.input_shape());
    REQUIRE(built(model, 0));
    REQUIRE(same_weights(weights(model), weights(reference)));
  }
  CHECK(n > 10);
}

TEST_CASE("failures: the test is not blind") {
  CHECK(fails(1, [] { ::operator delete(::operator new(1)); }));
  CHECK_FALSE(fails(2, [] { ::operator delete(::operator new(1)); }));
  const NoCache every_block_counts;
  CHECK(fails(1, [] { ones({3}); }));
}
