#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"

// One model, many threads.

using namespace xg;
using nn::Dense;

namespace {

constexpr int thread_count = 8;

/// Calls f(0), f(1), ... in threads of their own that begin at once. The first exception is passed on.
void at_once(const std::function<void(int)>& f) {
  std::barrier start(thread_count);
  std::exception_ptr failure;
  std::mutex failing;
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i)
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      try {
        f(i);
      } catch (...) {
        const std::lock_guard lock(failing);
        failure = std::current_exception();
      }
    });
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}

/// Adds a buffer that it is told the size of by the first sample, and a child that it makes then.
struct Shift : nn::Layer {
  nn::Buffer shift;
  nn::Dropout* dropout = nullptr;
  void build(const Shape& sample) override {
    shift = buffer("shift", full({sample.back()}, 0.25));
    dropout = &add(nn::Dropout(0.5));
  }
  Tensor forward(const Tensor& x) override { return (*dropout)(x + shift); }
  std::string type() const override { return "Shift"; }
  std::optional<Shape> output_shape(const Shape& sample) const override { return sample; }
};

nn::Sequential network() {
  manual_seed(7);
  nn::Sequential model{
      nn::Sequential{Dense({.units = 8, .activation = "tanh", .kernel_regularizer = nn::l2(0.01)}), nn::Dropout(0.5)},
      Shift(), Dense({.units = 4, .activation = "relu", .activity_regularizer = nn::l2(0.1)}),
      nn::Sequential{nn::Sequential{nn::Dropout(0.3), Dense({.units = 2, .activation = "softmax"})}}};
  model.compile(
      {.optimizer = nn::SGD({.learning_rate = 0.1}), .loss = "sparse_categorical_crossentropy", .metrics = {"acc"}});
  return model;
}

Tensor samples(int which) { return Generator(static_cast<std::uint64_t>(which) + 1).normal({which % 3 + 1, 5}); }
Tensor labels(int which) { return Generator(static_cast<std::uint64_t>(which) + 1).integers({which % 3 + 1}, 0, 2); }

bool all_in_training(const nn::Module& model) {
  const auto modules = model.modules();
  return std::all_of(modules.begin(), modules.end(), [](const nn::Module* module) { return module->mode(); });
}

const nn::EvaluateOptions quiet{.verbose = 0};

}  // namespace

TEST_CASE("threads: 1,000 predictions in each of eight are those of one, and the model stays in training") {
  nn::Sequential net = network();
  net.build_for({5});
  const nn::Sequential& shared = net;
  std::vector<Array> expected;
  for (int i = 0; i < thread_count; ++i) expected.push_back(shared.predict(samples(i)).array());
  std::atomic<int> wrong = 0;
  CHECK(all_in_training(shared));
  at_once([&](int i) {
    const Tensor x = samples(i);
    for (int call = 0; call < 1000; ++call)
      if (!same_bits(shared.predict(x).array(), expected[static_cast<std::size_t>(i)])) ++wrong;
  });
  CHECK(wrong.load() == 0);
  CHECK(all_in_training(shared));
}

TEST_CASE("threads: calls in evaluation mode, evaluate() and predict() with one another") {
  nn::Sequential net = network();
  net.build_for({5});
  net.eval();
  const nn::Sequential& shared = net;
  struct Expected {
    Array y;
    double loss, accuracy, penalty;
  };
  std::vector<Expected> expected;
  for (int i = 0; i < thread_count; ++i) {
    const auto score = shared.evaluate(samples(i), labels(i), quiet);
    const Tensor y = shared(samples(i));
    expected.push_back({y.array(), score.loss, score["acc"], shared.penalty().item()});
  }
  std::atomic<int> wrong = 0;
  at_once([&](int i) {
    const Tensor x = samples(i), y = labels(i);
    const Expected& mine = expected[static_cast<std::size_t>(i)];
    for (int call = 0; call < 100; ++call) {
      const Tensor out = shared(x);
      const auto score = shared.evaluate(x, y, quiet);
      const Tensor predicted = shared.predict(x);
      // evaluate() and predict() leave the penalties of the call alone.
      if (!same_bits(out.array(), mine.y) || !same_bits(predicted.array(), mine.y) || score.loss != mine.loss ||
          score["acc"] != mine.accuracy || shared.penalty().item() != mine.penalty)
        ++wrong;
    }
  });
  CHECK(wrong.load() == 0);
  CHECK_FALSE(net.mode());
}

TEST_CASE("threads: each has the penalties and the gradients of its own pass") {
  nn::Sequential net = network();
  net.build_for({5});
  net.eval();
  net.freeze("sequential_1.*");
  net.freeze("sequential_2.*");
  net.freeze("dense_1.*");
  const auto pass = [&](int i, const nn::Sequential& model) {
    Tensor x = samples(i);
    x.set_requires_grad();
    const Tensor y = model(x);
    const Tensor penalty = model.penalty();
    (sum(y * y) + penalty).backward();
    return std::tuple(penalty.item(), model.pass_penalties().size(), numbers(x.grad()));
  };
  std::vector<std::tuple<double, std::size_t, Numbers>> expected;
  for (int i = 0; i < thread_count; ++i) expected.push_back(pass(i, net));
  CHECK(expected[0] != expected[3]);
  std::atomic<int> wrong = 0;
  at_once([&](int i) {
    for (int call = 0; call < 50; ++call)
      if (pass(i, net) != expected[static_cast<std::size_t>(i)]) ++wrong;
  });
  CHECK(wrong.load() == 0);
}

TEST_CASE("threads: the first pass of an unbuilt model may be made by all of them at once") {
  for (const int way : {0, 1, 2}) {
    CAPTURE(way);
    const auto call = [&](const nn::Sequential& model, int i) {
      if (way == 0) return model.predict(samples(i)).array();
      if (way == 1) return Tensor(model.evaluate(samples(i), labels(i), quiet).loss).array();
      const NoGrad values_only;
      return model(samples(i)).array();
    };
    nn::Sequential alone = network();
    if (way == 2) alone.eval();
    std::vector<Array> expected;
    for (int i = 0; i < thread_count; ++i) expected.push_back(call(alone, i));
    for (int round = 0; round < 5; ++round) {
      nn::Sequential net = network();
      if (way == 2) net.eval();
      const nn::Sequential& shared = net;
      std::atomic<int> wrong = 0;
      at_once([&](int i) {
        // What this thread did before has left penalties to look through.
        nn::Sequential other = network();
        other(samples(i));
        for (int again = 0; again < 3; ++again)
          if (!same_bits(call(shared, i), expected[static_cast<std::size_t>(i)])) ++wrong;
      });
      CHECK(wrong.load() == 0);
      CHECK(same_weights(weights(net), weights(alone)));
      CHECK(net.parameters().size() == 6);
      CHECK(net.buffers().size() == 1);
      CHECK(net.first_output_shape());
    }
  }
}

TEST_CASE("threads: a layer that was added later is built by one of them while the others are in the layers before") {
  for (int round = 0; round < 5; ++round) {
    nn::Sequential net = network(), alone = network();
    for (nn::Sequential* each : {&net, &alone}) {
      each->predict(samples(0));
      manual_seed(3);
      each->add(nn::Sequential{Shift(), nn::Dropout(0.5), Dense({.units = 3})});
    }
    const nn::Sequential& shared = net;
    std::vector<Array> expected;
    for (int i = 0; i < thread_count; ++i) expected.push_back(alone.predict(samples(i)).array());
    std::atomic<int> wrong = 0;
    at_once([&](int i) {
      if (!same_bits(shared.predict(samples(i)).array(), expected[static_cast<std::size_t>(i)])) ++wrong;
      if (shared.parameters().size() != 8) ++wrong;
    });
    CHECK(wrong.load() == 0);
  }
}

TEST_CASE("threads: a first pass that fails in one of them is that of another") {
  nn::Sequential alone = network();
  const nn::Sequential& reference = alone;
  std::vector<Array> expected;
  for (int i = 0; i < thread_count; ++i) expected.push_back(reference.predict(samples(i)).array());
  for (int round = 0; round < 10; ++round) {
    nn::Sequential net = network();
    std::atomic<int> refusals = 4;
    net.children()[2].second->register_forward_hook([&](nn::Module&, const Tensor&, const Tensor&) {
      if (refusals.fetch_sub(1) > 0) throw std::runtime_error("refused");
      return Tensor();
    });
    const nn::Sequential& shared = net;
    std::atomic<int> refused = 0, wrong = 0;
    at_once([&](int i) {
      try {
        if (!same_bits(shared.predict(samples(i)).array(), expected[static_cast<std::size_t>(i)])) ++wrong;
      } catch (const std::runtime_error&) {
        ++refused;
      }
    });
    CHECK(refused.load() == 4);
    CHECK(wrong.load() == 0);
    CHECK(same_weights(weights(net), weights(alone)));
  }
}

TEST_CASE("threads: samples that do not fit are an error in their thread alone") {
  nn::Sequential net = network();
  const nn::Sequential& shared = net;
  std::atomic<int> built_for_5 = 0, built_for_6 = 0;
  at_once([&](int i) {
    try {
      shared.predict(ones({2, i % 2 == 0 ? 5 : 6}));
      ++(i % 2 == 0 ? built_for_5 : built_for_6);
    } catch (const ShapeError&) {
    }
  });
  // Whoever came first has said what fits.
  CHECK(std::min(built_for_5.load(), built_for_6.load()) == 0);
  CHECK(std::max(built_for_5.load(), built_for_6.load()) == thread_count / 2);
}

TEST_CASE("threads: models of their own are built and trained beside one another") {
  const SignProblem data(24);
  const auto run = [&] {
    nn::Sequential model{Dense({.units = 6, .activation = "tanh"}), nn::Dropout(0.0),
                         Dense({.units = 2, .activation = "softmax"})};
    return model;
  };
  const auto train = [&](nn::Sequential& model) {
    model.compile({.optimizer = "adam", .loss = "sparse_categorical_crossentropy"});
    model.fit(data.x, data.labels, {.batch_size = 8, .epochs = 2, .verbose = 0, .shuffle = false});
  };
  std::vector<nn::Sequential> models;
  std::vector<std::vector<Array>> expected;
  for (int i = 0; i < thread_count; ++i) {
    manual_seed(static_cast<std::uint64_t>(i));
    nn::Sequential model = run();
    train(model);
    expected.push_back(weights(model));
    manual_seed(static_cast<std::uint64_t>(i));
    models.push_back(run());
  }
  std::atomic<int> wrong = 0;
  at_once([&](int i) {
    const auto place = static_cast<std::size_t>(i);
    train(models[place]);
    if (!same_weights(weights(models[place]), expected[place])) ++wrong;
  });
  CHECK(wrong.load() == 0);
}
