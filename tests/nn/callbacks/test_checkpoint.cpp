#include <doctest/doctest.h>

#include "nn/callbacks/early_stopping.hpp"
#include "nn/callbacks/lambda_callback.hpp"
#include "nn/callbacks/model_checkpoint.hpp"
#include "nn/callbacks/terminate_on_nan.hpp"
#include "tests/nn/callbacks/scripted.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

TEST_CASE("ModelCheckpoint: the best epoch's weights, or the last one's, come back when they are asked for") {
  Scripted model({3, 1, 2, 4});
  nn::ModelCheckpoint best({.monitor = "loss", .save_best_only = true}), last;
  model.run({std::ref(best), std::ref(last)}, 4);
  CHECK(model.weight() == 4);
  best.restore();
  CHECK(model.weight() == 2);
  CHECK(*best.epoch() == 1);
  CHECK(*best.best() == 1);
  best.restore();
  CHECK(model.weight() == 2);
  last.restore();
  CHECK(model.weight() == 4);
  CHECK(*last.epoch() == 3);
  CHECK(!last.best());
}

TEST_CASE("ModelCheckpoint: a new run forgets the earlier one; NaN is never the best") {
  Scripted model({1, std::nan("")});
  nn::ModelCheckpoint best({.monitor = "loss", .save_best_only = true});
  model.run({std::ref(best)}, 1);
  model.run({std::ref(best)}, 1);
  CHECK(!best.epoch());
  CHECK_ERROR(ValueError, best.restore(),
              "ModelCheckpoint: no weights were kept: there was no epoch, or none was the best");
}

TEST_CASE("ModelCheckpoint: what it says") {
  Scripted model({3, 1, 2});
  const Caught out;
  model.run({nn::ModelCheckpoint({.monitor = "loss", .verbose = 1, .save_best_only = true})}, 3);
  CHECK(out.text() ==
        "\nEpoch 00001: loss improved from inf to 3.00000, keeping the weights\n"
        "\nEpoch 00002: loss improved from 3.00000 to 1.00000, keeping the weights\n"
        "\nEpoch 00003: loss did not improve from 1.00000\n");
  Scripted other({3});
  const Caught more;
  other.run({nn::Spec{"model_checkpoint", {{"verbose", 1}}}}, 1);
  CHECK(more.text() == "\nEpoch 00001: keeping the weights\n");
}

TEST_CASE("ModelCheckpoint: modes, and misuse") {
  Scripted model({3, 1, 2});
  nn::ModelCheckpoint largest({.monitor = "loss", .save_best_only = true, .mode = "max"});
  model.run({std::ref(largest)}, 3);
  CHECK(*largest.best() == 3);
  CHECK_ERROR(ValueError, nn::ModelCheckpoint({.mode = "most"}),
              "ModelCheckpoint: unknown mode 'most': known are auto, min, max");
  nn::ModelCheckpoint best({.monitor = "val_loss", .save_best_only = true});
  CHECK_THROWS_WITH_AS(
      model.run({std::ref(best)}, 1),
      doctest::Contains("ModelCheckpoint: the run has no figure 'val_loss' to monitor: known are loss"), ValueError);
}

TEST_CASE("monitors: auto is the largest for accuracies and the like") {
  for (const char* name : {"val_acc", "auc", "precision", "val_recall", "f1_score", "r2_score", "mean_iou"}) {
    Scripted model({3, 2, 1});
    nn::TrainingRun run{model, 3, 1, 0, {name}};
    nn::ModelCheckpoint best({.monitor = name, .save_best_only = true});
    best.on_train_begin(run);
    for (const double value : {1.0, 3.0, 2.0}) {
      nn::Logs logs;
      logs.set(name, value);
      best.on_epoch_end(run, int(value), logs);
    }
    CAPTURE(name);
    CHECK(*best.best() == 3);
  }
}

TEST_CASE("EarlyStopping: what it says") {
  Scripted model({1, 2, 3});
  const Caught out;
  model.run({nn::EarlyStopping({.monitor = "loss", .patience = 1, .verbose = 1})}, 3);
  CHECK(out.text() == "Epoch 00002: early stopping\n");
}

TEST_CASE("TerminateOnNaN: the run ends after that batch, and the epoch has no end") {
  Scripted model({1, std::nan(""), 1, 1});
  std::vector<std::string> lines;
  const Caught out;
  const auto history = model.fit(ones({4, 1}), ones({4, 1}),
                                 {.batch_size = 1,
                                  .epochs = 3,
                                  .verbose = 0,
                                  .callbacks = {"terminate_on_nan", Log(lines)},
                                  .validation_data = {ones({1, 1}), ones({1, 1})}});
  CHECK(out.text() == "Batch 1: Invalid loss, terminating training\n");
  CHECK(history.epochs() == 0);
  CHECK(lines == std::vector<std::string>{"begin 3 4 1", "epoch 0", "batch 0", "batch 0 done 1 loss=1", "batch 1",
                                          "batch 1 done 2 loss=NaN", "end"});
}

TEST_CASE("progress: a run that is broken off ends its line") {
  Scripted model({std::nan(""), 1});
  Screen screen;
  const Caught out;
  model.fit(ones({2, 1}), ones({2, 1}),
            {.batch_size = 1, .callbacks = {nn::TerminateOnNaN()}, .display = screen.display()});
  CHECK(screen.out.str().ends_with("- loss: nan\n"));
}

TEST_CASE("LambdaCallback: each hook that is given is called") {
  Scripted model({1, 2});
  std::string calls;
  const auto note = [&](const char* what) { calls += std::string(what) + ' '; };
  model.run({nn::LambdaCallback({.on_epoch_begin = [&](nn::TrainingRun&, int) { note("epoch"); },
                                 .on_epoch_end = [&](nn::TrainingRun&, int, const nn::Logs&) { note("/epoch"); },
                                 .on_batch_begin = [&](nn::TrainingRun&, std::int64_t) { note("batch"); },
                                 .on_batch_end = [&](nn::TrainingRun&, std::int64_t, std::int64_t,
                                                     const nn::Logs&) { note("/batch"); },
                                 .on_train_begin = [&](nn::TrainingRun&) { note("train"); },
                                 .on_train_end = [&](nn::TrainingRun&) { note("/train"); }}),
             nn::LambdaCallback({.on_train_end = [&](nn::TrainingRun&) { note("again"); }}), nn::LambdaCallback({})},
            1);
  CHECK(calls == "train epoch batch /batch /epoch /train again ");
}
