#include <doctest/doctest.h>

#include "nn/callbacks/learning_rate_scheduler.hpp"
#include "nn/callbacks/reduce_lr_on_plateau.hpp"
#include "nn/schedules.hpp"
#include "tests/nn/callbacks/scripted.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

/// The rates after each epoch.
Numbers rates(const Numbers& losses, const nn::ReduceLROnPlateauOptions& options) {
  Scripted model(losses);
  Numbers found;
  model.run(
      {nn::ReduceLROnPlateau(options),
       [&](nn::TrainingRun& run, int, const nn::Logs&) { found.push_back(run.model.optimizer().learning_rate()); }},
      int(losses.size()));
  return found;
}

}  // namespace

TEST_CASE("ReduceLROnPlateau: after so many epochs without an improvement") {
  CHECK(rates({4, 4, 4, 3, 3, 3, 3}, {.monitor = "loss", .factor = 0.5, .patience = 2}) ==
        Numbers{1, 1, 0.5, 0.5, 0.5, 0.25, 0.25});
  CHECK(rates({4, 3.95, 3.95, 3.95}, {.monitor = "loss", .factor = 0.5, .patience = 2, .min_delta = 0.1}) ==
        Numbers{1, 1, 0.5, 0.5});
  CHECK(rates({1, 2, 3}, {.monitor = "loss", .factor = 0.5, .patience = 1, .mode = "max"}) == Numbers{1, 1, 1});
  CHECK(rates({1, std::nan(""), 1}, {.monitor = "loss", .factor = 0.5, .patience = 1}) == Numbers{1, 0.5, 0.25});
}

TEST_CASE("ReduceLROnPlateau: epochs of the cooldown do not count, and there is a least rate") {
  CHECK(rates({1, 1, 1, 1, 1, 1}, {.monitor = "loss", .factor = 0.5, .patience = 1, .cooldown = 2}) ==
        Numbers{1, 0.5, 0.5, 0.25, 0.25, 0.125});
  CHECK(rates({1, 1, 1, 1}, {.monitor = "loss", .factor = 0.5, .patience = 1, .min_lr = 0.4}) ==
        Numbers{1, 0.5, 0.4, 0.4});
}

TEST_CASE("ReduceLROnPlateau: what it says") {
  Scripted model({1, 1});
  const Caught out;
  model.run({nn::Spec{"reduce_lr_on_plateau", {{"monitor", "loss"}, {"patience", 1}, {"verbose", 1}}}}, 2);
  CHECK(out.text() == "\nEpoch 00002: ReduceLROnPlateau reducing learning rate to 0.1.\n");
}

TEST_CASE("LearningRateScheduler: the rate of an epoch, from the epoch and perhaps the rate before") {
  Scripted model({1, 1, 1});
  model.run({nn::LearningRateScheduler([](int epoch, double rate) { return epoch == 0 ? rate : rate / 2; })}, 3);
  CHECK(model.weight() == 1.75);
  Scripted other({1, 1});
  const Caught out;
  other.run({nn::LearningRateScheduler([](int epoch) { return epoch + 1.0; }, 1)}, 2);
  CHECK(other.weight() == 3);
  CHECK(out.text() ==
        "\nEpoch 00001: LearningRateScheduler setting learning rate to 1.\n"
        "\nEpoch 00002: LearningRateScheduler setting learning rate to 2.\n");
}

TEST_CASE("learning rates: a schedule of steps cannot be changed by a callback") {
  Scripted model({1, 1}, nn::step_decay({.learning_rate = 1, .decay_steps = 1}));
  const nn::ReduceLROnPlateau reduce({.monitor = "loss"});
  CHECK_THROWS_WITH_AS(
      model.run({reduce}, 1),
      doctest::Contains("ReduceLROnPlateau: the optimizer's learning rate is a schedule, which sets it "
                        "in every step: give the optimizer a number"),
      ValueError);
  CHECK_THROWS_WITH_AS(model.run({nn::LearningRateScheduler([](int) { return 1.0; })}, 1),
                       doctest::Contains("LearningRateScheduler: the optimizer's learning rate is a schedule"),
                       ValueError);
}

TEST_CASE("learning rates: misuse") {
  CHECK_ERROR(ValueError, nn::ReduceLROnPlateau({.factor = 1}), "ReduceLROnPlateau: factor must lie in [0, 1), got 1");
  CHECK_ERROR(ValueError, nn::ReduceLROnPlateau({.patience = -1}),
              "ReduceLROnPlateau: patience must not be negative, got -1");
  CHECK_ERROR(ValueError, nn::ReduceLROnPlateau({.cooldown = -1}),
              "ReduceLROnPlateau: cooldown must not be negative, got -1");
  CHECK_ERROR(ValueError, nn::ReduceLROnPlateau({.min_lr = -1}),
              "ReduceLROnPlateau: min_lr must be at least 0, got -1");
  CHECK_ERROR(ValueError, nn::ReduceLROnPlateau({.min_delta = -1}),
              "ReduceLROnPlateau: min_delta must be a finite number of at least 0, got -1");
  CHECK_ERROR(ValueError, nn::LearningRateScheduler(nn::LearningRateScheduler::Function()),
              "learning rate scheduler: a null function was given");
  Scripted model({1});
  const nn::LearningRateScheduler negative([](int) { return -1.0; });
  CHECK_THROWS_WITH_AS(model.run({negative}, 1), doctest::Contains("the learning rate must be at least 0, got -1"),
                       ValueError);
}
