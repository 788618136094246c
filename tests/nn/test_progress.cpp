#include <doctest/doctest.h>

#include <utility>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/callbacks/progress_bar.hpp"
#include "nn/layers/dense.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"

using namespace xg;
using nn::Logs;
using nn::ProgressLine;

namespace {

Logs logs(std::initializer_list<std::pair<const char*, double>> entries) {
  Logs result;
  for (const auto& [name, value] : entries) result.set(name, value);
  return result;
}

/// The goldens of a terminal, but the one whose name says so, were written down without the backspaces.
std::string without_backspaces(std::string text) {
  std::erase(text, '\b');
  return text;
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string result;
  while (count-- > 0) result += text;
  return result;
}

/// A model whose loss is 0.5, whatever happens.
struct Constant : nn::Sequential {
  Constant() {
    add(nn::Dense({.units = 1, .input_dim = 2}));
    compile(
        {.optimizer = "sgd",
         .loss = [](const Tensor&, const Tensor& p) { return sum(p) * 0.0 + 0.5; },
         .metrics = {nn::Metric("always", [](const Tensor&, const Tensor& p) { return 2.0 * double(p.shape()[0]); })}});
  }
};

}  // namespace

TEST_CASE("progress line: golden, the last line alone") {
  Screen screen;
  ProgressLine line(60000, screen.display());
  screen.now = 6;
  line.update(60000, logs({{"loss", 0.2539}, {"accuracy", 0.9235}}));
  CHECK(screen.out.str() ==
        "\r60000/60000 [==============================] - 6s 100us/step - loss: 0.2539 - acc: 0.9235\n");
}

TEST_CASE("progress line: golden, the first batch") {
  Screen screen;
  ProgressLine line(60000, screen.display());
  screen.now = 0.1;
  line.update(32, logs({{"loss", 2.3021}, {"accuracy", 0.125}}));
  CHECK(screen.out.str() == "\r   32/60000 [..............................] - ETA: 3:07 - loss: 2.3021 - acc: 0.1250");
}

TEST_CASE("progress line: golden, half way, padded over the longer line before") {
  Screen screen;
  ProgressLine line(60000, screen.display());
  screen.now = 0.1;
  line.update(32, logs({{"loss", 2}, {"accuracy", 0.5}}));
  const std::string first = screen.out.str();
  screen.now = 2.5;
  line.update(30016, logs({{"loss", 1.0010660980810236}, {"accuracy", 0.7497334754797441}}));
  CHECK(without_backspaces(screen.out.str()) ==
        "\r   32/60000 [..............................] - ETA: 3:07 - loss: 2.0000 - acc: 0.5000"
        "\r30016/60000 [==============>...............] - ETA: 2s - loss: 1.0011 - acc: 0.7497  ");
  // One backspace for each character of the line before.
  CHECK(screen.out.str().substr(first.size()).find('\r') == first.size() - 1);
}

TEST_CASE("progress line: golden, a line is not drawn twice within 0.05 s") {
  Screen screen;
  ProgressLine line(60000, screen.display());
  screen.now = 0.1;
  line.update(32, logs({{"loss", 2}}));
  screen.now = 0.149;
  line.update(64, logs({{"loss", 1.5}}));
  screen.now = 0.16;
  line.update(96, logs({{"loss", 4.0 / 3}}));
  CHECK(without_backspaces(screen.out.str()) ==
        "\r   32/60000 [..............................] - ETA: 3:07 - loss: 2.0000"
        "\r   96/60000 [..............................] - ETA: 1:39 - loss: 1.3333");
}

TEST_CASE("progress line: the last line is drawn at any time, 0.05 s later any line") {
  Screen screen;
  ProgressLine line(2, screen.display());
  line.update(1, {});
  const std::string first = screen.out.str();
  line.update(2, {});
  CHECK(screen.out.str() ==
        first + repeated("\b", first.size() - 1) + "\r2/2 [==============================] - 0s 0us/step\n");

  Screen slower;
  ProgressLine other(100, slower.display());
  other.update(1, {});
  const auto drawn = slower.out.str().size();
  slower.now = 0.0499;
  other.update(2, {});
  CHECK(slower.out.str().size() == drawn);
  slower.now = 0.05;
  other.update(3, {});
  CHECK(slower.out.str().size() > drawn);
}

TEST_CASE("progress line: golden, small values in scientific notation, up to 1e-3") {
  Screen small;
  ProgressLine line(100, small.display());
  small.now = 0.5;
  line.update(100, logs({{"loss", 5.2e-4}}));
  CHECK(small.out.str() == "\r100/100 [==============================] - 0s 5ms/step - loss: 5.2000e-04\n");

  Screen border;
  ProgressLine other(100, border.display());
  border.now = 0.5;
  other.update(100, logs({{"loss", 1e-3}, {"accuracy", 0}}));
  CHECK(border.out.str() ==
        "\r100/100 [==============================] - 0s 5ms/step - loss: 1.0000e-03 - acc: 0.0000e+00\n");
}

TEST_CASE("progress line: what a value looks like") {
  const auto shown = [](double value) {
    Screen screen;
    ProgressLine line(1, screen.display());
    line.update(1, logs({{"x", value}}));
    const std::string text = screen.out.str();
    return text.substr(text.find("x: "));
  };
  CHECK(shown(0.00100001) == "x: 0.0010\n");
  CHECK(shown(-0.00100001) == "x: -0.0010\n");
  CHECK(shown(-0.0005) == "x: -5.0000e-04\n");
  CHECK(shown(123456.789) == "x: 123456.7890\n");
  CHECK(shown(std::nan("")) == "x: nan\n");
  CHECK(shown(std::numeric_limits<double>::infinity()) == "x: inf\n");
}

TEST_CASE("progress line: accuracy is called acc, other names stay") {
  Screen screen;
  ProgressLine line(1, screen.display());
  line.update(1,
              logs({{"loss", 1}, {"accuracy", 2}, {"mse", 3}, {"val_loss", 4}, {"val_accuracy", 5}, {"val_mse", 6}}));
  CHECK(
      screen.out.str().ends_with(" - loss: 1.0000 - acc: 2.0000 - mse: 3.0000 - val_loss: 4.0000 - val_acc: 5.0000"
                                 " - val_mse: 6.0000\n"));
}

TEST_CASE("progress line: an accuracy that was named acc is shown so too") {
  CHECK(nn::figures(logs({{"acc", 0.5}, {"val_acc", 0.25}})) == " - acc: 0.5000 - val_acc: 0.2500");
}

TEST_CASE("progress line: golden, evaluate shows no figures") {
  Screen screen;
  ProgressLine line(10000, screen.display());
  screen.now = 0.39;
  line.update(10000, {});
  CHECK(screen.out.str() == "\r10000/10000 [==============================] - 0s 39us/step\n");
}

TEST_CASE("progress line: golden, slow steps, minutes and hours") {
  Screen slow;
  ProgressLine line(10, slow.display());
  slow.now = 600;
  line.update(5, {});
  slow.now = 1200;
  line.update(10, {});
  CHECK(without_backspaces(slow.out.str()) ==
        "\r 5/10 [==============>...............] - ETA: 10:00"
        "\r10/10 [==============================] - 1200s 120s/step\n");

  Screen slower;
  ProgressLine other(100, slower.display());
  slower.now = 50;
  other.update(1, {});
  CHECK(slower.out.str() == "\r  1/100 [..............................] - ETA: 1:22:30");
}

TEST_CASE("progress line: the borders of the units of time") {
  // Half of the samples in `seconds`: as many remain.
  const auto remaining = [](double seconds) {
    Screen screen;
    ProgressLine line(2, screen.display());
    screen.now = seconds;
    line.update(1, {});
    return screen.out.str().substr(screen.out.str().find("ETA"));
  };
  CHECK(remaining(59.9) == "ETA: 59s");
  CHECK(remaining(60) == "ETA: 60s");
  CHECK(remaining(61) == "ETA: 1:01");
  CHECK(remaining(3600) == "ETA: 60:00");
  CHECK(remaining(3601) == "ETA: 1:00:01");
  CHECK(remaining(100000) == "ETA: 27:46:40");
  const auto each = [](double seconds) {
    Screen screen;
    ProgressLine line(1, screen.display());
    screen.now = seconds;
    line.update(1, {});
    return screen.out.str().substr(screen.out.str().find(" - "));
  };
  CHECK(each(1) == " - 1s 1s/step\n");
  CHECK(each(0.999) == " - 1s 999ms/step\n");
  CHECK(each(0x1p-9) == " - 0s 2ms/step\n");
  CHECK(each(0x1p-10) == " - 0s 977us/step\n");
}

TEST_CASE("progress line: golden with backspaces, as many as the line before is wide") {
  Screen screen;
  ProgressLine line(60000, screen.display());
  screen.now = 2.5;
  line.update(30016, logs({{"loss", 1.0010660980810236}}));
  const std::size_t width = screen.out.str().size() - 1;
  screen.now = 6;
  line.update(60000, logs({{"loss", 1.0010666666666668}}));
  const std::string text = screen.out.str();
  CHECK(
      text.ends_with("\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\r60000/60000 "
                     "[==============================] - 6s 100us/step - loss: 1.0011\n"));
  CHECK(text.find('\r', 1) - text.find('\b') == width);
}

TEST_CASE("progress line: golden, where lines cannot be redrawn each goes on a line of its own") {
  Screen screen;
  ProgressLine line(100, screen.display(false));
  screen.now = 0.1;
  line.update(50, logs({{"loss", 1}}));
  screen.now = 0.2;
  line.update(100, logs({{"loss", 1}}));
  const std::string golden =
      "\n 50/100 [==============>...............] - ETA: 0s - loss: 1.0000"
      "\n100/100 [==============================] - 0s 2ms/step - loss: 1.0000\n";
  CHECK(screen.out.str() == golden);

  // A stream that is not told to be a terminal is none, unless it is std::cout on one.
  Screen unknown;
  nn::Display display = unknown.display();
  display.terminal = -1;
  ProgressLine other(100, display);
  unknown.now = 0.1;
  other.update(50, logs({{"loss", 1}}));
  CHECK(golden.starts_with(unknown.out.str()));
}

TEST_CASE("progress line: the bar grows by thirtieths") {
  const auto bar = [](std::int64_t current, std::int64_t target) {
    Screen screen;
    ProgressLine line(target, screen.display());
    line.update(current, {});
    const std::string text = screen.out.str();
    return text.substr(1, text.find(']'));
  };
  CHECK(bar(1, 60) == " 1/60 [..............................]");
  CHECK(bar(2, 60) == " 2/60 [>.............................]");
  CHECK(bar(4, 60) == " 4/60 [=>............................]");
  CHECK(bar(59, 60) == "59/60 [============================>.]");
  CHECK(bar(60, 60) == "60/60 [==============================]");
  CHECK(bar(7, 7) == "7/7 [==============================]");
}

TEST_CASE("progress bar: golden, verbose 2 prints one line for each epoch") {
  Screen screen;
  Constant model;
  nn::ProgressBar bar(2, screen.display());
  nn::TrainingRun run{model, 10, 60000, 0};
  bar.on_train_begin(run);
  bar.on_epoch_begin(run, 0);
  bar.on_batch_end(run, 0, 32, logs({{"loss", 2}}));
  screen.now = 6.2;
  bar.on_epoch_end(run, 0, logs({{"loss", 0.2539}, {"accuracy", 0.9235}}));
  CHECK(screen.out.str() == "Epoch 1/10\n - 6s - loss: 0.2539 - acc: 0.9235\n");
  bar.on_epoch_begin(run, 1);
  screen.now = 6.3;
  bar.on_epoch_end(run, 1, logs({{"loss", 0.5}}));
  CHECK(screen.out.str().ends_with("acc: 0.9235\nEpoch 2/10\n - 0s - loss: 0.5000\n"));
}

TEST_CASE("fit: the whole text of a run, byte for byte") {
  Screen screen;
  Constant model;
  model.fit(ones({80, 2}), ones({80, 1}), {.epochs = 2, .display = screen.display()});
  // The clock stands still, so that only the first batch and the end of each epoch are drawn.
  const std::string first = "32/80 [===========>..................] - ETA: 0s - loss: 0.5000 - always: 2.0000";
  const std::string last = "80/80 [==============================] - 0s 0us/step - loss: 0.5000 - always: 2.0000\n";
  const std::string drawn = "\r" + first + repeated("\b", first.size()) + '\r' + last;
  CHECK(screen.out.str() == "Epoch 1/2\n" + drawn + "Epoch 2/2\n" + drawn);
}

TEST_CASE("fit: with validation data it says how many samples, and shows their figures on the last line") {
  Screen screen;
  Constant model;
  model.fit(ones({80, 2}), ones({80, 1}), {.validation_split = 0.25, .display = screen.display()});
  const std::string first = "32/60 [===============>..............] - ETA: 0s - loss: 0.5000 - always: 2.0000";
  const std::string last =
      "60/60 [==============================] - 0s 0us/step - loss: 0.5000 - always: 2.0000 - val_loss: 0.5000"
      " - val_always: 2.0000\n";
  CHECK(screen.out.str() == "Train on 60 samples, validate on 20 samples\nEpoch 1/1\n\r" + first +
                                repeated("\b", first.size()) + '\r' + last);
}

TEST_CASE("fit: verbose 2, and 0 prints nothing") {
  Screen screen;
  Constant model;
  const nn::FitOptions options{
      .epochs = 2, .verbose = 2, .validation_data = {ones({8, 2}), ones({8, 1})}, .display = screen.display()};
  model.fit(ones({80, 2}), ones({80, 1}), options);
  const std::string line = " - 0s - loss: 0.5000 - always: 2.0000 - val_loss: 0.5000 - val_always: 2.0000\n";
  CHECK(screen.out.str() == "Train on 80 samples, validate on 8 samples\nEpoch 1/2\n" + line + "Epoch 2/2\n" + line);

  Screen silent;
  model.fit(ones({80, 2}), ones({80, 1}), {.verbose = 0, .validation_split = 0.5, .display = silent.display()});
  model.evaluate(ones({80, 2}), ones({80, 1}), {.verbose = 0, .display = silent.display()});
  CHECK(silent.out.str().empty());
}

TEST_CASE("evaluate: draws a line without figures") {
  Screen screen;
  Constant model;
  model.evaluate(ones({50, 2}), ones({50, 1}), {.display = screen.display()});
  const std::string first = "32/50 [==================>...........] - ETA: 0s";
  CHECK(screen.out.str() ==
        '\r' + first + repeated("\b", first.size()) + "\r50/50 [==============================] - 0s 0us/step\n");
}
