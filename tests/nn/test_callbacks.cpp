#include <doctest/doctest.h>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/callbacks/early_stopping.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;
using nn::Dense;

namespace {

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

}  // namespace

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

TEST_CASE("fit: a null callback is an error before anything changes") {
  Recorder model;
  model.compile({.optimizer = "sgd", .loss = "mse"});
  std::vector<std::string> lines;
  const auto none = std::shared_ptr<nn::Callback>();
  CHECK_ERROR(ValueError, model.fit(column(1), zeros({1, 1}), {.verbose = 0, .callbacks = {Log(lines), none}}),
              "callback: a null pointer was given");
  CHECK(lines.empty());
  CHECK(model.trained.empty());
}

TEST_CASE("fit: a callback may call all of the model but fit and compile") {
  struct Caller : nn::Callback {
    std::string fit, compile;
    double loss = -1, trained = -1;
    std::size_t rows = 0;
    void on_epoch_end(nn::TrainingRun& run, int epoch, const nn::Logs&) override {
      auto& model = run.model;
      const Tensor x = column(3), y = zeros({3, 1});
      const unsigned fit_line = __LINE__ + 1;
      fit = message_of<ValueError>([&] { model.fit(x, y, {.verbose = 0}); });
      CHECK(fit == at_line("fit: the model is in fit() already: a callback may train it by train_on_batch()", __FILE__,
                           fit_line));
      const unsigned compile_line = __LINE__ + 1;
      compile = message_of<ValueError>([&] { model.compile({.optimizer = "adam", .loss = "mse"}); });
      CHECK(compile == at_line("compile: the model is in fit(): neither a callback nor a step can compile it", __FILE__,
                               compile_line));
      loss = model.evaluate(x, y, {.verbose = 0}).loss;
      rows = std::size_t(model.predict(x).shape()[0]);
      trained = model.train_on_batch(x, y).loss;
      CHECK(model.optimizer().iterations() == 2 * (epoch + 1));
    }
  } caller;
  Recorder model;
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.01}), .loss = "mse"});
  const auto history =
      model.fit(column(3), zeros({3, 1}), {.epochs = 2, .verbose = 0, .callbacks = {std::ref(caller)}});
  CHECK(history.epochs() == 2);
  CHECK(caller.rows == 3);
  CHECK(caller.trained == caller.loss);
  // Another model may be trained meanwhile, and this one afterwards.
  struct Other : nn::Callback {
    Recorder model;
    void on_epoch_end(nn::TrainingRun&, int, const nn::Logs&) override {
      model.compile({.optimizer = "sgd", .loss = "mse"});
      model.fit(column(3), zeros({3, 1}), {.verbose = 0});
    }
  } other;
  model.fit(column(3), zeros({3, 1}), {.verbose = 0, .callbacks = {std::ref(other)}});
  CHECK(other.model.optimizer().iterations() == 1);
  model.compile({.optimizer = "adam", .loss = "mse"});
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

TEST_CASE("figures: acc and accuracy are one name, with val_ before them too") {
  nn::Logs logs;
  logs.set("loss", 1);
  logs.set("accuracy", 0.25);
  logs.set("val_acc", 0.5);
  CHECK(logs["acc"] == 0.25);
  CHECK(logs["val_accuracy"] == 0.5);
  for (const char* name : {"acc", "accuracy", "val_acc", "val_accuracy"}) CHECK(logs.contains(name));
  for (const char* name : {"ac", "val_accurac", "categorical_accuracy", "val_val_acc"})
    CHECK_FALSE(logs.contains(name));
  // Under the name that it was set by first.
  logs.set("acc", 0.75);
  logs.set("val_accuracy", 0.125);
  CHECK(Log::text(logs) == " loss=1 accuracy=0.75 val_acc=0.125");
  logs.remove("acc");
  CHECK_FALSE(logs.contains("accuracy"));
  logs.set("acc", 0.25);
  CHECK_ERROR(ValueError, logs["acu"], "unknown figure 'acu': known are loss, val_acc, acc");
}

TEST_CASE("figures: the accuracy of a run by either name, however the metric was named") {
  const SignProblem data(8);
  for (const nn::MetricChoice& metric : std::initializer_list<nn::MetricChoice>{
           "acc", "accuracy", nn::Metric("acc", nn::sparse_matches), nn::Metric("accuracy", nn::sparse_matches)}) {
    CAPTURE(metric.name());
    auto model = sign_network();
    model.compile({.optimizer = "sgd", .loss = "sparse_categorical_crossentropy", .metrics = {metric}});
    // Which of them is watched shows itself in the run, at rate 0.
    model.optimizer().set_learning_rate(0);
    for (const char* monitor : {"acc", "accuracy", "val_acc", "val_accuracy"}) {
      const auto history = model.fit(data.x, data.labels,
                                     {.epochs = 3,
                                      .verbose = 0,
                                      .callbacks = {nn::EarlyStopping({.monitor = monitor})},
                                      .validation_data = {data.x, data.labels}});
      CHECK(history.epochs() == 2);
      CHECK(history.all().size() == 4);
      for (const char* name : {"acc", "accuracy", "val_acc", "val_accuracy"}) CHECK(history.contains(name));
      CHECK(history["acc"].size() == 2);
      CHECK(&history["acc"] == &history["accuracy"]);
      CHECK(&history["val_acc"] == &history["val_accuracy"]);
      CHECK(&history["acc"] != &history["val_acc"]);
    }
    const auto score = model.evaluate(data.x, data.labels, {.verbose = 0});
    CHECK(score["acc"] == score["accuracy"]);
    CHECK(score.metrics["acc"] == score["acc"]);
    CHECK(score.metrics.contains("acc"));
    CHECK(score.metrics.contains("accuracy"));
  }
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
  // They come back too if the run was not ended early.
  Scripted model({5, 4, 4.5});
  model.run({nn::EarlyStopping({.monitor = "loss", .patience = 2, .restore_best_weights = true})}, 3);
  CHECK(model.weight() == 2);
}

TEST_CASE("early stopping: tells the best value and its epoch") {
  nn::EarlyStopping stopping({.monitor = "loss", .patience = 2});
  CHECK_FALSE(stopping.best());
  CHECK_FALSE(stopping.best_epoch());
  Scripted({5, 3, 4, 2, 2, 2}).run({std::ref(stopping)}, 6);
  CHECK(stopping.best() == 2);
  CHECK(stopping.best_epoch() == 3);
  CHECK(stopping.stopped_epoch() == 5);
  // Of the last run.
  const double nan = std::nan("");
  Scripted({nan, nan}).run({std::ref(stopping)}, 2);
  CHECK_FALSE(stopping.best());
  CHECK_FALSE(stopping.best_epoch());
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

TEST_CASE("early stopping: min_delta is what a figure must rise by in mode max, and fall by in mode min") {
  // Exact in binary: the third differs from the best by 0.25, the last by 0.5.
  const Numbers rising{1, 2, 2.25, 2.5, 9};
  Numbers falling;
  for (const double value : rising) falling.push_back(-value);
  const auto epochs = [](const Numbers& values, const std::string& mode, double min_delta, int patience) {
    Scripted model(values);
    return model
        .run({nn::EarlyStopping({.monitor = "loss", .min_delta = min_delta, .patience = patience, .mode = mode})}, 5)
        .epochs();
  };
  for (const auto& [values, mode] : {std::pair(rising, "max"), std::pair(falling, "min")}) {
    CAPTURE(mode);
    CHECK(epochs(values, mode, 0, 1) == 5);
    CHECK(epochs(values, mode, 0.125, 1) == 5);
    CHECK(epochs(values, mode, 0.25, 1) == 3);  // as much as min_delta is not enough
    CHECK(epochs(values, mode, 0.375, 1) == 3);
    CHECK(epochs(values, mode, 0.375, 2) == 5);
    CHECK(epochs(values, mode, 0.5, 2) == 4);
    CHECK(epochs(values, mode, 1.5, 1) == 2);
  }
}

TEST_CASE("early stopping: NaN is no improvement, and never the best") {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  Scripted model({3, nan, 1});
  CHECK(model.run({nn::EarlyStopping({.monitor = "loss"})}, 3).epochs() == 2);
  for (const char* mode : {"min", "max"}) {
    CAPTURE(mode);
    const auto after = [&](const Numbers& losses, int patience) {
      Scripted scripted(losses);
      nn::EarlyStopping stopping({.monitor = "loss", .patience = patience, .mode = mode, .restore_best_weights = true});
      const auto epochs = scripted.run({std::ref(stopping)}, int(losses.size())).epochs();
      return std::pair(epochs, scripted.weight());
    };
    CHECK(after({nan, 1, 1, 1}, 2) == std::pair(std::size_t{4}, 2.0));
    CHECK(after({nan, nan, 1, 1}, 3) == std::pair(std::size_t{4}, 3.0));
    // Without a best epoch all stays as it is.
    CHECK(after({nan, nan, nan}, 2) == std::pair(std::size_t{2}, 2.0));
    CHECK(after({nan}, 0) == std::pair(std::size_t{1}, 1.0));
    // Infinite figures are compared like others.
    CHECK(after({mode == std::string("min") ? infinity : -infinity, 1, nan}, 2) == std::pair(std::size_t{3}, 2.0));
  }
}

TEST_CASE("early stopping: parameters that come later stay as they are, wherever they stand") {
  struct Growing : nn::Model {
    nn::Sequential& first = add(nn::Sequential(), "first");
    Dense& last = add(Dense({.units = 1, .input_dim = 1, .use_bias = false, .kernel_initializer = "zeros"}), "last");
    Tensor forward(const Tensor& x) override { return last(x); }
  } model;
  // The added layer stands before the one that is trained, whose weight is n + 1 after epoch n.
  struct Grow : nn::Callback {
    nn::Sequential& to;
    explicit Grow(nn::Sequential& sequential) : to(sequential) {}
    void on_epoch_end(nn::TrainingRun&, int epoch, const nn::Logs&) override {
      if (epoch == 1) to.add(Dense({.units = 1, .input_dim = 1, .kernel_initializer = "ones"}));
    }
  } grow(model.first);
  model.compile({.optimizer = nn::SGD(model.parameters(), {.learning_rate = 1}),
                 .loss = [losses = Numbers{2, 1, 3}, epoch = std::size_t{0}](const Tensor&, const Tensor& p) mutable {
                   return sum(p.detach()) - sum(p) + losses.at(epoch++);
                 }});
  model.fit(ones({1, 1}), ones({1, 1}),
            {.epochs = 3,
             .verbose = 0,
             .callbacks = {nn::EarlyStopping({.monitor = "loss", .patience = 5, .restore_best_weights = true}), grow}});
  CHECK(model.parameters().front().name == "first.dense_1.kernel");
  CHECK(model.parameters().size() == 3);
  CHECK(model["first.dense_1.kernel"].item() == 1);
  CHECK(model["last.kernel"].item() == 2);
}

TEST_CASE("early stopping: an epoch without its figure changes nothing") {
  Scripted model({});
  nn::EarlyStopping stopping({.monitor = "loss", .restore_best_weights = true});
  nn::TrainingRun run{model, 10, 1, 0, {"loss"}};
  nn::Logs logs;
  logs.set("los", 3);
  stopping.on_train_begin(run);
  CHECK_THROWS_AS(stopping.on_epoch_end(run, 0, logs), ValueError);
  CHECK_FALSE(stopping.best());
  CHECK_FALSE(run.stop);
  stopping.on_train_end(run);
  CHECK(model.weight() == 0);
}

TEST_CASE("early stopping: the best weights include the buffers") {
  struct Counting : nn::Model {
    Dense& layer = add(Dense({.units = 1, .input_dim = 1}));
    nn::Buffer passes = buffer("passes", zeros({1}));
    Tensor forward(const Tensor& x) override { return layer(x); }
  } model;
  // The loss grows with every step, so the first epoch's state is the best.
  int step = 0;
  model.compile({.optimizer = "sgd", .loss = [&](const Tensor&, const Tensor& p) {
                   model.passes.assign(full({1}, ++step));
                   return sum(p) - sum(p.detach()) + step;
                 }});
  model.fit(ones({1, 1}), ones({1, 1}),
            {.epochs = 5,
             .verbose = 0,
             .callbacks = {nn::EarlyStopping({.monitor = "loss", .patience = 2, .restore_best_weights = true})}});
  CHECK(step == 3);
  CHECK(model.passes.item() == 1);
}
