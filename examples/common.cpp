#include "examples/common.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>

namespace example {
namespace {

namespace fs = std::filesystem;

/// A whole decimal number from `least` to `most`. What CLI11 makes of text by itself includes octal numbers, and a huge
/// one for -1.
CLI::Validator whole(std::uint64_t least, std::uint64_t most) {
  const std::string expected = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  return CLI::Validator(
      [=](std::string& text) {
        std::uint64_t number = 0;
        const char* end = text.data() + text.size();
        const auto [rest, error] = std::from_chars(text.data(), end, number);
        if (error != std::errc{} || rest != end || number < least || number > most)
          return expected + " is expected, got '" + text + "'";
        text = std::to_string(number);
        return std::string{};
      },
      "");
}

template <class T>
CLI::Validator whole(std::uint64_t least) {
  return whole(least, static_cast<std::uint64_t>(std::numeric_limits<T>::max()));
}

[[noreturn]] void fail_to_write(const std::string& file, int why) {
  throw xg::IOError("cannot write " + file + ": " + std::strerror(why));
}

/// Whether the name stands for a device or a pipe, which is written to and not replaced.
bool is_special(const std::string& file) { return fs::exists(file) && !fs::is_regular_file(file); }

/// The file itself, where the name is that of a link to it.
fs::path target_of(const std::string& file) { return fs::exists(file) ? fs::canonical(file) : fs::path(file); }

/// A training is not begun for a file that could not be written at its end.
void check_writable(const std::string& file) {
  if (fs::is_directory(file)) fail_to_write(file, EISDIR);
  if (fs::exists(file) && access(file.c_str(), W_OK) != 0) fail_to_write(file, errno);
  if (is_special(file)) return;
  const fs::path folder = target_of(file).parent_path();
  if (access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) != 0) fail_to_write(file, errno);
}

void write(const fs::path& path, const std::string& content, const std::string& file) {
  std::ofstream stream(path);
  stream << content << std::flush;
  stream.close();
  if (!stream) fail_to_write(file, errno);
}

/// Writes beside the file, then puts the new one in its place.
void replace(const std::string& file, const std::string& content) {
  if (is_special(file)) return write(file, content, file);
  const fs::path target = target_of(file);
  const fs::path part = target.string() + '.' + std::to_string(getpid()) + ".part";
  try {
    write(part, content, file);
    if (fs::exists(target)) fs::permissions(part, fs::status(target).permissions());
    fs::rename(part, target);
  } catch (...) {
    std::error_code ignored;
    fs::remove(part, ignored);
    throw;
  }
}

/// The folder of Fashion-MNIST, which must not stand in for MNIST unnoticed; empty if it is not there either.
std::string fashion_mnist_instead() {
  const auto folder = xg::data::find_fashion_mnist();
  if (!folder) return {};
  std::cerr << "MNIST is not on this machine: './run mnist' downloads it. TRAINING ON FASHION-MNIST INSTEAD, from "
            << *folder << ".\n";
  return *folder;
}

std::string fashion_mnist() {
  const auto folder = xg::data::find_fashion_mnist();
  if (!folder)
    throw xg::IOError(
        "Fashion-MNIST: not found: it is in Debian's package dataset-fashion-mnist, or name its folder "
        "by --data");
  return *folder;
}

}  // namespace

Options parse(int argc, char** argv, const std::string& description, Options options) {
  if (fcntl(STDOUT_FILENO, F_GETFD) < 0) throw xg::IOError("stdout is closed");  // a file would take its place
  CLI::App app(description);
  app.option_defaults()->always_capture_default();
  app.add_option("--epochs", options.epochs, "walks through the training images")->transform(whole<int>(1));
  app.add_option("--batch-size", options.batch_size, "images in a step")->transform(whole<std::int64_t>(1));
  app.add_option("--seed", options.seed, "of every random number")->transform(whole<std::uint64_t>(0));
  if (options.kind != Data::none)
    app.add_option("--data", options.data, options.kind == Data::text ? "a text file" : "folder of the image files");
  app.add_option("--threads", options.threads, "0: as many as the machine has")->transform(whole<int>(0));
  app.add_option("--verbose", options.verbose, "0: silent, 1: a bar, 2: a line for each epoch")->transform(whole(0, 2));
  app.add_option("--samples", options.samples, "images to use, where the program can; 0: all")
      ->transform(whole<std::int64_t>(0));
  app.add_option("--history", options.history, "JSON file to write the figures to");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    app.exit(asked);
    std::exit(finish());
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  if (!options.history.empty()) check_writable(options.history);
  xg::manual_seed(options.seed);
  xg::set_num_threads(options.threads);
  if (options.data.empty() && options.kind == Data::fashion_mnist) options.data = fashion_mnist();
  if (options.data.empty() && options.kind == Data::mnist && !xg::data::find_mnist())
    options.data = fashion_mnist_instead();
  return options;
}

xg::data::Mnist load_mnist(const Options& options) {
  xg::data::Mnist all = xg::data::load_mnist({.dir = options.data});
  for (xg::data::LabelledImages* part : {&all.train, &all.test})
    if (options.samples > 0 && options.samples < part->labels.size()) {
      part->images = slice(part->images, 0, {.stop = options.samples});
      part->labels = slice(part->labels, 0, {.stop = options.samples});
    }
  return all;
}

void save_history(const Options& options, const xg::nn::History& history, const xg::nn::Score& test,
                  const xg::nn::Score& train) {
  if (options.history.empty()) return;
  nlohmann::ordered_json json;
  for (const auto& [name, values] : history.all()) json[name] = values;
  json["seconds"] = history.seconds();
  for (const auto& [part, score] : {std::pair("test_", &test), std::pair("train_", &train)}) {
    json[std::string(part) + "loss"] = score->loss;
    for (const auto& [name, value] : score->metrics) json[part + name] = value;
  }
  replace(options.history, json.dump(2) + '\n');
}

}  // namespace example
