#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"
#include "xgrad.hpp"

// What users register. Names stay known for the rest of the program: theirs begin with "users_".

using namespace xg;
using nn::Spec;

namespace {

const Tensor x = Generator(1).normal({3, 4}), y = Generator(2).normal({3, 4});

struct Scaling {
  double factor = 2;
  std::vector<double> weights = {};

  void visit(nn::Arguments& arguments) { arguments("factor", factor)("weights", weights); }
};

/// Minus the gradient, times a factor.
struct Plain : nn::Optimizer {
  explicit Plain(double scale) : Optimizer("Plain", 1, std::source_location::current()), factor(scale) {}
  void update(Array& parameter, const Array& gradient, State&) override {
    for (std::int64_t i = 0; i < parameter.size(); ++i)
      parameter.data<float>()[i] -= static_cast<float>(factor) * gradient.data<float>()[i];
  }

  double factor;
};

struct StopAt : nn::Callback {
  void on_epoch_end(nn::TrainingRun& run, int now, const nn::Logs&) override { run.stop = now == epoch; }

  int epoch = 0;
};

}  // namespace

TEST_CASE("registered choices: functions without arguments") {
  nn::register_choice<nn::ActivationFunction>("users_double", [](const Tensor& z) { return z * 2.0; });
  nn::register_choice<nn::Regularizer>(std::string("users_sum"), [](const Tensor& w) { return sum(w); });
  nn::register_choice<nn::Initializer>(
      "users_sevens", [](const Shape& shape, DType dtype, Generator&) { return Array::full(shape, 7, dtype); });
  nn::register_choice<nn::Loss>("users_difference", [](const Tensor& t, const Tensor& p) { return mean(p - t); });
  nn::register_choice<nn::MetricChoice>("users_bias", [](const Tensor& t, const Tensor& p) { return mean(p - t); });
  CHECK(numbers(nn::ActivationFunction("users_double")(x)) == numbers(x * 2.0));
  CHECK(nn::Regularizer("users_sum")(x).item() == sum(x).item());
  Generator generator(1);
  CHECK(numbers(nn::Initializer("users_sevens")({2}, float32, generator)) == Numbers{7, 7});
  CHECK(nn::Loss("users_difference")(y, x).item() == mean(x - y).item());
  nn::Metric bias = nn::MetricChoice("users_bias").make("mse", 4);
  bias.update(y, x);
  CHECK(bias.result() == mean(x - y).item());
  CHECK(bias.name() == "users_bias");
  const nn::MetricChoice renamed = Spec{"users_bias", {{"name", "bias"}}};
  CHECK(renamed.name() == "bias");
  CHECK(renamed.spec() == Spec{"users_bias", {{"name", "bias"}}});
  for (const Spec& spec : {nn::ActivationFunction("users_double").spec(), nn::Regularizer("users_sum").spec(),
                           nn::Initializer("users_sevens").spec(), nn::Loss("users_difference").spec(),
                           nn::MetricChoice("users_bias").spec()})
    CHECK(spec.arguments.empty());
}

TEST_CASE("registered choices: makers with arguments") {
  nn::register_choice<nn::Loss>("users_scaled", [](nn::Arguments& arguments) -> nn::Loss {
    const auto scaling = nn::options_from<Scaling>(arguments);
    double sum_of_weights = 1;
    for (const double weight : scaling.weights) sum_of_weights += weight;
    return
        [factor = scaling.factor * sum_of_weights](const Tensor& t, const Tensor& p) { return mean(p - t) * factor; };
  });
  CHECK(to_string(nn::Loss("users_scaled").spec()) == "users_scaled(factor=2, weights=[])");
  const nn::Loss loss = Spec{"users_scaled", {{"weights", nn::SpecValue::List{1, 0.5}}}};
  CHECK(to_string(loss.spec()) == "users_scaled(factor=2, weights=[1, 0.5])");
  CHECK(loss(y, x).item() == (mean(x - y) * 5.0).item());
  CHECK(nn::Loss(loss.spec())(y, x).item() == loss(y, x).item());
  CHECK_ERROR(ValueError, nn::Loss(Spec{"users_scaled", {{"weight", 1}}}),
              "users_scaled: unknown argument 'weight': known are factor, weights");
  CHECK_ERROR(ValueError, nn::Loss(Spec{"users_scaled", {{"weights", nn::SpecValue::List{"a"}}}}),
              "users_scaled: the argument 'weights' must be a list of numbers, got [\"a\"]");
  CHECK_ERROR(ValueError, nn::Loss(Spec{"users_scaled", {{"weights", 1}}}),
              "users_scaled: the argument 'weights' must be a list of numbers, got 1");
}

TEST_CASE("registered choices: something of the library's under another name") {
  nn::register_choice<nn::Regularizer>("users_weak", [](nn::Arguments&) { return nn::l2(1e-5); });
  CHECK(to_string(nn::Regularizer("users_weak").spec()) == "users_weak");
  CHECK(nn::Regularizer("users_weak")(x).item() == nn::l2(1e-5)(x).item());
  nn::register_choice<nn::MetricChoice>("users_hits",
                                        [](nn::Arguments&) { return nn::Metric("hits", nn::binary_matches); });
  CHECK(nn::MetricChoice("users_hits").name() == "hits");
  CHECK(to_string(nn::MetricChoice("users_hits").spec()) == "users_hits");
}

TEST_CASE("registered choices: each optimizer and each callback is its own") {
  nn::register_choice<nn::OptimizerChoice>("users_plain", [](nn::Arguments& arguments) {
    double factor = 1;
    arguments("factor", factor);
    return Plain(factor);
  });
  nn::register_choice<nn::CallbackChoice>("users_stop", [](nn::Arguments& arguments) {
    StopAt stop;
    arguments("epoch", stop.epoch);
    return stop;
  });
  const Spec plain{"users_plain", {{"factor", 0.5}}}, stop{"users_stop", {{"epoch", 2}}};
  CHECK(nn::OptimizerChoice(plain).spec() == plain);
  CHECK(nn::CallbackChoice(stop).spec() == stop);
  CHECK(nn::OptimizerChoice(plain).get() != nn::OptimizerChoice(plain).get());
  CHECK(nn::CallbackChoice(stop).get() != nn::CallbackChoice(stop).get());
  nn::Sequential model{nn::Dense({.units = 1, .input_dim = 1, .use_bias = false, .kernel_initializer = "ones"})};
  model.compile({.optimizer = plain, .loss = [](const Tensor&, const Tensor& p) { return mean(p); }});
  const auto history = model.fit(ones({1, 1}), ones({1, 1}), {.epochs = 9, .verbose = 0, .callbacks = {stop}});
  CHECK(history["loss"] == Numbers{1, 0.5, 0});
}

TEST_CASE("registered choices: a function as a callback") {
  static int calls = 0;
  nn::register_choice<nn::CallbackChoice>("users_counting", [](nn::TrainingRun&, int, const nn::Logs&) { ++calls; });
  nn::Sequential model{nn::Dense({.units = 1, .input_dim = 1})};
  model.compile({.optimizer = "sgd", .loss = "mse"});
  model.fit(ones({1, 1}), ones({1, 1}), {.epochs = 3, .verbose = 0, .callbacks = {"users_counting"}});
  CHECK(calls == 3);
}

TEST_CASE("registered choices: names that cannot be taken, and functions that are none") {
  const auto identity = [](const Tensor& z) { return z; };
  const auto difference = [](const Tensor& t, const Tensor& p) { return t - p; };
  const char* const none = nullptr;
  CHECK_ERROR(ValueError, nn::register_choice<nn::ActivationFunction>("relu", identity),
              "register_choice: the activation 'relu' is known already");
  CHECK_ERROR(ValueError, nn::register_choice<nn::Loss>("mse", difference),
              "register_choice: the loss 'mse' is known already");
  nn::register_choice<nn::Loss>("users_once", difference);
  CHECK_ERROR(ValueError, nn::register_choice<nn::Loss>("users_once", difference),
              "register_choice: the loss 'users_once' is known already");
  CHECK_ERROR(ValueError, nn::register_choice<nn::Loss>("custom", difference),
              "register_choice: 'custom' is the name of all that is not registered");
  CHECK_ERROR(ValueError, nn::register_choice<nn::Loss>("", difference), "register_choice: an empty name was given");
  CHECK_ERROR(ValueError, nn::register_choice<nn::Loss>(none, difference), "lookup: a null name was given");
  CHECK_ERROR(ValueError, nn::register_choice<nn::Loss>("users_null", nn::Loss::Function()),
              "loss: a null function was given");
  CHECK_ERROR(ValueError, nn::register_choice<nn::Loss>("users_null", std::function<nn::Loss(nn::Arguments&)>()),
              "loss: a null function was given");
  const std::string message = message_of<ValueError>([] { nn::Loss("users_null"); });
  CHECK(message.find("unknown loss 'users_null': known are categorical_crossentropy, ") == 0);
  CHECK(message.find(", mae, ") != std::string::npos);
  CHECK(message.find(", users_once") != std::string::npos);
}

TEST_CASE("registered choices: errors in a function name its line, those in a maker the line of the choice") {
  unsigned line = 0;
  nn::register_choice<nn::ActivationFunction>("users_wrong", [&](const Tensor& z) {
    line = __LINE__ + 1;
    return z + zeros({5});
  });
  const Tensor z = zeros({2, 4});
  const nn::ActivationFunction wrong = "users_wrong";
  const auto message_in = [&](auto call) { return message_of<ShapeError>(call); };
  const std::string text = message_in([&] { nn::Sequential{nn::Activation(wrong)}(z); });
  CHECK(text.ends_with(at_line("", __FILE__, line)));
  nn::register_choice<nn::Regularizer>("users_negative", [](nn::Arguments&) { return nn::l2(-1); });
  CHECK_ERROR(ValueError, nn::Regularizer("users_negative"), "l2: the factor must be at least 0, got -1");
}

TEST_CASE("registered choices: from many threads at once") {
  std::atomic<int> taken = 0, wrong = 0;
  const auto work = [&](int thread) {
    for (int i = 0; i < 20; ++i) {
      const std::string number = std::to_string(i), shared = "users_shared_" + number;
      const std::string own = "users_thread_" + std::to_string(thread) + "_" + number;
      nn::register_choice<nn::Regularizer>(own, [](nn::Arguments& arguments) {
        double factor = 1;
        arguments("factor", factor);
        return nn::l1(factor);
      });
      try {
        nn::register_choice<nn::Regularizer>(shared, [](const Tensor& w) { return sum(w); });
      } catch (const ValueError&) {
        ++taken;
      }
      const Spec spec{own, {{"factor", i}}};
      wrong += nn::Regularizer(spec).spec() != spec || nn::Regularizer(shared).name() != shared;
      wrong += nn::Regularizer("l2").spec() != nn::l2().spec();
    }
  };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) threads.emplace_back(work, thread);
  for (auto& thread : threads) thread.join();
  CHECK(taken == 7 * 20);
  CHECK(wrong == 0);
}
