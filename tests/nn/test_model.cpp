#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/elementwise.hpp"
#include "autograd/ops/reduction.hpp"
#include "lib/parallel.hpp"
#include "nn/callbacks/early_stopping.hpp"
#include "nn/data/batches.hpp"
#include "nn/data/transform.hpp"
#include "nn/layers/activation.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "tests/nn/models.hpp"
#include "tests/support/check_error.hpp"
#include "tests/support/close.hpp"

using namespace xg;
using nn::Dense;

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

TEST_CASE("fit: the largest batch_size there is trains on all samples at once") {
  const auto trained = [](std::int64_t batch_size) {
    manual_seed(1);
    const SignProblem train(40);
    auto model = sign_network();
    model.compile({.optimizer = nn::SGD({.learning_rate = 0.5}), .loss = "sparse_categorical_crossentropy"});
    const auto history = model.fit(train.x, train.labels, {.batch_size = batch_size, .epochs = 2, .verbose = 0});
    CHECK(model.evaluate(train.x, train.labels, {.batch_size = batch_size, .verbose = 0}).loss > 0);
    CHECK(model.predict(train.x, {.batch_size = batch_size}).shape() == Shape{40, 2});
    return history["loss"];
  };
  CHECK(trained(std::numeric_limits<std::int64_t>::max()) == trained(40));
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
    CHECK(score.loss == Close(6, 1e-7));
    CHECK(score["mae"] == Close(2, 1e-7));
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
    CHECK(history["loss"][epoch] == Close(91 / 7.0, 1e-7));
    CHECK(history["val_loss"][epoch] == Close((49 + 64 + 81) / 3.0, 1e-7));
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
    nn::Parameter gate = parameter("gate", ones({16}));
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
  for (const auto& [name, value, regularizer, constraint] : model.parameters())
    CHECK(largest_difference(numbers(value), numbers(trained[name])) < 1e-6);
}

TEST_CASE("a parameter that needs no gradient is part of the model, and stays as it is") {
  struct Frozen : nn::Model {
    Dense& layer = add(Dense({.units = 1, .input_dim = 1}));
    nn::Parameter offset = parameter("offset", ones({1}), nn::l2(0.5)).set_requires_grad(false);
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
          o.callbacks = {nn::EarlyStopping({.monitor = "val_mae"})};
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

TEST_CASE("fit: validation samples that do not fit are an error before training") {
  auto model = sign_network();
  model.compile({.optimizer = "sgd", .loss = "categorical_crossentropy"});
  const auto before = weights(model);
  const auto fit_with = [&](const Tensor& x, const Tensor& y) {
    model.fit(ones({4, 2}), ones({4, 2}), {.verbose = 0, .validation_data = {x, y}});
  };
  CHECK_THROWS_AS(fit_with(ones({3, 5}), ones({3, 2})), ShapeError);
  CHECK_THROWS_AS(fit_with(ones({3, 2}), ones({3, 7})), ShapeError);
  CHECK(same_weights(weights(model), before));
}

TEST_CASE("fit: layers that were added after training had begun are trained too, those taken away are not") {
  const SignProblem problem(20);
  const Tensor y = data::to_categorical(problem.labels, 2);
  auto model = sign_network();
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.1, .momentum = 0.9}), .loss = "categorical_crossentropy"});
  model.fit(problem.x, y, {.verbose = 0});
  model.add(Dense({.units = 2, .activation = "softmax"}));
  const auto before = weights(model);
  model.fit(problem.x, y, {.verbose = 0});
  for (std::size_t i = 0; i < before.size(); ++i) CHECK_FALSE(same_bits(weights(model)[i], before[i]));
  CHECK(model.optimizer().parameters().size() == 6);
  model.pop();
  CHECK(model.optimizer().parameters().size() == 4);
  model.replace("dense_2", Dense({.units = 2, .activation = "softmax"}));
  model.fit(problem.x, y, {.verbose = 0});
  CHECK(model.optimizer().parameters()[2].name == "dense_2.kernel");
  CHECK(model.parameter_count() == 2 * 32 + 32 + 32 * 2 + 2);
}

TEST_CASE("names can be std::string") {
  const std::string loss = "mse", optimizer = "sgd", metric = "mae", activation = "relu", regularizer = "l2";
  nn::Sequential model{Dense({.units = 1, .input_dim = 2, .activation = activation, .kernel_regularizer = regularizer}),
                       nn::Activation(activation)};
  model.compile({.optimizer = optimizer, .loss = loss, .metrics = {metric}});
  CHECK(model.fit(ones({2, 2}), ones({2, 1}), {.verbose = 0}).contains("mae"));
}
