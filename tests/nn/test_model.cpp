#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops/activation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/linalg.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/parallel.hpp"
#include "lib/random.hpp"
#include "nn/callbacks/early_stopping.hpp"
#include "nn/data/batches.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/dropout.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/sequential.hpp"
#include "tests/autograd/check_error.hpp"
#include "tests/nn/support.hpp"

using namespace xg;
using doctest::Approx;
using nn::Dense;

namespace {

std::vector<Array> weights(const nn::Module& module) {
  std::vector<Array> values;
  for (const auto& parameter : module.parameters()) values.push_back(parameter.value.array().clone());
  return values;
}

bool same_weights(const std::vector<Array>& a, const std::vector<Array>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same_bits);
}

/// Two numbers a sample, and their class: 1 where they have the same sign. No line separates the classes.
struct SignProblem {
  Tensor x, labels;
  explicit SignProblem(std::int64_t count, std::uint64_t seed = 1) : x(Generator(seed).uniform({count, 2}, -1, 1)) {
    const Numbers values = numbers(x);
    std::vector<std::int64_t> classes;
    for (std::size_t i = 0; i < values.size(); i += 2) classes.push_back(values[i] * values[i + 1] > 0);
    labels = Array::from(classes, {count});
  }
};

nn::Sequential sign_network(double dropout = 0) {
  return {Dense({.units = 32, .input_dim = 2, .activation = "tanh"}), nn::Dropout(dropout),
          Dense({.units = 2, .activation = "softmax"})};
}

/// A linear model that writes down the samples it sees.
struct Recorder : nn::Model {
  Dense& layer = add(Dense({.units = 1, .input_dim = 1, .kernel_initializer = "ones"}));
  Numbers trained, evaluated;

  Tensor forward(const Tensor& x) override {
    auto& seen = training() ? trained : evaluated;
    for (const double value : numbers(x)) seen.push_back(value);
    return layer(x);
  }
};

/// 0, 1, ..., count - 1 as one column.
Tensor column(std::int64_t count) { return Tensor(arange(count).array().astype(float32).reshape({count, 1})); }

/// A model of one weight whose losses are given, epoch by epoch, while the weight grows by 1 each epoch.
struct Scripted : nn::Sequential {
  Dense& layer = add(Dense({.units = 1, .input_dim = 1, .use_bias = false, .kernel_initializer = "zeros"}));

  explicit Scripted(Numbers losses) {
    compile({.optimizer = nn::SGD({.learning_rate = 1}),
             .loss = [losses, epoch = std::size_t{0}](const Tensor&, const Tensor& p) mutable {
               return sum(p.detach()) - sum(p) + losses.at(epoch++);
             }});
  }
  nn::History run(std::vector<nn::CallbackChoice> callbacks, int epochs) {
    return fit(ones({1, 1}), ones({1, 1}), {.epochs = epochs, .verbose = 0, .callbacks = std::move(callbacks)});
  }
  double weight() const { return (*this)["dense_1.kernel"].item(); }
};

/// Writes down what it is told.
struct Log : nn::Callback {
  std::vector<std::string>& lines;
  std::string name;
  explicit Log(std::vector<std::string>& target, std::string title = "") : lines(target), name(std::move(title)) {}

  static std::string text(const nn::Logs& logs) {
    std::string result;
    for (const auto& [figure, value] : logs) result += concat(' ', figure, '=', value);
    return result;
  }
  void on_train_begin(nn::TrainingRun& run) override {
    lines.push_back(concat(name, "begin ", run.epochs, ' ', run.samples, ' ', run.validation_samples));
  }
  void on_train_end(nn::TrainingRun&) override { lines.push_back(name + "end"); }
  void on_epoch_begin(nn::TrainingRun&, int epoch) override { lines.push_back(concat(name, "epoch ", epoch)); }
  void on_epoch_end(nn::TrainingRun&, int epoch, const nn::Logs& logs) override {
    lines.push_back(concat(name, "epoch ", epoch, " done", text(logs)));
  }
  void on_batch_begin(nn::TrainingRun&, std::int64_t batch) override { lines.push_back(concat(name, "batch ", batch)); }
  void on_batch_end(nn::TrainingRun&, std::int64_t batch, std::int64_t seen, const nn::Logs& logs) override {
    lines.push_back(concat(name, "batch ", batch, " done ", seen, text(logs)));
  }
};

}  // namespace

TEST_CASE("fit: learns what no line separates") {
  manual_seed(1);
  const SignProblem train(400), test(200, 2);
  auto model = sign_network();
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.5}),
                 .loss = "sparse_categorical_crossentropy",
                 .metrics = {"accuracy"}});
  const nn::History history = model.fit(train.x, train.labels, {.batch_size = 16, .epochs = 60, .verbose = 0});
  CHECK(history.epochs() == 60);
  CHECK(history["loss"].size() == 60);
  CHECK(history["accuracy"].size() == 60);
  CHECK(history["loss"].back() < history["loss"].front() / 4);
  CHECK(history["accuracy"].back() > 0.97);
  const nn::Score score = model.evaluate(test.x, test.labels, {.verbose = 0});
  CHECK(score["accuracy"] > 0.95);
  CHECK(score["loss"] == score.loss);
}

TEST_CASE("fit: with Adam, dropout, penalties and one-hot labels") {
  manual_seed(1);
  const SignProblem train(400);
  nn::Sequential model{
      Dense({.units = 48, .input_dim = 2, .activation = "relu", .kernel_regularizer = nn::l2(1e-4)}),
      nn::Dropout(0.1),
      Dense({.units = 2,
             .activation = "softmax",
             .kernel_regularizer = nn::l1(1e-4),
             .activity_regularizer = nn::l2(1e-4)}),
  };
  Tensor y = Tensor(Array::zeros({400, 2}));
  for (std::int64_t i = 0; i < 400; ++i)
    y.array().data<float>()[2 * i + train.labels.array().data<std::int64_t>()[i]] = 1;
  model.compile(
      {.optimizer = nn::Adam({.learning_rate = 0.01}), .loss = "categorical_crossentropy", .metrics = {"acc"}});
  model.fit(train.x, y, {.epochs = 40, .verbose = 0});
  CHECK(model.evaluate(train.x, y, {.verbose = 0})["accuracy"] > 0.95);
}

TEST_CASE("fit: the same seed gives the same bits, another seed others, for any number of threads") {
  const Tensor x = Generator(1).uniform({150, 500}), labels = Generator(2).integers({150}, 0, 2);
  const auto run = [&](std::uint64_t seed, int threads) {
    manual_seed(seed);
    set_num_threads(threads);
    nn::Sequential model{Dense({.units = 300, .activation = "tanh", .kernel_regularizer = nn::l2(1e-3)}),
                         nn::Dropout(0.3), Dense({.units = 2, .activation = "softmax"})};
    model.compile({.optimizer = nn::SGD({.learning_rate = 0.01, .momentum = 0.5}),
                   .loss = "sparse_categorical_crossentropy",
                   .metrics = {"accuracy"}});
    const auto history =
        model.fit(x, labels, {.batch_size = 50, .epochs = 4, .verbose = 0, .validation_split = 1.0 / 3});
    set_num_threads(0);
    return std::pair(history.all(), weights(model));
  };
  const auto [figures, values] = run(7, 1);
  CHECK(figures.size() == 4);
  for (const int threads : {1, 2, 3}) {
    const auto [again, same] = run(7, threads);
    CHECK(again == figures);
    CHECK(same_weights(same, values));
  }
  const auto [other, others] = run(8, 1);
  CHECK(other != figures);
  CHECK_FALSE(same_weights(others, values));
}

TEST_CASE("fit: one step is w -= rate times the gradient of the mean loss") {
  nn::Sequential model{Dense({.units = 1, .input_dim = 2, .kernel_initializer = "zeros"})};
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.1}), .loss = "mse"});
  const Tensor x{{1.0, 2.0}, {3.0, 4.0}}, y{{1.0}, {-1.0}};
  const auto score = model.train_on_batch(x, y);
  CHECK(score.loss == 1);
  CHECK(largest_difference(numbers(model["dense_1.kernel"]), {-0.2, -0.2}) < 1e-7);
  CHECK(numbers(model["dense_1.bias"]) == Numbers{0});
  // Without shuffling, fit takes the same steps.
  nn::Sequential other{Dense({.units = 1, .input_dim = 2, .kernel_initializer = "zeros"})};
  other.compile({.optimizer = nn::SGD({.learning_rate = 0.1}), .loss = "mse"});
  other.fit(x, y, {.batch_size = 2, .verbose = 0, .shuffle = false});
  CHECK(same_weights(weights(other), weights(model)));
  CHECK(other.optimizer().iterations() == 1);
}

TEST_CASE("fit: loss and metrics of a batch are from before its update") {
  manual_seed(1);
  const SignProblem data(50);
  auto model = sign_network();
  model.compile(
      {.optimizer = nn::SGD({.learning_rate = 1}), .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  for (int step = 0; step < 3; ++step) {
    const auto before = model.evaluate(data.x, data.labels, {.batch_size = 50, .verbose = 0});
    const auto during = model.train_on_batch(data.x, data.labels);
    CHECK(during.loss == before.loss);
    CHECK(during["accuracy"] == before["accuracy"]);
    CHECK(model.evaluate(data.x, data.labels, {.batch_size = 50, .verbose = 0}).loss != before.loss);
  }
}

TEST_CASE("fit: an epoch's figures are means over its samples, a short last batch weighs less") {
  // The rate is 0, so that the loss of each batch is known: errors 0, 1, 2, 3 and 4 squared, the last alone.
  Recorder model;
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mse", .metrics = {"mae"}});
  const Tensor x = column(5), y = zeros({5, 1});
  const auto history = model.fit(x, y, {.batch_size = 4, .verbose = 0, .shuffle = false});
  CHECK(history["loss"] == Numbers{(0 + 1 + 4 + 9 + 16) / 5.0});
  CHECK(history["mae"] == Numbers{2});
  // The mean of the batches' means would be (3.5 + 16) / 2.
  for (const std::int64_t size : {1, 2, 3, 4, 5, 100}) {
    const auto score = model.evaluate(x, y, {.batch_size = size, .verbose = 0});
    CHECK(score.loss == Approx(6).epsilon(1e-7));
    CHECK(score["mae"] == Approx(2).epsilon(1e-7));
  }
}

TEST_CASE("fit: golden, the running mean of Keras 2.2.4 over 60,000 samples") {
  nn::Sequential model{Dense({.units = 1, .input_dim = 1})};
  model.compile({.optimizer = "sgd", .loss = [batch = 0](const Tensor&, const Tensor& p) mutable {
                   return sum(p) * 0.0 + (batch++ < 2 ? 2.0 : 1.0);
                 }});
  CHECK(model.fit(ones({60000, 1}), ones({60000, 1}), {.verbose = 0})["loss"] == Numbers{1.0010666666666668});
}

TEST_CASE("fit: batches of the first axis, shuffled anew for each epoch, or in order") {
  const Tensor x = column(10);
  const auto orders = [&](bool shuffle) {
    manual_seed(2);
    Recorder model;
    model.compile({.optimizer = "sgd", .loss = [](const Tensor&, const Tensor& p) { return sum(p) * 0.0; }});
    model.fit(x, x, {.batch_size = 4, .epochs = 3, .verbose = 0, .shuffle = shuffle});
    std::vector<Numbers> epochs;
    for (auto at = model.trained.begin(); at != model.trained.end(); at += 10) epochs.emplace_back(at, at + 10);
    CHECK(epochs.size() == 3);
    return epochs;
  };
  const Numbers counted = numbers(x);
  CHECK(orders(false) == std::vector<Numbers>{counted, counted, counted});
  const auto shuffled = orders(true);
  CHECK(shuffled[0] != counted);
  CHECK(shuffled[1] != shuffled[0]);
  CHECK(shuffled[2] != shuffled[1]);
  for (Numbers epoch : shuffled) {
    std::sort(epoch.begin(), epoch.end());
    CHECK(epoch == counted);
  }
}

TEST_CASE("fit: validation_split keeps the last share, before any shuffling") {
  manual_seed(2);
  Recorder model;
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mse"});
  const Tensor x = column(10);
  const auto history =
      model.fit(x, zeros({10, 1}), {.batch_size = 3, .epochs = 2, .verbose = 0, .validation_split = 0.3});
  CHECK(model.evaluated == Numbers{7, 8, 9, 7, 8, 9});
  CHECK(model.trained.size() == 14);
  CHECK(*std::max_element(model.trained.begin(), model.trained.end()) == 6);
  for (std::size_t epoch = 0; epoch < 2; ++epoch) {
    CHECK(history["loss"][epoch] == Approx(91 / 7.0).epsilon(1e-7));
    CHECK(history["val_loss"][epoch] == Approx((49 + 64 + 81) / 3.0).epsilon(1e-7));
  }
  // int(10 * (1 - 0.25)) are trained on.
  Recorder other;
  other.compile({.optimizer = "sgd", .loss = "mse"});
  other.fit(x, zeros({10, 1}), {.verbose = 0, .validation_split = 0.25});
  CHECK(other.trained.size() == 7);
}

TEST_CASE("fit: validation data are evaluated after each epoch, in order, and win over a split") {
  manual_seed(2);
  const SignProblem train(60), test(45, 2);
  auto model = sign_network(0.5);
  model.compile({.optimizer = "adam", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  struct Check : nn::Callback {
    const SignProblem& test;
    explicit Check(const SignProblem& data) : test(data) {}
    void on_epoch_end(nn::TrainingRun& run, int, const nn::Logs& logs) override {
      CHECK(run.validation_samples == 45);
      CHECK(run.samples == 60);
      const auto score = run.model.evaluate(test.x, test.labels, {.verbose = 0});
      CHECK(logs["val_loss"] == score.loss);
      CHECK(logs["val_accuracy"] == score["accuracy"]);
    }
  };
  const auto history = model.fit(train.x, train.labels,
                                 {.epochs = 3,
                                  .verbose = 0,
                                  .callbacks = {Check(test)},
                                  .validation_split = 0.5,
                                  .validation_data = {test.x, test.labels}});
  std::vector<std::string> names;
  for (const auto& [name, values] : history.all()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"loss", "accuracy", "val_loss", "val_accuracy"});
}

TEST_CASE("fit: what callbacks are told, in which order") {
  Recorder model;
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mse"});
  std::vector<std::string> lines;
  model.fit(column(3), zeros({3, 1}),
            {.batch_size = 2,
             .epochs = 2,
             .verbose = 0,
             .callbacks = {Log(lines)},
             .validation_data = {column(2), zeros({2, 1})},
             .shuffle = false});
  CHECK(lines == std::vector<std::string>{
                     "begin 2 3 2",
                     "epoch 0",
                     "batch 0",
                     "batch 0 done 2 loss=0.5",
                     "batch 1",
                     "batch 1 done 3 loss=1.66667",
                     "epoch 0 done loss=1.66667 val_loss=0.5",
                     "epoch 1",
                     "batch 0",
                     "batch 0 done 2 loss=0.5",
                     "batch 1",
                     "batch 1 done 3 loss=1.66667",
                     "epoch 1 done loss=1.66667 val_loss=0.5",
                     "end",
                 });
}

TEST_CASE("fit: several callbacks are called in the order given; as objects, pointers or references") {
  Recorder model;
  model.compile({.optimizer = "sgd", .loss = "mse"});
  std::vector<std::string> lines;
  const auto shared = std::make_shared<Log>(lines, "b ");
  Log referenced(lines, "c ");
  model.fit(column(1), zeros({1, 1}), {.verbose = 0, .callbacks = {Log(lines, "a "), shared, std::ref(referenced)}});
  std::vector<std::string> first_letters;
  for (const auto& line : lines) first_letters.push_back(line.substr(0, 1));
  std::vector<std::string> expected;
  for (int event = 0; event < 6; ++event) expected.insert(expected.end(), {"a", "b", "c"});
  CHECK(first_letters == expected);
}

TEST_CASE("fit: a callback ends the run after the epoch") {
  struct Stop : nn::Callback {
    void on_batch_begin(nn::TrainingRun& run, std::int64_t batch) override { run.stop = run.stop || batch == 0; }
  };
  Recorder model;
  model.compile({.optimizer = "sgd", .loss = "mse"});
  std::vector<std::string> lines;
  const auto history = model.fit(column(4), zeros({4, 1}),
                                 {.batch_size = 1, .epochs = 5, .verbose = 0, .callbacks = {Stop(), Log(lines)}});
  CHECK(history.epochs() == 1);
  CHECK(lines.back() == "end");
  CHECK(model.trained.size() == 4);
}

TEST_CASE("history: figures by name, and times") {
  Scripted model({3, 2});
  const auto history = model.run({}, 2);
  CHECK(history["loss"] == Numbers{3, 2});
  CHECK(history.contains("loss"));
  CHECK_FALSE(history.contains("val_loss"));
  CHECK(history.seconds().size() == 2);
  for (const double seconds : history.seconds()) CHECK(seconds >= 0);
  const unsigned line = __LINE__ + 1;
  const std::string message = message_of<ValueError>([&] { history["los"]; });
  CHECK(message == at_line("unknown figure 'los': known are loss", __FILE__, line));
}

TEST_CASE("early stopping: ends the run when the figure has not improved for `patience` epochs") {
  const Numbers losses{5, 4, 3, 3.5, 3, 3.7, 2, 1, 1, 1};
  const auto epochs = [&](const nn::EarlyStoppingOptions& options) {
    Scripted model(losses);
    nn::EarlyStopping stopping(options);
    const auto count = model.run({std::ref(stopping)}, 10).epochs();
    CHECK(stopping.stopped_epoch().has_value() == (count < 10 || options.patience < 3));
    if (stopping.stopped_epoch()) CHECK(*stopping.stopped_epoch() == int(count) - 1);
    return count;
  };
  CHECK(epochs({.monitor = "loss"}) == 4);
  CHECK(epochs({.monitor = "loss", .patience = 1}) == 4);
  CHECK(epochs({.monitor = "loss", .patience = 2}) == 5);
  CHECK(epochs({.monitor = "loss", .patience = 3}) == 6);
  CHECK(epochs({.monitor = "loss", .patience = 4}) == 10);
  CHECK(epochs({.monitor = "loss", .mode = "max"}) == 2);
  CHECK(epochs({.monitor = "loss", .min_delta = 1.5}) == 2);
  CHECK(epochs({.monitor = "loss", .min_delta = 1.5, .patience = 2}) == 5);
}

TEST_CASE("early stopping: may put the best weights back") {
  const Numbers losses{5, 4, 3, 3.5, 3.6, 1};
  // The weight is n + 1 after epoch n.
  for (const bool restore : {false, true}) {
    Scripted model(losses);
    nn::EarlyStopping stopping({.monitor = "loss", .patience = 2, .restore_best_weights = restore});
    model.run({std::ref(stopping)}, 6);
    CHECK(*stopping.stopped_epoch() == 4);
    CHECK(model.weight() == (restore ? 3 : 5));
  }
  // A run that comes to its end keeps its weights, as in Keras.
  Scripted model({5, 4, 4.5});
  model.run({nn::EarlyStopping({.monitor = "loss", .patience = 2, .restore_best_weights = true})}, 3);
  CHECK(model.weight() == 3);
}

TEST_CASE("early stopping: can be used again") {
  nn::EarlyStopping stopping({.monitor = "loss", .restore_best_weights = true});
  Scripted first({1, 2, 3});
  CHECK(first.run({std::ref(stopping)}, 3).epochs() == 2);
  CHECK(first.weight() == 1);
  Scripted second({9, 8, 7});
  CHECK(second.run({std::ref(stopping)}, 3).epochs() == 3);
  CHECK_FALSE(stopping.stopped_epoch());
  CHECK(second.weight() == 3);
}

TEST_CASE("early stopping: watches val_loss by default; more is better for accuracies") {
  manual_seed(3);
  const SignProblem data(40);
  const auto epochs = [&](const nn::EarlyStopping& stopping) {
    auto model = sign_network();
    model.compile({.optimizer = nn::SGD({.learning_rate = 0}),
                   .loss = "sparse_categorical_crossentropy",
                   .metrics = {"accuracy"}});
    return model
        .fit(data.x, data.labels,
             {.batch_size = 40,
              .epochs = 5,
              .verbose = 0,
              .callbacks = {stopping},
              .validation_data = {data.x, data.labels}})
        .epochs();
  };
  // Nothing changes at rate 0: the second epoch is no better.
  CHECK(epochs(nn::EarlyStopping()) == 2);
  CHECK(epochs(nn::EarlyStopping({.monitor = "val_accuracy", .patience = 2})) == 3);
  const auto given = [](const Numbers& accuracies) {
    Scripted model({});
    nn::EarlyStopping stopping({.monitor = "accuracy"});
    nn::TrainingRun run{model, 10, 1, 0, {"loss", "accuracy"}};
    stopping.on_train_begin(run);
    int epoch = 0;
    for (; epoch < int(accuracies.size()) && !run.stop; ++epoch) {
      nn::Logs logs;
      logs.set("accuracy", accuracies[std::size_t(epoch)]);
      stopping.on_epoch_end(run, epoch, logs);
    }
    return epoch;
  };
  CHECK(given({0.5, 0.6, 0.7, 0.7, 0.9}) == 4);
  CHECK(given({0.5, 0.6, 0.7, 0.8, 0.9}) == 5);
}

TEST_CASE("early stopping: NaN is no improvement") {
  Scripted model({3, std::nan(""), 1});
  CHECK(model.run({nn::EarlyStopping({.monitor = "loss"})}, 3).epochs() == 2);
}

TEST_CASE("loss: any function, one number or one for each sample") {
  const Tensor x = column(4), y = zeros({4, 1});
  const auto loss_of = [&](const nn::Loss& loss) {
    Recorder model;
    model.compile({.optimizer = nn::SGD({.learning_rate = 0.5}), .loss = loss});
    const double before = model.evaluate(x, y, {.verbose = 0}).loss;
    CHECK(model.train_on_batch(x, y).loss == before);
    return std::pair(before, model["dense_1.kernel"].item());
  };
  const auto mean_of = loss_of([](const Tensor& truth, const Tensor& p) { return mean(square(truth - p)); });
  const auto of_each = loss_of([](const Tensor& truth, const Tensor& p) { return square(truth - p); });
  CHECK(mean_of.first == 3.5);
  CHECK(of_each == mean_of);
  CHECK(of_each == loss_of("mse"));
}

TEST_CASE("a custom model: any forward has fit, evaluate and predict") {
  struct Residual : nn::Model {
    Dense& first = add(Dense({.units = 16, .input_dim = 2, .activation = "tanh"}), "first");
    Dense& second = add(Dense({.units = 16, .activation = "tanh"}), "second");
    Dense& output = add(Dense({.units = 2, .activation = "softmax"}));
    Tensor& gate = parameter("gate", ones({16}));
    int passes = 0;
    Tensor forward(const Tensor& x) override {
      ++passes;
      Tensor h = first(x);
      for (int i = 0; i < 2; ++i) h = h + gate * second(h);
      return output(h);
    }
  };
  manual_seed(1);
  const SignProblem train(300);
  Residual model;
  model.compile({.optimizer = "adam", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  const auto history = model.fit(train.x, train.labels, {.batch_size = 10, .epochs = 40, .verbose = 0});
  CHECK(model.passes == 40 * 30);
  CHECK(history["accuracy"].back() > 0.95);
  CHECK(numbers(model.gate) != numbers(ones({16})));
  CHECK(model.predict(train.x).shape() == Shape{300, 2});
  // Layers that were not built before the first pass are trained too.
  CHECK(model["second.kernel"].shape() == Shape{16, 16});
}

TEST_CASE("a hand-written loop takes the trainer's steps") {
  const SignProblem train(64);
  const nn::DenseOptions first{.units = 8, .input_dim = 2, .activation = "tanh", .kernel_regularizer = nn::l1(0.01)};
  const nn::DenseOptions second{.units = 2, .activation = "softmax", .activity_regularizer = nn::l2(0.01)};
  manual_seed(4);
  nn::Sequential trained{Dense(first), nn::Dropout(0.3), Dense(second)};
  trained.compile({.optimizer = nn::SGD({.learning_rate = 0.3}), .loss = "sparse_categorical_crossentropy"});
  trained.fit(train.x, train.labels, {.batch_size = 16, .epochs = 2, .verbose = 0, .shuffle = false});

  manual_seed(4);
  nn::Sequential model{Dense(first), nn::Dropout(0.3), Dense(second)};
  nn::SGD optimizer(model.parameters(), {.learning_rate = 0.3});
  for (int epoch = 0; epoch < 2; ++epoch)
    for (const auto [x, y] : data::batches(train.x, train.labels, {.size = 16})) {
      const Tensor p = model(x);
      const Tensor loss = nn::sparse_categorical_crossentropy(y, p) + model.penalty();
      loss.backward();
      optimizer.step();
      optimizer.zero_grad();
    }
  for (const auto& [name, value, regularizer] : model.parameters())
    CHECK(largest_difference(numbers(value), numbers(trained[name])) < 1e-6);
}

TEST_CASE("evaluate: dropout is off, and nothing changes") {
  manual_seed(1);
  const SignProblem data(70);
  auto model = sign_network(0.5);
  model.compile({.optimizer = "sgd", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  const auto before = weights(model);
  const auto score = model.evaluate(data.x, data.labels, {.verbose = 0});
  CHECK(model.evaluate(data.x, data.labels, {.verbose = 0}).loss == score.loss);
  CHECK(model.training());
  CHECK(same_weights(weights(model), before));
  for (const auto& parameter : model.parameters()) CHECK_FALSE(parameter.value.grad().defined());
  model.eval();
  const double expected = nn::sparse_categorical_crossentropy(data.labels, model(data.x)).item();
  CHECK(score.loss == Approx(expected).epsilon(1e-6));
  CHECK(model.evaluate(data.x, data.labels, {.verbose = 0}).loss == score.loss);
  CHECK_FALSE(model.training());
  // With dropout the same weights have another loss.
  CHECK(model.train_on_batch(data.x, data.labels).loss != Approx(score.loss).epsilon(1e-4));
}

TEST_CASE("evaluate and predict: a layer that was switched by itself stays as it was") {
  auto model = sign_network(0.5);
  model.compile({.optimizer = "sgd", .loss = "sparse_categorical_crossentropy"});
  nn::Module& dropout = *model.children()[1].second;
  const SignProblem data(10);
  dropout.eval();
  const auto calls = [&] {
    model.evaluate(data.x, data.labels, {.verbose = 0});
    model.predict(data.x);
    model.fit(data.x, data.labels, {.verbose = 0});
  };
  calls();
  CHECK(model.training());
  CHECK_FALSE(dropout.training());
  model.eval();
  dropout.train();
  calls();
  CHECK_FALSE(model.training());
  CHECK(dropout.training());
}

TEST_CASE("evaluate, fit: also under NoGrad, and after an exception the model is in its old mode") {
  manual_seed(1);
  const SignProblem data(20);
  auto model = sign_network(0.5);
  model.compile({.optimizer = "sgd", .loss = "sparse_categorical_crossentropy"});
  const auto before = weights(model);
  const double loss = model.evaluate(data.x, data.labels, {.verbose = 0}).loss;
  {
    const NoGrad values_only;
    CHECK(model.evaluate(data.x, data.labels, {.verbose = 0}).loss == loss);
    model.fit(data.x, data.labels, {.verbose = 0});
    CHECK_FALSE(grad_enabled());
  }
  CHECK_FALSE(same_weights(weights(model), before));
  CHECK_THROWS_AS(model.evaluate(zeros({5, 3}), zeros({5}), {.verbose = 0}), ShapeError);
  CHECK(model.training());
  CHECK(grad_enabled());
}

TEST_CASE("predict: the outputs in the samples' order, whatever the batches, without a graph") {
  manual_seed(1);
  const SignProblem data(70);
  auto model = sign_network(0.5);
  const Tensor p = model.predict(data.x);
  CHECK(p.shape() == Shape{70, 2});
  CHECK_FALSE(p.requires_grad());
  CHECK(model.training());
  model.eval();
  CHECK(largest_difference(numbers(p), numbers(model(data.x))) < 1e-6);
  for (const std::int64_t size : {1, 7, 70, 100})
    CHECK(largest_difference(numbers(model.predict(data.x, {.batch_size = size})), numbers(p)) < 1e-6);
  nn::Sequential rows{Dense({.units = 4})};
  CHECK(rows.predict(zeros({5, 3, 2}), {.batch_size = 2}).shape() == Shape{5, 3, 4});
}

TEST_CASE("a model that gives one number for all samples can be trained, but not predict") {
  struct Total : nn::Model {
    Dense& layer = add(Dense({.units = 1, .input_dim = 1, .kernel_initializer = "ones"}));
    Tensor forward(const Tensor& x) override { return mean(layer(x)); }
  } model;
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = [](const Tensor&, const Tensor& p) { return p; }});
  CHECK(model.evaluate(column(5), column(5), {.batch_size = 4, .verbose = 0}).loss == 2);
  CHECK(model.fit(column(5), column(5), {.batch_size = 4, .verbose = 0, .shuffle = false})["loss"] == Numbers{2});
  CHECK_ERROR(ShapeError, model.predict(column(5)),
              "predict: the output for 5 samples has shape (): its first axis must be the samples");
}

TEST_CASE("penalties: part of every loss, of no metric") {
  const auto make = [](const nn::Regularizer& kernel, const nn::Regularizer& output) {
    nn::Sequential model{Dense({.units = 2,
                                .input_dim = 2,
                                .kernel_initializer = "ones",
                                .bias_initializer = "ones",
                                .kernel_regularizer = kernel,
                                .bias_regularizer = nn::l2(0.25),
                                .activity_regularizer = output})};
    model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mse", .metrics = {"mse"}});
    return model;
  };
  // Outputs 3; kernel of four ones, bias of two.
  const Tensor x = ones({6, 2}), y = ones({6, 2});
  const auto check = [&](nn::Sequential model, double penalty) {
    const double total = 4 + penalty;
    const auto score = model.evaluate(x, y, {.batch_size = 4, .verbose = 0});
    CHECK(score.loss == Approx(total).epsilon(1e-7));
    CHECK(score["mse"] == 4);
    CHECK(model.train_on_batch(x, y).loss == Approx(total).epsilon(1e-7));
    const auto history = model.fit(x, y, {.batch_size = 4, .verbose = 0, .validation_data = {x, y}});
    CHECK(history["loss"][0] == Approx(total).epsilon(1e-7));
    CHECK(history["val_loss"][0] == Approx(total).epsilon(1e-7));
    CHECK(history["mse"][0] == 4);
    CHECK(history["val_mse"][0] == 4);
  };
  check(make({}, {}), 0.5);
  check(make(nn::l2(0.5), {}), 0.5 + 2);
  check(make(nn::l1(0.5), {}), 0.5 + 2);
  check(make(nn::l1_l2({.l1 = 0.5, .l2 = 0.5}), {}), 0.5 + 4);
  check(make({}, nn::l2(0.5)), 0.5 + 0.5 * 2 * 9);
  check(make([](const Tensor& w) { return sum(w); }, nn::l1(0.5)), 0.5 + 4 + 0.5 * 2 * 3);
}

TEST_CASE("penalties: pull at the parameters in fit") {
  for (const bool by_adam : {false, true}) {
    const auto run = [&](const nn::Regularizer& regularizer, double extra) {
      nn::Sequential model{Dense({.units = 1,
                                  .input_dim = 1,
                                  .use_bias = false,
                                  .kernel_initializer = nn::constant(2),
                                  .kernel_regularizer = regularizer})};
      // The inputs are ones, so that the square of an output is that of the weight.
      const nn::Loss loss = [extra](const Tensor&, const Tensor& p) { return mean(p) + mean(square(p)) * extra; };
      if (by_adam)
        model.compile({.optimizer = nn::Adam({.learning_rate = 0.1}), .loss = loss});
      else
        model.compile({.optimizer = nn::SGD({.learning_rate = 0.1}), .loss = loss});
      const auto history = model.fit(ones({4, 1}), ones({4, 1}), {.batch_size = 2, .epochs = 3, .verbose = 0});
      Numbers result = history["loss"];
      result.push_back(model["dense_1.kernel"].item());
      return result;
    };
    const Numbers expected = run({}, 0.25);
    CHECK(largest_difference(run(nn::l2(0.25), 0), expected) < 1e-6);
    CHECK(largest_difference(run(nn::l1_l2({.l1 = 0, .l2 = 0.25}), 0), expected) < 1e-6);
    CHECK(largest_difference(run([](const Tensor& w) { return sum(square(w)) * 0.25; }, 0), expected) < 1e-6);
  }
}

TEST_CASE("penalties: also of parameters that the forward pass does not use") {
  struct Spare : nn::Model {
    Dense& layer = add(Dense({.units = 1, .input_dim = 1}));
    Tensor& spare;
    explicit Spare(const nn::Regularizer& regularizer) : spare(parameter("spare", full({2}, 3), regularizer)) {}
    Tensor forward(const Tensor& x) override { return layer(x); }
  };
  const Tensor x = zeros({2, 1});
  for (const nn::Regularizer& regularizer : {nn::l2(0.5), nn::l1_l2({.l1 = 0, .l2 = 0.5})}) {
    Spare model(regularizer);
    model.compile({.optimizer = nn::SGD({.learning_rate = 0.1}), .loss = "mse"});
    CHECK(model.evaluate(x, x, {.verbose = 0}).loss == 9);
    CHECK(model.train_on_batch(x, x).loss == 9);
    CHECK(largest_difference(numbers(model.spare), {2.7, 2.7}) < 1e-6);
  }
}

TEST_CASE("penalties: also of parameters that the optimizer was not given") {
  for (const nn::Regularizer& regularizer : {nn::l2(0.5), nn::l1_l2({.l1 = 0, .l2 = 0.5})}) {
    nn::Sequential model;
    Dense& fixed =
        model.add(Dense({.units = 2, .input_dim = 2, .kernel_initializer = "ones", .kernel_regularizer = regularizer}));
    Dense& tuned = model.add(Dense({.units = 1, .kernel_initializer = "zeros"}));
    const auto before = weights(fixed);
    const auto optimizer = std::make_shared<nn::SGD>(tuned.parameters(), nn::SGDOptions{.learning_rate = 0.1});
    model.compile({.optimizer = optimizer, .loss = "mse"});
    const Tensor x = ones({2, 2}), y = ones({2, 1});
    CHECK(model.evaluate(x, y, {.verbose = 0}).loss == 1 + 2);
    CHECK(model.train_on_batch(x, y).loss == 1 + 2);
    CHECK(same_weights(weights(fixed), before));
    CHECK(numbers(tuned["kernel"]) != Numbers{0, 0});
  }
}

TEST_CASE("a parameter that needs no gradient is part of the model, and stays as it is") {
  struct Frozen : nn::Model {
    Dense& layer = add(Dense({.units = 1, .input_dim = 1}));
    Tensor& offset = parameter("offset", ones({1}), nn::l2(0.5)).set_requires_grad(false);
    Tensor forward(const Tensor& x) override { return layer(x) + offset; }
  } model;
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.1, .momentum = 0.5}), .loss = "mse"});
  const auto before = weights(model.layer);
  const auto history =
      model.fit(column(4), zeros({4, 1}), {.verbose = 0, .validation_data = {column(4), zeros({4, 1})}});
  CHECK(numbers(model.offset) == Numbers{1});
  CHECK_FALSE(same_weights(weights(model.layer), before));
  CHECK(history["loss"][0] > 0.5);
}

TEST_CASE("compile: again, with another optimizer, goes on with the weights") {
  manual_seed(1);
  const SignProblem data(40);
  auto model = sign_network();
  CHECK_FALSE(model.compiled());
  model.compile({.optimizer = "sgd", .loss = "sparse_categorical_crossentropy"});
  CHECK(model.compiled());
  model.fit(data.x, data.labels, {.batch_size = 20, .epochs = 2, .verbose = 0});
  CHECK(model.optimizer().iterations() == 4);
  const auto before = weights(model);
  model.compile({.optimizer = nn::Adam(), .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  CHECK(same_weights(weights(model), before));
  CHECK(model.optimizer().iterations() == 0);
  CHECK(model.optimizer().learning_rate() == 0.001);
  model.train_on_batch(data.x, data.labels);
  CHECK_FALSE(same_weights(weights(model), before));
}

TEST_CASE("compile: an optimizer may be shared with the caller, and changed on the way") {
  Recorder model;
  const auto optimizer = std::make_shared<nn::SGD>(nn::SGDOptions{.learning_rate = 0});
  model.compile({.optimizer = optimizer, .loss = "mse"});
  const auto before = weights(model);
  model.train_on_batch(column(4), zeros({4, 1}));
  CHECK(same_weights(weights(model), before));
  optimizer->set_learning_rate(0.1);
  model.train_on_batch(column(4), zeros({4, 1}));
  CHECK_FALSE(same_weights(weights(model), before));
  CHECK(optimizer->iterations() == 2);
}

TEST_CASE("fit: bad arguments change nothing, and print nothing") {
  manual_seed(1);
  const SignProblem data(20);
  auto model = sign_network(0.5);
  const Tensor &x = data.x, &y = data.labels;
  Screen screen;
  nn::FitOptions good{.epochs = 2, .display = screen.display()};
  std::vector<std::string> lines;
  good.callbacks = {Log(lines)};
  const auto with = [&](auto change) {
    nn::FitOptions options = good;
    change(options);
    return options;
  };
  const auto before = weights(model);
  const auto fails = [&](const Tensor& some, const Tensor& labels, const nn::FitOptions& options) {
    CHECK_THROWS_AS(model.fit(some, labels, options), Error);
    CHECK(same_weights(weights(model), before));
    CHECK(screen.out.str().empty());
    CHECK(model.training());
    for (const auto& parameter : model.parameters()) CHECK_FALSE(parameter.value.grad().defined());
  };
  fails(x, y, good);  // not compiled
  model.compile({.optimizer = "sgd", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  fails(x, zeros({19}, int64), good);
  fails(x, Tensor(), good);
  fails(Tensor(), y, good);
  fails(x, Tensor(1), good);
  fails(zeros({0, 2}), zeros({0}, int64), good);
  fails(x, y, with([](auto& o) { o.batch_size = 0; }));
  fails(x, y, with([](auto& o) { o.epochs = 0; }));
  fails(x, y, with([](auto& o) { o.validation_split = 1; }));
  fails(x, y, with([](auto& o) { o.validation_split = -0.1; }));
  fails(x, y, with([](auto& o) { o.validation_split = std::nan(""); }));
  fails(x, y, with([](auto& o) { o.validation_split = 0.99; }));
  fails(x, y, with([&](auto& o) { o.validation_data = {x, zeros({3}, int64)}; }));
  fails(x, y, with([&](auto& o) { o.validation_data.x = x; }));
  fails(x, y, with([&](auto& o) { o.validation_data.y = y; }));
  CHECK(lines.empty());
  fails(x, y, with([](auto& o) { o.callbacks = {nn::EarlyStopping({.monitor = "val_loss"})}; }));
  fails(x, y, with([](auto& o) {
          o.validation_split = 0.5;
          o.callbacks = {nn::EarlyStopping({.monitor = "val_acc"})};
        }));

  // Nor was any random number used: the run that follows is the one without failures.
  const auto history = model.fit(x, y, {.verbose = 0});
  manual_seed(1);
  auto other = sign_network(0.5);
  other.compile({.optimizer = "sgd", .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  CHECK(other.fit(x, y, {.verbose = 0}).all() == history.all());
  CHECK(same_weights(weights(other), weights(model)));
}

TEST_CASE("fit: samples that do not fit the model or the loss change no parameter") {
  manual_seed(1);
  auto model = sign_network();
  model.compile({.optimizer = "sgd", .loss = "categorical_crossentropy"});
  const auto before = weights(model);
  CHECK_THROWS_AS(model.fit(zeros({5, 3}), zeros({5, 2}), {.verbose = 0}), ShapeError);
  CHECK_THROWS_AS(model.fit(zeros({5, 2}), zeros({5}), {.verbose = 0}), ShapeError);
  CHECK_THROWS_AS(model.train_on_batch(zeros({5, 2}), zeros({5})), ShapeError);
  CHECK(same_weights(weights(model), before));
  model.compile({.optimizer = "sgd",
                 .loss = [](const Tensor&, const Tensor& p) { return sum(p); },
                 .metrics = {"sparse_categorical_accuracy", "categorical_accuracy"}});
  CHECK_THROWS_AS(model.train_on_batch(zeros({5, 2}), zeros({5})), ShapeError);
  CHECK(same_weights(weights(model), before));
  CHECK(model.training());
}
