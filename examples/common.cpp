#include "examples/common.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <iostream>

namespace example {

Options parse(int argc, char** argv, const std::string& description, Options options) {
  CLI::App app(description);
  app.option_defaults()->always_capture_default();
  app.add_option("--epochs", options.epochs, "walks through the training images")->check(CLI::PositiveNumber);
  app.add_option("--batch-size", options.batch_size, "images in a step")->check(CLI::PositiveNumber);
  app.add_option("--seed", options.seed, "of every random number");
  app.add_option("--data", options.data, "folder of the MNIST files");
  app.add_option("--threads", options.threads, "0: as many as the machine has")->check(CLI::NonNegativeNumber);
  app.add_option("--verbose", options.verbose, "0: silent, 1: a bar, 2: a line for each epoch")
      ->check(CLI::Range(0, 2));
  app.add_option("--history", options.history, "JSON file to write the figures to");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  if (!options.history.empty() && !std::ofstream(options.history, std::ios::app)) {
    std::cerr << "error: cannot write " << options.history << '\n';
    std::exit(1);
  }
  xg::manual_seed(options.seed);
  xg::set_num_threads(options.threads);
  return options;
}

void save_history(const Options& options, const xg::nn::History& history, const xg::nn::Score& test,
                  const xg::nn::Score& train) {
  if (options.history.empty()) return;
  nlohmann::ordered_json json;
  for (const auto& [name, values] : history.all()) json[name] = values;
  json["seconds"] = history.seconds();
  json["test_loss"] = test.loss;
  json["test_accuracy"] = test["accuracy"];
  json["train_loss"] = train.loss;
  json["train_accuracy"] = train["accuracy"];
  std::ofstream file(options.history);
  file << json.dump(2) << std::endl;
  if (!file) throw xg::IOError("cannot write " + options.history);
}

int fail(const std::exception& error) {
  std::cerr << "error: " << error.what() << '\n';
  return 1;
}

}  // namespace example
